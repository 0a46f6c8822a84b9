//! `switchback guard test-alert`.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::run::{Ran, command, ran, switchback};

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

#[test]
fn a_command_needs_no_place_for_temporary_files() {
    let args = ["guard", "test-alert", "--on-alert", "grep -q test || echo nothing came >&2"];
    assert_eq!(ran(command().env("TMPDIR", "/nowhere").args(args)).fine(), "arrived: command\n");
}

/// A server with a certificate for `localhost` of an authority of its own, by the command `openssl`: it gives one answer.
struct Server {
    child: Child,
    port: String,
}

impl Server {
    fn start(dir: &Path) -> Option<Self> {
        let make = "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 9 -subj /CN=ops
            openssl req -newkey rsa:2048 -nodes -keyout s.key -out s.csr -subj /CN=localhost
            echo subjectAltName=DNS:localhost > ext
            openssl x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -extfile ext -out s.pem";
        let made = Command::new("sh").args(["-ec", make]).current_dir(dir).output().unwrap();
        if !made.status.success() {
            eprintln!(
                "SKIPPED: a private authority needs the command openssl: {}",
                String::from_utf8_lossy(&made.stderr)
            );
            return None;
        }
        let mut serve = Command::new("openssl");
        serve.args(["s_server", "-accept", "127.0.0.1:0", "-cert", "s.pem", "-key", "s.key"]).current_dir(dir);
        let child = serve.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Self { child, port: String::new() };
        let lines = BufReader::new(server.child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut lines = lines.skip_while(|line| !line.starts_with("ACCEPT "));
        server.port = lines.next()?.rsplit_once(':')?.1.to_owned();
        // Somebody has to read what it prints.
        thread::spawn(move || lines.for_each(drop));
        Some(server)
    }

    fn posted(&mut self, variable: (&str, &Path), secret: &Path) -> Ran {
        self.child.stdin.as_mut().unwrap().write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        let url = format!("https://localhost:{}/", self.port);
        let mut test = command();
        test.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        test.env(variable.0, variable.1).args(["guard", "test-alert", "--webhook", &url, "--webhook-secret-file"]);
        ran(test.arg(secret))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_webhook_may_have_a_certificate_of_an_authority_that_the_environment_names() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::start(dir.path()) else { return };
    let [secret, ca, empty] = ["secret", "ca.pem", "empty"].map(|name| dir.path().join(name));
    fs::write(&secret, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n").unwrap();
    fs::write(&empty, "").unwrap();
    let none = server.posted(("SSL_CERT_FILE", &empty), &secret);
    assert_eq!(none.code, 1);
    assert!(none.err.contains("SSL_CERT_FILE names no certificate of an authority"), "{}", none.err);
    let missing = server.posted(("SSL_CERT_FILE", &dir.path().join("nowhere")), &secret);
    assert!(missing.err.contains("SSL_CERT_FILE") && missing.err.contains("nowhere"), "{}", missing.err);
    let arrived = server.posted(("SSL_CERT_FILE", &ca), &secret);
    assert!(arrived.fine().starts_with("arrived: webhook https://localhost:"));
}

#[test]
fn a_webhook_of_an_authority_that_nobody_trusts_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::start(dir.path()) else { return };
    let secret = dir.path().join("secret");
    fs::write(&secret, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n").unwrap();
    let refused = server.posted(("UNUSED", dir.path()), &secret);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("UnknownIssuer") && refused.err.contains("SSL_CERT_FILE"), "{}", refused.err);
}

#[test]
fn a_webhook_goes_through_the_proxy_that_the_environment_names_unless_it_is_exempt() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    fs::write(&secret, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let mut line = String::new();
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        reader.read_line(&mut line).unwrap();
        let refused = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        reader.get_mut().write_all(refused).unwrap();
        line
    });
    let posted = |url: &str, exempt: &str| {
        let mut test = command();
        test.env_clear().env("HTTP_PROXY", &proxy).env("NO_PROXY", exempt);
        test.args(["guard", "test-alert", "--webhook", url, "--webhook-secret-file"]);
        ran(test.arg(&secret)).err
    };
    let err = posted("http://127.0.0.1:1/x", "10.0.0.1, 127.0.0.0/8");
    assert!(!err.contains("through the proxy"), "{err}");
    let err = posted("http://hooks.example/x", "127.0.0.0/8");
    assert!(err.contains(&format!("through the proxy {proxy}")) && err.contains("403"), "{err}");
    assert_eq!(asked.join().unwrap(), "POST http://hooks.example/x HTTP/1.1\r\n");
}
