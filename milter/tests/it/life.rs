//! How the program starts, goes on with another configuration, and ends.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use indymilter_test::{Status, TestConnection};

use crate::delivery::message;
use crate::postfix::Postfix;
use crate::protocol::{refused, sent};
use crate::site::{PATIENCE, Site};

#[tokio::test]
async fn another_configuration_holds_from_the_next_message_on() {
    let site = Site::new();
    let milter = site.start();
    let mut connection = site.connect().await;
    assert!(matches!(sent(&mut connection, "9 hello").await.1, Status::Reject { .. }));
    site.configure_instead("[inbound]", "[inbound]\nreject = 'tempfail'");
    milter.signal("HUP");
    milter.logs("has read its configuration again");
    milter.hears("READY=1");
    assert!(matches!(sent(&mut connection, "9 hello").await.1, Status::Tempfail { .. }));
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_configuration_that_is_wrong_changes_nothing() {
    let site = Site::new();
    let milter = site.start();
    for (wrong, why) in [
        ("colour = 'red'", "unknown field `colour`"),
        ("connections = 7\ntimeout = '1h'", "a restart is needed for changes of milter.connections, milter.timeout"),
    ] {
        site.configure_milter(wrong);
        milter.signal("HUP");
        assert!(milter.logs("the configuration stays as it was").contains("ERROR"));
        milter.logs(why);
        milter.hears("READY=1");
        refused(&site, "9 hello").await;
    }
    fs::remove_file(site.config()).unwrap();
    milter.signal("HUP");
    milter.logs("cannot read");
    refused(&site, "9 hello").await;
}

// How long the end may take, and what doors of other programs there are, is no reason to start again.
#[tokio::test]
async fn a_shorter_drain_is_taken_at_once() {
    let site = Site::new();
    site.configure_milter("drain = '5min'");
    let mut milter = site.start();
    let mut connection = site.connect().await;
    connection.mail(["<a@b.example>"]).await.unwrap();
    site.configure_milter("drain = '0s'\n[http]\nlisten = 'inet:127.0.0.1:1'");
    milter.signal("HUP");
    milter.logs("has read its configuration again");
    milter.signal("TERM");
    milter.logs("milter.drain is over");
    assert!(milter.ended().success());
}

#[tokio::test]
async fn a_port_is_listened_on() {
    let site = Site::new();
    site.configure_listen("inet:127.0.0.1:0");
    let milter = site.start();
    let line = milter.logs("listens=inet:127.0.0.1:");
    let address = line.rsplit_once("listens=inet:").unwrap().1;
    let mut connection = TestConnection::configure().read_timeout(PATIENCE).open_tcp(address).await.unwrap();
    assert!(matches!(sent(&mut connection, "9 hello").await.1, Status::Reject { .. }));
    connection.close().await.unwrap();
}

// rspamd#4941, rmilter#63: what is under way has its answer, and then it ends.
#[test]
fn a_message_that_has_begun_is_answered_before_the_program_ends() {
    let site = Site::new();
    site.configure_milter("drain = '60s'");
    let mut milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let (mut begun, mut idle) = (postfix.client(), postfix.client());
    begun.begin();
    begun.send(message("0 hello", "").as_bytes());
    milter.signal("TERM");
    milter.logs("ends as soon as messages that are under way");
    // Another one does not begin any more.
    let reply = idle.command("MAIL FROM:<s@sender.example>");
    assert!(reply.starts_with("451 4.3.2"), "{reply}");
    begun.says(".", "250");
    assert!(milter.ended().success());
    postfix.delivered_one();
    assert!(!site.socket().exists());
    milter.hears("STOPPING=1");
}

#[test]
fn a_message_that_never_ends_does_not_keep_the_program() {
    for end_it in ["milter.drain is over", "TERM"] {
        let site = Site::new();
        site.configure_milter(if end_it == "TERM" { "drain = '5min'" } else { "drain = '1s'" });
        let mut milter = site.start();
        let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
        let mut begun = postfix.client();
        begun.begin();
        milter.signal("TERM");
        milter.logs("ends as soon as");
        if end_it == "TERM" {
            milter.signal("TERM");
        } else {
            milter.logs(end_it);
        }
        assert!(milter.ended().success());
        begun.send(message("0 hello", "").as_bytes());
        // Its client tries again.
        begun.says(".", "4");
    }
}

#[tokio::test]
async fn a_program_that_was_killed_leaves_nothing_in_the_way() {
    let site = Site::new();
    let mut milter = site.start();
    milter.signal("KILL");
    milter.ended();
    assert!(site.socket().exists());
    let _next = site.start();
    refused(&site, "9 hello").await;
    // And one that lives is not pushed aside.
    let second = site.command().output().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another program answers on"), "{second:?}");
    refused(&site, "9 hello").await;
}

#[tokio::test]
async fn the_socket_that_systemd_passes_is_used() {
    let site = Site::new();
    let passed = site.path("passed.sock");
    let socket = OwnedFd::from(UnixListener::bind(&passed).unwrap());
    let mut command = Command::new("sh");
    command
        .args(["-c", "export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" --config \"$1\" 3<&0 </dev/null"])
        .arg(env!("CARGO_BIN_EXE_switchback-milter"))
        .arg(site.config())
        .stdin(Stdio::from(socket));
    let mut milter = site.start_as(command);
    let mut connection = TestConnection::configure().read_timeout(PATIENCE).open_unix(&passed).await.unwrap();
    assert!(matches!(sent(&mut connection, "9 hello").await.1, Status::Reject { .. }));
    connection.close().await.unwrap();
    assert!(!site.socket().exists());
    milter.signal("TERM");
    assert!(milter.ended().success());
    // It belongs to systemd.
    assert!(passed.exists());
}

#[tokio::test]
async fn a_store_that_is_away_is_waited_for() {
    let site = Site::new();
    let (store, away) = (site.path("store"), site.path("away"));
    fs::rename(&store, &away).unwrap();
    fs::write(&store, "not a folder").unwrap();
    let milter = site.start();
    let mut connection = site.connect().await;
    assert!(matches!(sent(&mut connection, "0 hello").await.1, Status::Tempfail { .. }));
    fs::remove_file(&store).unwrap();
    fs::rename(&away, &store).unwrap();
    milter.logs("the store is open, and mail is scored");
    assert_eq!(sent(&mut connection, "0 hello").await.1, Status::Accept);
    connection.close().await.unwrap();
}

#[test]
fn the_units_are_what_systemd_takes() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd");
    let analyze = |unit: &str| Command::new("systemd-analyze").arg("verify").arg(format!("{dir}/{unit}")).output();
    for unit in ["switchback-milter.service", "switchback-milter.socket"] {
        let Ok(verified) = analyze(unit) else {
            eprintln!("SKIPPED: this test needs systemd-analyze (Debian's package `systemd`)");
            return;
        };
        // The program is not installed where the tests run.
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        let complaints: Vec<_> = said.lines().filter(|line| !line.contains("is not executable")).collect();
        assert_eq!(complaints, Vec::<&str>::new());
    }
}
