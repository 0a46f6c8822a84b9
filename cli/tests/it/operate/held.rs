//! Mail that is held: found, judged again, given back, removed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
use switchback::journal::JournalConfig;
use switchback::verdict::RecordId;
use switchback::{Client, Envelope, Message, Runtime, SlotConfig};
use switchback_gateway::config::HeldConfig;
use switchback_gateway::held::{MailToHold, Spool};
use switchback_gateway::{Direction, Transaction};
use tempfile::TempDir;

use super::store::Store;
use crate::model::mail;

/// A folder with held mail, a configuration, and a program that takes it back.
pub(crate) struct Held {
    dir: TempDir,
    spool: Spool,
}

impl Held {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = HeldConfig::default();
        config.dir = Some(dir.path().join("held"));
        let spool = Spool::open(&config).unwrap();
        Self { dir, spool }
    }

    pub(crate) fn dir(&self) -> &str {
        self.spool.dir().to_str().unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// A program that keeps its arguments and its input, one file for each call, and ends as it is told.
    pub(crate) fn sendmail(&self, end: &str) -> String {
        let (program, kept) = (self.path("sendmail"), self.path("taken"));
        let script = format!("#!/bin/sh\n(printf '%s\\n' \"$*\"; cat) > '{kept}'.$$\n{end}\n");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        program
    }

    /// What the program was given, call by call.
    fn taken(&self) -> Vec<String> {
        let names = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let taken = names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("taken."));
        taken.map(|path| String::from_utf8(fs::read(path).unwrap()).unwrap()).collect()
    }

    /// A configuration of a gateway on a store.
    fn config(&self, store: &Path, sendmail: &str) -> String {
        let path = self.path("gateway.toml");
        let text = format!(
            "store = {:?}\n[held]\ndir = {:?}\nrelease = {{ sendmail = {sendmail:?} }}\n",
            store.display().to_string(),
            self.dir(),
        );
        fs::write(&path, text).unwrap();
        path
    }

    /// A configuration whose `doveadm` finds no message in any mailbox.
    pub(crate) fn nobodys_mailboxes(&self, store: &Path) -> String {
        let doveadm = self.path("doveadm");
        fs::write(&doveadm, "#!/bin/sh\necho '[]'\n").unwrap();
        fs::set_permissions(&doveadm, Permissions::from_mode(0o755)).unwrap();
        let config = self.config(store, "/nowhere");
        let text = fs::read_to_string(&config).unwrap() + &format!("[mailbox]\ndoveadm = {doveadm:?}\n");
        fs::write(&config, text).unwrap();
        config
    }

    /// Judges a message as a gateway does, and holds it.
    pub(crate) fn hold(&self, store: &Path, message: &[u8]) -> RecordId {
        self.hold_all(store, [message.to_vec()])[0]
    }

    fn hold_all(&self, store: &Path, messages: impl IntoIterator<Item = Vec<u8>>) -> Vec<RecordId> {
        let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(4).name("gateway").store_dir(store);
        let runtime = builder.journal(JournalConfig::new(store.join("journal"))).build().unwrap();
        let slot = runtime.slot("inbound").unwrap();
        let mut transaction = Transaction::new();
        transaction.client = Client::new().ip([192, 0, 2, 7].into());
        transaction.envelope = Envelope::new().mail_from("bounces@x.example").recipient("b@y.example");
        let hold = |bytes: Vec<u8>| {
            let message = Message::builder(bytes.clone())
                .envelope(transaction.envelope.clone())
                .client(transaction.client.clone())
                .build();
            let verdict = slot.score(&message);
            self.spool.hold(&MailToHold::new(&transaction, &bytes, "inbound", Direction::Inbound, &verdict)).unwrap()
        };
        let ids = messages.into_iter().map(hold).collect();
        runtime.flush();
        ids
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn mail_that_a_wrong_release_held_is_found_and_given_back() {
    let (store, held) = (Store::promoted(&["1.0.0", "1.1.0"]), Held::new());
    // The first three are held by 1.1.0 alone.
    let sizes = [("one", 5_000), ("two", 5_100), ("three", 5_200), ("four", 7_000)];
    let ids = held.hold_all(store.path(), sizes.map(|(subject, bytes)| mail(subject, "a@good.example", bytes)));
    let sendmail = held.sendmail("exit 0");
    let config = held.config(store.path(), &sendmail);
    let listed = lines(&store.fine(["held", "list", "--config", &config, "--json", "--from-domain", "good.example"]));
    let named: Vec<_> = listed.iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(named, ids.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(store.fine(["held", "show", "--config", &config, "--raw", &named[0]]).len(), 5_000);
    let table = store.fine(["held", "list", "--config", &config, "--release", "linear@1.1.0"]);
    assert!(table.contains("three") && table.lines().count() == 5, "{table}");
    for none in [&["--release", "linear@1.0.0"][..], &["--slot", "outbound"], &["--until", "2001-01-01"]] {
        let ran = store.run(["held", "list", "--config", &config].iter().chain(none));
        assert!(ran.code == 0 && ran.out.is_empty() && ran.err.contains("no such message"), "{ran:?}");
    }

    let impact = ["impact", "linear@1.1.0", "--against", "linear@1.0.0"];
    // 1.0.0 has seen them next to 1.1.0, in reverse shadow or not at all: what is held tells the rest.
    let found = crate::run::ran(
        crate::run::command()
            .env("SWITCHBACK_STORE", store.path())
            .env("SWITCHBACK_CONFIG", &config)
            .args(impact)
            .arg("--json"),
    );
    let list = found.fine();
    let back = lines(&list).iter().filter(|line| line["direction"] == "held-back").count();
    assert_eq!(back, 3, "{list}");
    let by_source = store.fine(impact.iter().chain(&["--json", "--source", held.dir()]));
    assert_eq!(by_source, list, "a folder with held mail is read as any other");

    store.fine(["revert", "--slot", "inbound"]);
    let rescored = lines(&store.fine(["held", "rescore", "--config", &config, "--all", "--json"]));
    let now: Vec<_> = rescored.iter().map(|line| line["now"]["action"].as_str().unwrap()).collect();
    assert_eq!(now, ["deliver", "deliver", "deliver", "quarantine"]);
    let asked = store.fine(["held", "rescore", "--config", &config, &named[0], "-m", "linear@1.1.0"]);
    assert!(asked.contains("of 1 message, 0 would not be flagged now"), "{asked}");

    let impact_file = held.path("impact.json");
    fs::write(&impact_file, &list).unwrap();
    let release =
        ["held", "release", "--config", &config, "--from-impact", &impact_file, "--reason", "1.1.0 was wrong"];
    let tried = store.fine(release.iter().chain(&["--dry-run"]));
    assert!(tried.contains("nothing was changed; 3 messages would be released"), "{tried}");
    assert!(held.taken().is_empty());
    let released = lines(&store.fine(release.iter().chain(&["--json", "--author", "ada"])));
    let counts = released.last().unwrap();
    assert_eq!((&counts["released"], &counts["held"], &counts["not_held"]), (&3.into(), &0.into(), &0.into()));
    assert_eq!(counts["event"]["operation"]["op"], "release-mail");
    let taken = held.taken();
    assert_eq!(taken.len(), 3);
    assert!(
        taken
            .iter()
            .all(|call| call.starts_with("-G -i -f bounces@x.example -- b@y.example\nFrom: <a@good.example>\n"))
    );
    let history = store.fine(["history", "-n", "1"]);
    assert!(history.contains("release 3 held messages") && history.contains("1.1.0 was wrong"), "{history}");
    assert!(history.contains("ada"), "{history}");
    store.fine(["history", "verify"]);
    let left = lines(&store.fine(["held", "list", "--config", &config, "--json"]));
    assert_eq!((left.len(), left[0]["id"].as_str()), (1, Some(&*named[3])));
    let again = store.run(release);
    assert_eq!((again.code, again.err.matches("is not held here").count()), (1, 3), "{again:?}");
    assert_eq!(held.taken().len(), 3);
}

#[test]
fn an_impact_as_values_is_taken_too() {
    let (store, held) = (Store::promoted(&["1.0.0", "1.1.0"]), Held::new());
    held.hold(store.path(), &mail("one", "a@good.example", 5_000));
    let impact = ["impact", "linear@1.1.0", "--against", "linear@1.0.0", "--source", held.dir(), "--csv"];
    let file = held.path("impact.csv");
    fs::write(&file, store.fine(impact)).unwrap();
    let release = ["held", "release", "--dir", held.dir(), "--from-impact", &file, "--reason", "why"];
    let ran = store.fine(release.iter().chain(&["--sendmail", &held.sendmail("exit 0")]));
    assert!(ran.contains("1 released, 0 partly, 0 held"), "{ran}");
}

#[test]
fn what_is_held_under_another_record_is_found_by_the_message_itself() {
    let (store, held) = (Store::promoted(&["1.0.0", "1.1.0"]), Held::new());
    let message = mail("one\r\nMessage-ID: <1@good.example>", "a@good.example", 5_000);
    let id = held.hold(store.path(), &message).to_string();
    let impact = ["impact", "linear@1.1.0", "--against", "linear@1.0.0", "--source", held.dir(), "--json"];
    let list = store.fine(impact);
    let digest = lines(&list)[0]["digest"].as_str().unwrap().to_owned();
    let other_id = list.replace(&id, "01938a4e-7c1b-7000-8000-0242ac120002");
    let other_bytes = other_id.replace(&digest, &"ab".repeat(32));
    let wanted = |list: &str| {
        let file = held.path("impact.json");
        fs::write(&file, list).unwrap();
        let release = ["held", "release", "--dir", held.dir(), "--from-impact", &file, "--reason", "why"];
        let ran = store.run(release.iter().chain(&["--dry-run", "--json"]));
        let counts = lines(&ran.out).pop().unwrap();
        (ran.code, counts["held"].as_u64().unwrap(), counts["not_held"].as_u64().unwrap())
    };
    assert!(other_bytes != other_id && other_id != list, "{list}");
    for list in [&list, &other_id, &other_bytes] {
        assert_eq!(wanted(list), (0, 1, 0), "{list}");
    }
    held.hold(store.path(), &message);
    assert_eq!(wanted(&list), (0, 1, 0));
    for list in [&other_id, &other_bytes] {
        assert_eq!(wanted(list), (1, 0, 1), "either of two could be meant");
    }
}

#[test]
fn what_was_cut_off_is_uncertain_until_somebody_says_again() {
    let (store, held) = (Store::promoted(&["1.1.0"]), Held::new());
    let id = held.hold(store.path(), &mail("one", "a@good.example", 5_000)).to_string();
    let release = |program: &str, more: &[&str]| {
        let args = ["held", "release", "--dir", held.dir(), "--sendmail", program, "--reason", "why"];
        store.run(args.iter().chain(more))
    };
    let killed = release(&held.sendmail("kill -9 $$"), &[&id]);
    assert!(killed.code == 1 && killed.out.contains("uncertain"), "{killed:?}");
    let list = store.fine(["held", "list", "--dir", held.dir()]);
    assert!(list.contains("uncertain"), "{list}");
    let program = held.sendmail("exit 0");
    let sequence = store.state().sequence;
    let asked = release(&program, &["--all-of", "linear@1.1.0"]);
    assert!(asked.code == 1 && asked.out.contains("the answer is not known"), "{asked:?}");
    assert_eq!(
        (store.state().sequence, held.taken().len()),
        (sequence, 1),
        "nothing was sent, and the ledger says nothing"
    );
    let refused = release(&held.sendmail("echo no room >&2; exit 75"), &["--again", &id]);
    assert!(refused.code == 1 && refused.out.contains("ended with 75: no room"), "{refused:?}");
    assert!(store.fine(["held", "show", "--dir", held.dir(), &id]).contains("no room"));
    let nobody = release("/nowhere/sendmail", &[&id]);
    assert!(nobody.code == 1 && nobody.err.contains("cannot use /nowhere/sendmail"), "{nobody:?}");
    let done = release(&held.sendmail("exit 0"), &[&id]);
    assert!(done.code == 0 && done.out.contains("1 released"), "{done:?}");
}

#[test]
fn what_was_held_long_enough_is_removed() {
    let (store, held) = (Store::promoted(&["1.1.0"]), Held::new());
    let ids = held.hold_all(store.path(), ["one", "two"].map(|subject| mail(subject, "a@good.example", 5_000)));
    let kept = store.fine(["held", "expire", "--dir", held.dir(), "--older", "1h"]);
    assert!(kept.starts_with("0 messages") && kept.contains("2 still held"), "{kept}");
    let tried = store.fine(["held", "expire", "--dir", held.dir(), "--older", "0s", "--dry-run"]);
    assert!(tried.starts_with("2 messages") && tried.contains("would be removed"), "{tried}");
    let gone = store.json(["held", "expire", "--dir", held.dir(), "--older", "0s", "--json"]);
    assert_eq!(gone["removed"].as_array().unwrap().len(), ids.len());
    assert!(fs::read_dir(held.dir()).unwrap().next().is_none());
}

#[test]
fn without_a_ledger_nothing_is_given_back() {
    let (store, held) = (Store::promoted(&["1.1.0"]), Held::new());
    let id = held.hold(store.path(), &mail("one", "a@good.example", 5_000)).to_string();
    let program = held.sendmail("exit 0");
    let args = ["held", "release", "--dir", held.dir(), "--sendmail", &program, "--reason", "why", &id];
    let ran = Store::nowhere().run(args);
    assert!(ran.code == 1 && ran.err.contains("there is no store"), "{ran:?}");
    assert!(held.taken().is_empty() && store.fine(["held", "list", "--dir", held.dir()]).contains(&id));
}
