//! The HTTP door.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::json;

use super::door::{BOTH, Door, file, has};
use crate::model::mail;
use crate::operate::store::Store;

const ENVELOPE: [(&str, &[u8]); 6] = [
    ("IP", b"192.0.2.7"),
    ("Helo", b"mx.news.example"),
    ("From", b"bounces@news.example"),
    ("Rcpt", b"a@home.example, b@home.example"),
    ("Queue-Id", b"4XYZ"),
    ("MTA-Name", b"mx.home.example"),
];

#[test]
fn a_message_is_judged_and_the_client_told_what_to_do() {
    let store = Store::promoted(&["1.1.0"]);
    let config = format!("[inbound]\nquarantine = 'reject'\nreject_text = 'no, thanks'\n{BOTH}");
    let door = Door::of(store.path(), &config);
    let small = door.post("/v1/score", &ENVELOPE, &mail("small", "a@b.example", 500)).json();
    assert_eq!(small["disposition"], json!({ "kind": "accept" }));
    assert_eq!((&small["verdict"]["score"], &small["is_partial"]), (&json!(0.125), &json!(false)));
    assert_eq!(small["verdict"]["release"]["version"], "1.1.0");
    let inserted = |change: &serde_json::Value| change["name"].as_str().unwrap().starts_with("X-Switchback-");
    assert!(small["changes"].as_array().unwrap().iter().all(inserted), "{small}");
    let large = door.post("/v1/score", &ENVELOPE, &mail("large", "a@b.example", 4_000)).json();
    let reply = json!({ "code": 550, "enhanced": "5.7.1", "text": "no, thanks" });
    assert_eq!(large["disposition"], json!({ "kind": "reject", "reply": reply }));
    let checked = door.post("/checkv2", &ENVELOPE, &mail("large", "a@b.example", 4_000)).json();
    assert_eq!(
        (&checked["action"], &checked["messages"]),
        (&json!("reject"), &json!({ "smtp_message": "no, thanks" }))
    );
}

#[test]
fn packed_messages_are_the_messages() {
    let (_store, door) = Door::open();
    let message = mail("large", "a@b.example", 4_000);
    let zstd = zstd::encode_all(&message[..], 1).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &message).unwrap();
    let gzip = gzip.finish().unwrap();
    for (label, coding, body) in [
        ("Compression", &b"zstd"[..], &zstd[..]),
        ("Content-Encoding", b"zstd", &zstd),
        ("Content-Encoding", b"gzip", &gzip),
        ("Content-Encoding", b"identity", &message),
    ] {
        let answer = door.post("/v1/score", &[(label, coding)], body);
        assert_eq!(answer.json()["verdict"]["score"], 0.937_5, "{label}: {answer:?}");
        // rspamd#5561: what is not compressed has no label that says so.
        assert!(!answer.head.to_ascii_lowercase().contains("encoding"), "{answer:?}");
    }
}

// The fields of Rspamd's protocol are flat, actions have spaces, and Haraka removes every instance of a name.
#[test]
fn checkv2_has_the_form_that_rspamds_clients_read() {
    let (_store, door) = Door::open();
    let forged = |count| "X-Switchback-Status: No\r\n".repeat(count);
    let message = format!("{}Message-ID: <1@b.example>\r\nSubject: x\r\n\r\n{}", forged(2), "x".repeat(4_000));
    let checked = door.post("/checkv2", &ENVELOPE, message.as_bytes()).json();
    assert_eq!((&checked["score"], &checked["required_score"]), (&json!(9.37), &json!(5.0)));
    assert_eq!((&checked["action"], &checked["is_skipped"]), (&json!("quarantine"), &json!(false)));
    assert_eq!(checked["message-id"], "1@b.example");
    let symbol = &checked["symbols"]["SIZE"];
    assert_eq!((&symbol["name"], &symbol["score"]), (&json!("SIZE"), &json!(0.938)), "{checked}");
    assert_eq!(checked["milter"]["remove_headers"]["x-switchback-status"], 0);
    assert!(checked["milter"]["add_headers"]["X-Switchback-Status"][0]["value"].is_string(), "{checked}");
    let small = door.post("/checkv2", &ENVELOPE, b"Subject: x\r\n\r\n").json();
    assert_eq!((&small["action"], &small["message-id"]), (&json!("no action"), &json!("undef")));
}

