//! Real Exim, as it is installed: mail comes in over SMTP, and the page's own lines ask about it, in either layout.

use std::fs;
use std::process::Command;

use super::door::Door;
use crate::machine::{Server, entered, files, folder, has_unpacked, listens, sent, write};
use crate::model::mail;
use crate::operate::store::{Store, until};
use crate::pages::page::block;

const PAGE: &str = include_str!("../../../../docs/serve.md");

/// What every server has besides: it takes mail for one domain, and delivers it into a Maildir.
const MAIN: &str = "primary_hostname = mx.home.example\nkeep_environment =\nlog_file_path = /var/log/exim4/%slog\n\
    acl_smtp_rcpt = accept domains = home.example\n";
const DELIVERY: &str = "begin routers\nlocal:\n  driver = accept\n  transport = box\n\
    begin transports\nbox:\n  driver = appendfile\n  maildir_format\n  directory = /var/mail/box\n  user = mail\n";

/// The page's socket, and what it takes to be refused.
fn door(store: &Store) -> Door {
    folder("/run/switchback", "root");
    let socket = block(PAGE, "### Exim", "[spamd]");
    let rules = "[authentication]\nverify = false\n[inbound]\nthresholds = { junk = 0.5, reject = 0.9 }\n";
    Door::of(store.path(), &format!("{rules}{socket}"))
}

/// Exim with lines of the page.
fn exim(lines: &str) -> Server {
    for dir in ["/var/log/exim4", "/var/spool/exim4"] {
        folder(dir, "Debian-exim");
    }
    folder("/var/mail/box", "mail");
    write("/etc/exim4/exim4.conf", &format!("{MAIN}{lines}\n{DELIVERY}"));
    let server = Server::start(Command::new("/usr/sbin/exim4").arg("-bdf"), "/var/log/exim4/output");
    listens(25);
    server
}

fn log() -> String {
    fs::read_to_string("/var/log/exim4/mainlog").unwrap_or_default()
}

fn reply(bytes: usize) -> String {
    sent(25, "a@news.example", "b@home.example", &mail("message", "a@news.example", bytes))
}

#[test]
fn exim_asks_by_spamds_protocol() {
    if !entered("serve::exim::exim_asks_by_spamds_protocol") || !has_unpacked("exim", "/usr/sbin/exim4") {
        return;
    }
    let store = Store::promoted(&["1.1.0"]);
    let door = door(&store);
    let _exim = exim(&block(PAGE, "### Exim", "spamd_address = /run/switchback/spamd.sock\n"));
    let taken = reply(500);
    assert!(taken.starts_with("250 OK"), "{taken}\n{}", log());
    let delivered = files("/var/mail/box/new", 1).remove(0);
    for line in ["X-Spam-Score: 1.2\n", "X-Spam-Report: Switchback: ham, 1.25 points, 5.00 required\n "] {
        assert!(delivered.contains(line), "{line} is not in\n{delivered}");
    }
    assert_eq!(reply(5_000), "550 This message scored 9.4 points", "{}", log());
    until("the refusal is logged", || log().contains("rejected after DATA: This message scored 9.4 points"));
    assert!(
        log().contains("H=(mail.sender.example) [192.0.2.7]") && !log().contains("spam acl condition"),
        "{}",
        log()
    );
    // rspamd#430: in a `warn`, a filter that is away lets mail pass.
    assert_eq!(door.end().0, Some(0));
    let reply = reply(500);
    assert!(reply.starts_with("451 "), "{reply}\n{}", log());
    until("why is logged", || log().contains("spam acl condition: all spamd servers failed"));
    files("/var/mail/box/new", 1);
}

#[test]
fn exim_asks_as_it_asks_rspamd() {
    if !entered("serve::exim::exim_asks_as_it_asks_rspamd") || !has_unpacked("exim", "/usr/sbin/exim4") {
        return;
    }
    let store = Store::promoted(&["1.1.0"]);
    let door = door(&store);
    let _exim = exim(&block(PAGE, "### Exim", "spamd_address = /run/switchback/spamd.sock variant=rspamd\n"));
    let taken = reply(500);
    assert!(taken.starts_with("250 OK"), "{taken}\n{}", log());
    let delivered = files("/var/mail/box/new", 1).remove(0);
    assert!(delivered.contains("X-Spam-Score: 1.2\nX-Spam-Action: no action\n"), "{delivered}");
    assert_eq!(reply(5_000), "550 Message refused as unwanted mail, 9.4 points", "{}", log());
    until("the refusal is logged", || log().contains("rejected after DATA: Message refused as unwanted mail"));
    assert!(!log().contains("spam acl condition"), "{}", log());
    // The store is away, and the client is told to try again.
    assert_eq!(door.end().0, Some(0));
    let away = Store::nowhere();
    fs::write(away.path().join("file"), "no folder").unwrap();
    let _door = Door::of(
        &away.path().join("file"),
        &format!("[authentication]\nverify = false\n{}", block(PAGE, "### Exim", "[spamd]")),
    );
    assert_eq!(reply(500), "451 Please try again later", "{}", log());
}
