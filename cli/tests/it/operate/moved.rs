//! Mail that was delivered into Junk is moved back, in real Dovecot: each once, and nothing else.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use switchback::journal::JournalConfig;
use switchback::verdict::RecordId;
use switchback::{Message, Runtime, SlotConfig};
use tempfile::TempDir;

use super::store::{Store, until};
use crate::dovecot::Dovecot;
use crate::model::mail;
use crate::run::{Ran, command};

const ADA: &str = "ada@test.example";
const BOB: &str = "bob@test.example";

/// Every way to store mail (rspamd#2814 and #2172 are of programs that read such files themselves).
const USERS: [(&str, &str); 3] = [(ADA, "mdbox:~/mail"), (BOB, "maildir:~/mail"), ("cy@test.example", "sdbox:~/mail")];

/// A store in which 1.1.0 flags what 1.0.0 does not, and the mailboxes of its users.
struct Site {
    store: Store,
    dovecot: Dovecot,
    dir: TempDir,
}

impl Site {
    fn new() -> Option<Self> {
        Self::with(&USERS)
    }

    fn with(users: &[(&str, &str)]) -> Option<Self> {
        let dovecot = Dovecot::start(users)?;
        Some(Self { store: Store::promoted(&["1.0.0", "1.1.0"]), dovecot, dir: tempfile::tempdir().unwrap() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Judges messages, which 1.1.0 flags, and writes the list of what it flagged. Their records.
    fn flagged(&self, messages: &[Vec<u8>]) -> Vec<RecordId> {
        let ids = {
            let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(4).name("gateway");
            let journal = JournalConfig::new(self.store.path().join("journal"));
            let runtime = builder.store_dir(self.store.path()).journal(journal).build().unwrap();
            let slot = runtime.slot("inbound").unwrap();
            let judged = messages.iter().map(|bytes| slot.score(&Message::parse(bytes.clone())).id.unwrap());
            let ids = judged.collect();
            runtime.flush();
            ids
        };
        let mail = self.path("mail");
        fs::create_dir_all(&mail).unwrap();
        for (number, bytes) in messages.iter().enumerate() {
            fs::write(mail.join(format!("{number}.eml")), bytes).unwrap();
        }
        let impact = ["impact", "linear@1.1.0", "--against", "linear@1.0.0", "--json", "--source"];
        let list = self.store.fine(impact.iter().copied().chain([mail.to_str().unwrap()]));
        assert_eq!(list.matches("held-back\"").count(), messages.len(), "{list}");
        fs::write(self.path("wrong"), list).unwrap();
        ids
    }

    /// `held move` of that list, through another program if there is one.
    fn args(&self, program: Option<&str>) -> Vec<String> {
        let program = program.map(|script| {
            let path = self.path("doveadm");
            let script = format!("#!/bin/sh\ncd '{}'\n{script}\nexec doveadm \"$@\"\n", self.dir.path().display());
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
            path
        });
        let config = self.path("gateway.toml");
        let section = self.dovecot.section(program.as_deref());
        let (store, held) = (self.store.path(), self.path("held"));
        let text = format!("store = {store:?}\n[held]\ndir = {held:?}\n{section}");
        fs::write(&config, text).unwrap();
        let words = ["held", "move", "--config", config.to_str().unwrap(), "--from-impact"].map(str::to_owned);
        let reason = ["--reason", "1.1.0 was wrong"].map(str::to_owned);
        words.into_iter().chain([self.path("wrong").to_str().unwrap().to_owned()]).chain(reason).collect()
    }

    fn moves(&self, program: Option<&str>, more: &[&str]) -> Ran {
        self.store.run(self.args(program).into_iter().chain(more.iter().map(|&word| word.to_owned())))
    }

    /// Runs it until it is killed.
    fn is_killed(&self, program: &str) {
        let mut killed = command();
        killed.args(self.args(Some(program))).env("SWITCHBACK_STORE", self.store.path());
        assert_eq!(killed.output().unwrap().status.code(), None);
    }

    fn subjects(&self, user: &str, mailbox: &str) -> Vec<String> {
        let mut subjects = self.dovecot.field(user, mailbox, "hdr.subject");
        subjects.sort();
        subjects
    }
}

/// A message that 1.1.0 alone flags.
fn misfiled(name: &str) -> Vec<u8> {
    mail(&format!("{name}\r\nMessage-ID: <{name}@good.example>"), "a@good.example", 5_000)
}

/// As the filter stamps it.
fn stamped(id: impl std::fmt::Display, message: &[u8]) -> Vec<u8> {
    let stamp = format!(
        "X-Switchback-Status: Yes, score=0.937 required=0.5 scl=5 action=junk model=linear/1.1.0\r\n gen=2 digest=2d3e0b0c7d11 \
         role=live decided=live\r\n id={id}\r\n"
    );
    [stamp.as_bytes(), message].concat()
}

fn counts(ran: &Ran) -> Value {
    serde_json::from_str(ran.out.lines().last().unwrap()).unwrap()
}

/// The last line but for the number of the event.
fn summary(ran: &Ran) -> &str {
    let line = ran.out.lines().last().unwrap();
    line.split_once(": ").map_or(line, |(_, rest)| rest)
}

#[test]
fn what_a_wrong_release_put_into_junk_is_moved_back_once() {
    let Some(site) = Site::new() else { return };
    let messages = ["one", "two", "three"].map(misfiled);
    let ids = site.flagged(&messages);
    for (user, _) in USERS {
        for (id, message) in ids.iter().zip(&messages) {
            site.dovecot.save(user, "Junk", &stamped(id, message));
        }
        let other = "01900000-0000-7000-8000-000000000000";
        site.dovecot.save(user, "Junk", &stamped(other, &misfiled("rubbish")));
        site.dovecot.save(user, "INBOX", &misfiled("letter"));
        // Pelton#278, roundcube#6402: moving one message removed all that were marked as deleted.
        for (mailbox, subject) in [("Junk", "rubbish"), ("INBOX", "letter")] {
            let others = ["flags", "add", "-u", user, "\\Deleted", "mailbox", mailbox, "subject", subject];
            site.dovecot.doveadm(&others);
        }
    }
    let tried = site.moves(None, &["--dry-run"]).fine();
    assert!(tried.contains("nothing was changed; 9 messages would be moved, 0 already there"), "{tried}");
    assert_eq!(site.subjects(ADA, "Junk").len(), 4);

    let ran = site.moves(None, &["--json", "--author", "ada"]);
    let counts = counts(&ran);
    assert_eq!((ran.code, &counts["moved"], &counts["absent"]), (0, &9.into(), &0.into()), "{ran:?}");
    assert_eq!(counts["event"]["operation"]["op"], "move-mail");
    for (user, _) in USERS {
        assert_eq!(site.subjects(user, "INBOX"), ["letter", "one", "three", "two"]);
        assert_eq!(site.subjects(user, "Junk"), ["rubbish"]);
        let text = site.dovecot.field(user, "INBOX", "text");
        let whole = String::from_utf8(stamped(ids[0], &messages[0])).unwrap().replace("\r\n", " ");
        assert!(text.contains(&whole), "what was moved is another one");
        // docker-mailserver#3333, Mailu#1709: filters learn of what IMAP moves. This is no word of the user's.
        assert!(site.dovecot.field(user, "INBOX", "flags").iter().all(|flags| !flags.contains("$Learned")));
    }
    let answers = site.dovecot.imap(ADA, "a SELECT Junk\r\nb MOVE 1:* INBOX\r\n");
    assert!(answers.contains("\nb OK"), "{answers}");
    assert!(site.dovecot.field(ADA, "INBOX", "flags").iter().any(|flags| flags.contains("$Learned")));

    let history = site.store.fine(["history", "-n", "1"]);
    assert!(history.contains("move 3 delivered messages back") && history.contains("1.1.0 was wrong"), "{history}");
    site.store.fine(["history", "verify"]);
    let sequence = site.store.state().sequence;
    let again = site.moves(None, &[]).fine();
    assert!(again.contains("0 moved, 0 failed, 9 already there, 0 refused"), "{again}");
    assert_eq!((site.store.state().sequence, site.subjects(BOB, "INBOX").len()), (sequence, 4));
}

// imap-mcp-server#90: a Message-ID was looked for by substring.
#[test]
fn without_a_stamp_a_message_is_the_only_one_of_its_message_id() {
    let Some(site) = Site::new() else { return };
    let [one, two] = ["one", "two"].map(misfiled);
    site.flagged(&[one.clone(), two.clone()]);
    for message_id in ["<aone@good.example>", "<0@x.example> <one@good.example>"] {
        let alike = format!("Message-ID: {message_id}\r\nSubject: alike\r\n\r\n");
        site.dovecot.save(ADA, "Junk", alike.as_bytes());
    }
    site.dovecot.save(ADA, "Junk", &one);
    // One of another record is another message.
    site.dovecot.save(BOB, "Junk", &stamped("01900000-0000-7000-8000-000000000000", &one));
    site.dovecot.save(BOB, "Junk", &two);
    site.dovecot.save(BOB, "Junk", &two);
    let ran = site.moves(None, &[]);
    assert_eq!(
        (ran.code, summary(&ran)),
        (1, "1 moved, 0 failed, 0 already there, 1 refused, 0 held, 0 in neither mailbox")
    );
    assert!(ran.out.contains("bob@test.example  2 messages have its Message-ID"), "{ran:?}");
    assert_eq!(site.subjects(ADA, "INBOX"), ["one"]);
    assert_eq!(site.subjects(ADA, "Junk"), ["alike", "alike"]);
    assert_eq!((site.subjects(BOB, "Junk").len(), site.subjects(BOB, "INBOX").len()), (3, 0));
}

// dovecot's documentation#1512: a UID is another message's once the mailbox was made anew. Here even its GUID is the same.
#[test]
fn a_uid_that_has_become_another_message_s_moves_nothing() {
    let Some(site) = Site::new() else { return };
    let one = misfiled("one");
    let id = site.flagged(std::slice::from_ref(&one))[0];
    site.dovecot.save(ADA, "Junk", &stamped(id, &one));
    let swap = "
        if [ \"$3\" = move ]; then
            config=$2 guid=$8
            d() { doveadm -c \"$config\" \"$@\"; }
            d mailbox delete -u ada@test.example Junk
            d mailbox create -u ada@test.example Junk
            d mailbox update -u ada@test.example --mailbox-guid \"$guid\" Junk
            printf 'Subject: another\\r\\n\\r\\n' | d save -u ada@test.example -m Junk
            d mailbox status -u ada@test.example guid Junk | grep -q \"$guid\" || kill -9 $PPID
        fi";
    let before = site.dovecot.field(ADA, "Junk", "uid");
    let ran = site.moves(Some(swap), &[]);
    assert!(ran.code == 1 && ran.out.contains("somebody else has moved or deleted it"), "{ran:?}");
    assert_eq!(site.subjects(ADA, "Junk"), ["another"]);
    assert_eq!((site.dovecot.field(ADA, "Junk", "uid"), site.subjects(ADA, "INBOX").len()), (before, 0));
}

#[test]
fn a_kill_in_the_middle_moves_nothing_twice() {
    let Some(site) = Site::new() else { return };
    let messages = ["one", "two", "three"].map(misfiled);
    for (id, message) in site.flagged(&messages).iter().zip(&messages) {
        USERS.iter().for_each(|(user, _)| site.dovecot.save(user, "Junk", &stamped(id, message)));
    }
    // The second one is moved, and nobody is told.
    site.is_killed("if [ $3 = move ]; then [ -e one ] && { doveadm \"$@\"; kill -9 $PPID; exit; }; touch one; fi");
    assert_eq!(site.subjects(ADA, "INBOX").len(), 2);
    // The next one outlives who called it, and moves later: nobody else works meanwhile.
    assert!(Command::new("mkfifo").arg(site.path("gate")).status().unwrap().success());
    site.is_killed("if [ $3 = move ]; then kill -9 $PPID; read -r go < gate; fi");
    let refused = site.moves(None, &[]);
    assert!(refused.code == 1 && refused.err.contains("mail of this store is being moved already"), "{refused:?}");
    File::options().write(true).open(site.path("gate")).unwrap();
    until("the other one has ended", || site.moves(None, &[]).code == 0);
    for (user, _) in USERS {
        assert_eq!((site.subjects(user, "INBOX").len(), site.subjects(user, "Junk").len()), (3, 0), "{user}");
    }
}

#[test]
fn what_users_have_done_with_their_mail_stays() {
    let Some(site) = Site::new() else { return };
    let names = ["copied", "deleted", "filed", "held", "there"];
    let messages = names.map(misfiled);
    let ids = site.flagged(&messages);
    let save = |mailbox, at: usize| site.dovecot.save(ADA, mailbox, &stamped(ids[at], &messages[at]));
    site.dovecot.doveadm(&["mailbox", "create", "-u", ADA, "Mine"]);
    for (mailbox, at) in [("Junk", 0), ("INBOX", 0), ("Mine", 2), ("INBOX", 4)] {
        save(mailbox, at);
    }
    fs::create_dir(site.path("held")).unwrap();
    fs::set_permissions(site.path("held"), Permissions::from_mode(0o700)).unwrap();
    fs::write(site.path("held").join(format!("{}.eml", ids[3])), "").unwrap();
    let ran = site.moves(None, &[]);
    assert_eq!(
        (ran.code, summary(&ran)),
        (1, "0 moved, 0 failed, 2 already there, 0 refused, 1 held, 2 in neither mailbox")
    );
    assert!(ran.out.contains("a copy is in both mailboxes, and both stay"), "{ran:?}");
    assert_eq!(site.subjects(ADA, "INBOX"), ["copied", "there"]);
    assert_eq!((site.subjects(ADA, "Junk"), site.subjects(ADA, "Mine")), (vec!["copied".into()], vec!["filed".into()]));
}

#[test]
fn only_the_mailboxes_that_are_named_are_looked_into() {
    let Some(site) = Site::new() else { return };
    let messages = ["one", "two"].map(misfiled);
    let ids = site.flagged(&messages);
    for user in [ADA, BOB] {
        site.dovecot.save(user, "Junk", &stamped(ids[0], &messages[0]));
        // Two deliveries to one user: one of them is enough.
        site.dovecot.save(user, "Junk", &stamped(ids[1], &messages[1]));
        site.dovecot.save(user, "Junk", &stamped(ids[1], &messages[1]));
    }
    let config = site.path("gateway.toml");
    site.args(None);
    let by_id = ["held", "move", "--config", config.to_str().unwrap(), "--reason", "asked for", "--user"];
    let by_id = |more: &[&str]| site.store.fine(by_id.iter().chain(more));
    let id = ids[0].to_string();
    assert!(by_id(&["a*@test.example", &id]).contains("event 5: 1 moved"));
    assert_eq!((site.subjects(ADA, "INBOX"), site.subjects(BOB, "INBOX")), (vec!["one".to_owned()], Vec::new()));
    assert!(by_id(&[BOB, &id, &ids[1].to_string()]).contains("2 moved, 0 failed"));
    assert_eq!(
        (site.subjects(BOB, "INBOX"), site.subjects(BOB, "Junk")),
        (vec!["one".into(), "two".into()], vec!["two".into()])
    );
}

#[test]
fn mailboxes_that_cannot_be_looked_into_are_said_and_do_not_stop_the_others() {
    let Some(site) = Site::with(&[(ADA, "sdbox:~/mail"), (BOB, "maildir:/proc/nowhere")]) else { return };
    let one = misfiled("one");
    let id = site.flagged(std::slice::from_ref(&one))[0];
    site.dovecot.save(ADA, "Junk", &stamped(id, &one));
    let ran = site.moves(None, &[]);
    assert!(ran.code == 1 && ran.err.contains("not every mailbox could be looked into"), "{ran:?}");
    assert_eq!(site.subjects(ADA, "INBOX"), ["one"]);
    // Dovecot is not asked where nothing could be written down.
    fs::remove_file(site.path("gateway.toml")).unwrap();
    let words = ["held", "move", &id.to_string(), "--reason", "why"].map(str::to_owned);
    let ran = Store::nowhere().run(words);
    assert!(ran.code == 1 && ran.err.contains("there is no store"), "{ran:?}");
    let ran = site.moves(Some("echo 'nobody is at home' >&2; exit 75"), &[]);
    assert!(ran.code == 1 && ran.err.contains("doveadm ended with 75: nobody is at home"), "{ran:?}");
}
