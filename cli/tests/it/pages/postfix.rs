//! docs/postfix.md and docs/held.md, from an empty machine to mail that is given back, with real Postfix as Debian installs it.

use std::fs;
use std::process::Command;

use serde_json::Value;
use switchback::Control;

use super::server::{Block, Instead, Shell, blocks, service};
use crate::machine::{Server, entered, listens, sent, succeeds, write};
use crate::model::mail;
use crate::operate::store::until;

const POSTFIX: &str = include_str!("../../../../docs/postfix.md");
const HELD: &str = include_str!("../../../../docs/held.md");

/// What is typed otherwise. All else is typed as it stands, but as the store's user, and of the model that tests have.
const INSTEAD: &[Instead] = &[
    Instead {
        line: "cargo install --path cli && cargo install --path milter",
        typed: None,
        why: "what was built for the tests is there",
    },
    Instead {
        line: "switchback-milter --check && systemctl enable --now switchback-milter.socket switchback-milter && postfix reload",
        typed: Some("switchback-milter --check && postfix reload"),
        why: "systemd does not run here; the test starts what the units say",
    },
    Instead {
        line: "switchback held move --from-impact wrong --reason 'phish@2.0.0 flagged Gmail mail' --dry-run",
        typed: None,
        why: MOVED,
    },
    Instead {
        line: "switchback held move --from-impact wrong --reason 'phish@2.0.0 flagged Gmail mail'",
        typed: None,
        why: MOVED,
    },
    Instead {
        line: "switchback held move ID --user ada@example.org --reason 'asked for by ada'",
        typed: None,
        why: MOVED,
    },
];

const MOVED: &str =
    "Postfix delivers without Dovecot here; `operate::moved` and the milter's `incident` move mail with the real one";

const SERVICE: &str = "/etc/systemd/system/switchback-milter.service";
const SOCKET: &str = "/etc/systemd/system/switchback-milter.socket";
const CONFIG: &str = "/etc/switchback/gateway.toml";

