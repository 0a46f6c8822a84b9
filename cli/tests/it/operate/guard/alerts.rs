//! `switchback guard test-alert`.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use serde_json::Value;

use crate::run::switchback;

#[test]
fn a_test_alert_goes_to_every_place_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let [secret, file] = ["secret", "alert"].map(|name| dir.path().join(name));
    fs::write(&secret, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let posted = thread::spawn(move || {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        let (mut length, mut signed) = (0, false);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.to_lowercase();
            signed |= line.starts_with("webhook-signature: v1,");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
        assert!(signed);
        body
    });
    let command = format!("cat > '{}'", file.display());
    let secret = secret.display().to_string();
    let arguments =
        ["guard", "test-alert", "--on-alert", &command, "--webhook", &url, "--webhook-secret-file", &secret];
    let out = switchback(arguments).fine();
    let (host, _) = url.rsplit_once('/').unwrap();
    assert_eq!(out, format!("arrived: webhook {host}\narrived: command\n"));
    let posted = posted.join().unwrap();
    assert_eq!(fs::read(file).unwrap(), posted);
    let alert: Value = serde_json::from_slice(&posted).unwrap();
    assert_eq!((&alert["kind"], &alert["severity"]), (&"test".into(), &"notice".into()));
}

#[test]
fn where_it_does_not_arrive_it_says_so() {
    let ran = switchback(["guard", "test-alert", "--on-alert", "echo no modem >&2; exit 3"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("the command for alerts failed (exit status: 3): no modem"), "{}", ran.err);
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    fs::write(&secret, "short").unwrap();
    let secret = secret.display().to_string();
    let ran = switchback(["guard", "test-alert", "--webhook", "https://a.example/", "--webhook-secret-file", &secret]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("openssl rand -base64 32"), "{}", ran.err);
}