// haraka-plugin-rspamd#47: half of an envelope is better than no verdict, and the log says which half is missing.
#[test]
fn a_malformed_envelope_is_logged_without_its_text() {
    let (_store, door) = Door::open();
    let answer = door.post("/checkv2", &[("From", b"secret\xff@b.example"), ("IP", b"nowhere")], b"Subject: x\r\n\r\n");
    assert_eq!(answer.json()["action"], "no action");
    door.until_it_says("the field `From` of a request is malformed");
    door.until_it_says("the field `IP` of a request is malformed");
    assert!(!door.log().contains("secret") && !door.log().contains("nowhere"), "{}", door.log());
}

#[test]
fn mail_of_this_site_is_not_scored_unless_configured() {
    let (_store, door) = Door::open();
    let message = mail("large", "a@b.example", 4_000);
    let own = door.post("/v1/score", &[("IP", b"127.0.0.1")], &message).json();
    assert_eq!((&own["verdict"], &own["disposition"]["kind"]), (&json!(null), &json!("accept")));
    let checked = door.post("/checkv2", &[("User", b"ada")], &message).json();
    assert_eq!((&checked["is_skipped"], &checked["action"]), (&json!(true), &json!("no action")));
}

#[test]
fn who_does_not_know_the_token_is_not_answered() {
    let store = Store::promoted(&["1.1.0"]);
    let dir = tempfile::tempdir().unwrap();
    let token = "0123456789abcdef0123456789abcdef";
    let path = file(dir.path(), "token", format!("{token}\n").as_bytes());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let door = Door::of(store.path(), &format!("{BOTH}token_file = '{}'\n", path.display()));
    for given in
        [None, Some("Bearer "), Some("Bearer 0123"), Some("Basic 0123456789abcdef0123456789abcdef"), Some(token)]
    {
        let fields: Vec<_> = given.iter().map(|given| ("Authorization", given.as_bytes())).collect();
        for line in ["POST /v1/score HTTP/1.1", "GET /metrics HTTP/1.1", "GET /readyz HTTP/1.1", "GET /x HTTP/1.1"] {
            let answer = door.request(line, &fields, b"");
            assert_eq!(answer.status, 401, "{line} {given:?}");
            assert!(answer.head.contains("www-authenticate: Bearer"), "{answer:?}");
        }
    }
    assert_eq!(door.get("/healthz").status, 200);
    let known = |token: &str| {
        door.request("GET /readyz HTTP/1.1", &[("Authorization", format!("bearer {token}").as_bytes())], b"").status
    };
    assert_eq!(known(token), 200);
    // A new one holds as soon as the configuration is read again.
    let new = "fedcba9876543210fedcba9876543210";
    fs::write(&path, new).unwrap();
    door.signal("HUP");
    crate::operate::store::until("the new token holds", || known(new) == 200);
    assert_eq!(known(token), 401);
    let log = door.end().1;
    assert!(!log.contains(token) && !log.contains(new), "{log}");
}

#[test]
fn monitoring_sees_what_goes_on() {
    let (_store, door) = Door::open();
    assert_eq!(door.get("/readyz").json(), json!({ "is_ready": true, "why": null }));
    door.post("/v1/score", &[], b"Subject: x\r\n\r\n");
    let metrics = String::from_utf8(door.get("/metrics").body).unwrap();
    assert!(metrics.contains("switchback_verdicts_total{"), "{metrics}");
    assert!(metrics.contains("switchback_answer_seconds_bucket{"), "{metrics}");

    let empty = Store::with(&["1.1.0"]);
    let door = Door::of(empty.path(), BOTH);
    let answer = door.get("/readyz");
    assert_eq!(answer.status, 503);
    assert!(answer.json()["why"].as_str().unwrap().contains("has no live release"), "{answer:?}");
}

#[test]
fn curl_is_told_to_go_on_and_a_socket_serves_it_too() {
    if !has("curl") {
        return;
    }
    let store = Store::promoted(&["1.1.0"]);
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("http.sock");
    let config =
        format!("[authentication]\nverify = false\n[http]\nmode = '600'\nlisten = 'unix:{}'\n", socket.display());
    let door = Door::of(store.path(), &config);
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let message = file(door.dir(), "message", &mail("large", "a@b.example", 4_000));
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--verbose", "--header", "Expect: 100-continue", "--header", "Rcpt: a@home.example"]);
    curl.arg("--unix-socket").arg(&socket).arg("--data-binary").arg(format!("@{}", message.display()));
    let output = curl.arg("http://x/v1/score").output().unwrap();
    let (out, log) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(log.contains("< HTTP/1.1 100 Continue"), "{log}");
    let scored: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(scored["verdict"]["score"], 0.937_5, "{scored}");
}