/// Where the milter's socket is, for systemd and for Postfix.
type Socket = [&'static str; 2];

const USUAL: Socket = ["/run/switchback/milter.sock", "/run/switchback/milter.sock"];

/// What the page, and the unit of the socket, say of a Postfix as Debian configures it.
const IN_CHROOT: Socket = ["/var/spool/postfix/switchback/milter.sock", "/switchback/milter.sock"];

/// A site that follows the pages.
struct Site {
    socket: Socket,
    shell: Shell,
    milter: Option<Server>,
    /// The messages that ada has had.
    messages: usize,
}

impl Site {
    /// Debian's Postfix with a user. None where a part is missing.
    fn new(socket: Socket) -> Option<Self> {
        if !["postfix", "curl", "systemd-socket-activate", "systemd-sysusers"].into_iter().all(crate::serve::door::has)
        {
            return None;
        }
        let shell = Shell::new()?;
        succeeds(Command::new("useradd").args(["--create-home", "ada"]));
        let settings = ["maillog_file=/var/log/mail.log", "mydestination=home.example", "myhostname=mx.home.example"];
        succeeds(Command::new("postconf").arg("-e").args(settings));
        if socket == USUAL {
            succeeds(Command::new("postconf").args(["-F", "smtp/inet/chroot=n", "cleanup/unix/chroot=n"]));
        }
        succeeds(Command::new("newaliases").arg("-v"));
        succeeds(Command::new("postfix").arg("start"));
        listens(25);
        Some(Self { socket, shell, milter: None, messages: 0 })
    }

    /// Types a line of a page.
    #[track_caller]
    fn types(&mut self, line: &str) -> String {
        let instead = INSTEAD.iter().find(|instead| instead.line == line);
        if let Some(Instead { typed: None, why, .. }) = instead {
            eprintln!("not typed, because {why}: {line}");
            return String::new();
        }
        let line = instead.and_then(|instead| instead.typed).unwrap_or(line);
        let line =
            line.replace("phish", "linear").replace("sudo -u switchback --preserve-env", "runuser -u switchback --");
        let line = if line.starts_with("switchback ") { format!("runuser -u switchback -- {line}") } else { line };
        self.shell.succeeds(&line)
    }

    fn types_all(&mut self, block: &Block) {
        for line in block.commands() {
            self.types(&line);
        }
        if block.text.contains("systemctl enable") {
            let passed = fs::read_to_string(SOCKET).unwrap();
            assert!(self.socket.iter().all(|path| passed.contains(path)), "{passed}");
            let usual = format!("\nListenStream={}\n", USUAL[0]);
            write(SOCKET, &passed.replace(&usual, &format!("\nListenStream={}\n", self.socket[0])));
            self.milter = Some(service(SERVICE, SOCKET));
        }
    }

    /// Sends a message from outside; returns the reply.
    fn mail(&self, subject: &str, bytes: usize) -> String {
        sent(25, "a@news.example", "ada@home.example", &mail(subject, "a@news.example", bytes))
    }

    /// Waits for another message in ada's mailbox, and returns all of it.
    #[track_caller]
    fn delivered(&mut self, count: usize) -> String {
        self.messages += count;
        let mailbox = || fs::read_to_string("/var/mail/ada").unwrap_or_default();
        let found = || mailbox().matches("\nSubject: ").count();
        until(&format!("{} messages: {}\n{}", self.messages, mailbox(), logs()), || found() >= self.messages);
        assert_eq!(found(), self.messages, "{}", mailbox());
        mailbox()
    }

    /// A model that flags what it should not, and mail that it holds.
    fn flags_everything(&mut self, subjects: &[&str]) {
        self.types("switchback load phish-2.0.0.wasm");
        self.types("switchback promote phish@2.0.0 --slot inbound --force");
        let control = Control::open("/var/lib/switchback").unwrap();
        let last = control.state().unwrap().sequence;
        until("the milter follows", || {
            control
                .processes()
                .unwrap()
                .iter()
                .all(|one| one.acknowledged.as_ref().is_some_and(|seen| seen.sequence == last))
        });
        for subject in subjects {
            let reply = self.mail(subject, 1_000);
            assert!(reply.starts_with("250 "), "{reply}\n{}", logs());
        }
        let held = self.held();
        assert_eq!(held.len(), subjects.len(), "{}", logs());
        // What both releases say of them is written a moment later.
        until("the journal has them", || {
            let listed = self.types("switchback impact phish@2.0.0 --json");
            held.iter().all(|id| listed.contains(id))
        });
    }

    /// The names of what is held.
    fn held(&mut self) -> Vec<String> {
        let listed = self.types("switchback held list --json");
        let id = |line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
        listed.lines().map(id).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(Command::new("postfix").arg("abort").output());
        if std::thread::panicking() {
            eprintln!("{}", logs());
        }
    }
}

fn logs() -> String {
    ["/var/log/mail.log", "/var/log/service"].map(|log| fs::read_to_string(log).unwrap_or_default()).concat()
}

fn append(path: &str, text: &str) {
    write(path, &format!("{}\n{text}", fs::read_to_string(path).unwrap()));
}

/// The names of the words of a stamp, in their order.
fn words(stamp: &str) -> Vec<&str> {
    stamp.split_whitespace().filter_map(|word| Some(word.split_once('=')?.0)).collect()
}

/// The page of Postfix up to a release that decides, and from where that has gone wrong.
fn parts() -> (&'static str, &'static str) {
    POSTFIX.split_once("\n## It flags everything").unwrap()
}

fn install(site: &mut Site) {
    for block in blocks(parts().0) {
        match (block.language.as_str(), block.text.lines().next().unwrap()) {
            ("sh", _) => site.types_all(&block),
            ("text", "# main.cf") => append("/etc/postfix/main.cf", &block.text.replace(USUAL[1], site.socket[1])),
            ("text", stamp) if stamp.starts_with("X-Switchback-Status: ") => {
                assert!(site.mail("one", 300).starts_with("250 "), "{}", logs());
                let mailbox = site.delivered(1);
                let (_, delivered) = mailbox.split_once("\nX-Switchback-Status: ").unwrap();
                assert_eq!(
                    words(&block.text),
                    words(delivered.split("\nAuthentication-Results:").next().unwrap()),
                    "{mailbox}"
                );
            }
            ("toml", "[outbound]") => {
                let with_it = format!("{}\n{}", fs::read_to_string(CONFIG).unwrap(), block.text);
                write("/etc/switchback/outbound.toml", &with_it);
                site.types("runuser -u switchback -- switchback-milter --check --config /etc/switchback/outbound.toml");
            }
            other => panic!("nobody follows {other:?}"),
        }
    }
}

#[test]
fn whoever_follows_the_page_of_postfix_gives_mail_back() {
    if !entered("pages::postfix::whoever_follows_the_page_of_postfix_gives_mail_back") {
        return;
    }
    let Some(mut site) = Site::new(USUAL) else { return };
    install(&mut site);
    site.flags_everything(&["two", "three"]);
    for block in blocks(parts().1) {
        assert_eq!(block.language, "sh", "nobody follows {block:?}");
        site.types_all(&block);
    }
    let mailbox = site.delivered(2);
    assert!(mailbox.contains("Subject: two\n") && mailbox.contains("Subject: three\n"), "{mailbox}");
    assert!(site.held().is_empty());
    // Its predecessor decides.
    assert!(site.mail("four", 1_000).starts_with("250 "), "{}", logs());
    site.delivered(1);
}

#[test]
fn whoever_follows_the_page_of_held_mail_gives_it_back() {
    if !entered("pages::postfix::whoever_follows_the_page_of_held_mail_gives_it_back") {
        return;
    }
    let Some(mut site) = Site::new(IN_CHROOT) else { return };
    install(&mut site);
    site.flags_everything(&["two", "three"]);
    for block in blocks(HELD) {
        match (block.language.as_str(), block.text.lines().next().unwrap()) {
            ("console", first) if first.contains(" held move ") => site.types_all(&block),
            ("console", _) => {
                let id = site.held().remove(0);
                for line in block.commands() {
                    site.types(&line.replace(" ID", &format!(" {id}")));
                }
                site.delivered(2);
            }
            ("toml", "[mailbox]") => {
                let config = fs::read_to_string(CONFIG).unwrap();
                let (before, rest) = config.split_once("\n[mailbox]\n").unwrap();
                let (_, after) = rest.split_once("\n[").unwrap();
                write("/etc/switchback/mailbox.toml", &format!("{before}\n{}\n[{after}", block.text));
                site.types("runuser -u switchback -- switchback-milter --check --config /etc/switchback/mailbox.toml");
            }
            ("text", "# master.cf") => append("/etc/postfix/master.cf", &block.text),
            ("toml", "[held]") => {
                let release = block.text.lines().nth(1).unwrap();
                let config = fs::read_to_string(CONFIG).unwrap();
                let usual = config.lines().find(|line| line.starts_with("release = ")).unwrap();
                write(CONFIG, &config.replace(usual, release));
                succeeds(Command::new("postfix").arg("reload"));
                listens(10_026);
                // mailcow#3573, #7166: what was given back was refused, or judged again.
                assert!(site.mail("four", 1_000).starts_with("250 "), "{}", logs());
                site.types("switchback held release --all-of phish@2.0.0 --reason 'it is wanted'");
                site.delivered(1);
                assert_eq!(logs().matches(" judged ").count(), 4, "{}", logs());
            }
            other => panic!("nobody follows {other:?}"),
        }
    }
}

#[test]
fn every_line_that_is_not_typed_as_it_stands_is_in_the_page() {
    for Instead { line, why, .. } in INSTEAD {
        assert!([POSTFIX, HELD].iter().any(|page| page.contains(line)) && !why.is_empty(), "{line}");
    }
}
