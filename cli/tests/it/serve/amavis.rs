//! Real Amavis, as it is installed, with the page's own lines: mail comes in at its port, is scored, and goes on to a mail server.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Command;

use super::door::Door;
use crate::machine::{Server, entered, files, folder, has_unpacked, listens, succeeds, write};
use crate::model::mail;
use crate::operate::store::{PATIENCE, Store};
use crate::pages::page::block;

const PAGE: &str = include_str!("../../../../docs/serve.md");

/// What a site has besides: its name, and a log that can be read.
const SITE: &str = "use strict;\n$myhostname = 'mx.home.example';\n$mydomain = 'home.example';\n\
    @local_domains_acl = ('.home.example');\n$log_level = 2;\n$DO_SYSLOG = 0;\n$LOGFILE = '/var/log/amavis.log';\n";

/// Amavis between a client and a mail server, Postfix's `smtp-sink`, which writes down what it gets.
struct Amavis {
    _amavis: Server,
    _sink: Server,
}

impl Amavis {
    /// With lines of the page. None where something is not installed.
    fn start(lines: &str) -> Option<Self> {
        if !has_unpacked("amavis", "/usr/sbin/amavisd") || !super::door::has("smtp-sink") {
            return None;
        }
        succeeds(Command::new("useradd").args(["--system", "--home-dir", "/var/lib/amavis", "amavis"]));
        for dir in ["/var/lib/amavis", "/var/lib/amavis/tmp", "/var/lib/amavis/db", "/run/amavis", "/var/sink"] {
            folder(dir, "amavis");
        }
        write("/etc/mailname", "home.example\n");
        write("/var/log/amavis.log", "");
        succeeds(Command::new("chown").args(["amavis", "/var/log/amavis.log"]));
        write("/etc/amavis/conf.d/50-user", &format!("{SITE}{lines}1;\n"));
        let mut sink = Command::new("smtp-sink");
        sink.args(["-u", "root", "-d", "/var/sink/%H%M.", "inet:127.0.0.1:10025", "16"]);
        let sink = Server::start(&mut sink, "/var/log/sink");
        listens(10_025);
        let amavis = Server::start(Command::new("/usr/sbin/amavisd").arg("foreground"), "/var/log/amavis.output");
        listens(10_024);
        Some(Self { _amavis: amavis, _sink: sink })
    }

    fn log() -> String {
        ["/var/log/amavis.output", "/var/log/amavis.log"]
            .map(|log| fs::read_to_string(log).unwrap_or_default())
            .concat()
    }

    /// Sends a message of this size, the number of which tells it from others; returns it as the mail server behind got it.
    fn passed(bytes: usize, number: usize) -> String {
        let message = [mail(&format!("number {number}"), "a@news.example", bytes - 2), b"\r\n".to_vec()].concat();
        let reply = transacted(&message);
        assert!(reply.starts_with("250 2.0.0 from MTA"), "{reply}\n{}", Self::log());
        let passed =
            files("/var/sink", number).into_iter().find(|passed| passed.contains(&format!("number {number}\n")));
        passed.unwrap_or_else(|| panic!("{}", Self::log()))
    }
}

/// Sends a message as Postfix does, which tells whose it is; returns the last reply.
fn transacted(message: &[u8]) -> String {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", 10_024)).unwrap());
    stream.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
    let end = [message, b".\r\n"].concat();
    let mut reply = String::new();
    for said in [
        &b""[..],
        b"EHLO mx.home.example\r\n",
        b"XFORWARD ADDR=192.0.2.7 NAME=mail.news.example HELO=mail.news.example\r\n",
        b"MAIL FROM:<a@news.example>\r\n",
        b"RCPT TO:<b@home.example>\r\n",
        b"DATA\r\n",
        &end,
    ] {
        stream.get_mut().write_all(said).unwrap();
        reply.clear();
        while reply.as_bytes().get(3) != Some(&b' ') {
            reply.clear();
            assert!(stream.read_line(&mut reply).unwrap() > 0, "it hung up");
        }
        assert!(reply.starts_with(['2', '3']), "{reply}");
    }
    reply
}

/// One message is flagged, and one is not, which is the first one that Amavis gets.
fn scores(bytes: [usize; 2]) {
    let small = Amavis::passed(bytes[0], 1);
    assert!(small.contains("X-Spam-Flag: NO\nX-Spam-Score: 1.25\n"), "{small}\n{}", Amavis::log());
    let large = Amavis::passed(bytes[1], 2);
    assert!(large.contains("X-Spam-Flag: YES\nX-Spam-Score: 9.37\n"), "{large}\n{}", Amavis::log());
    assert!(!Amavis::log().contains("client failed"), "{}", Amavis::log());
}

#[test]
fn amavis_asks_by_spamds_protocol() {
    if !entered("serve::amavis::amavis_asks_by_spamds_protocol") {
        return;
    }
    let store = Store::promoted(&["1.1.0"]);
    let config = "[authentication]\nverify = false\n[spamd]\nlisten = 'inet:127.0.0.1:783'\n";
    let _door = Door::of(store.path(), config);
    let lines = block(PAGE, "### Amavis", "# /etc/amavis/conf.d/50-user\n");
    let Some(_amavis) = Amavis::start(&lines) else { return };
    scores([500, 5_000]);
}

#[test]
fn amavis_asks_over_http() {
    if !entered("serve::amavis::amavis_asks_over_http") {
        return;
    }
    let store = Store::promoted(&["1.1.0"]);
    let config = "[authentication]\nverify = false\n[http]\nlisten = 'inet:127.0.0.1:11333'\n";
    let _door = Door::of(store.path(), config);
    let lines = block(PAGE, "### Amavis", "# /etc/amavis/conf.d/50-user, with");
    let Some(_amavis) = Amavis::start(&lines) else { return };
    // It sends lines as files have them, and their bytes count as they came over SMTP.
    scores([3_999, 4_000]);
    // What the page says of long messages.
    let long = Amavis::passed(400 << 10, 3);
    assert!(long.contains("X-Spam-Score: 0\n"), "{long}\n{}", Amavis::log());
    assert!(Amavis::log().contains("skipping message type"), "{}", Amavis::log());
}
