//! Every command with `--json`, once.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use switchback_mailgen::{AUTHSERV_ID, Generator};

use super::listed;
use crate::keygen::Keys;
use crate::model::{self, release};
use crate::operate::held::Held;
use crate::operate::store::{Store, until};

/// Those that other tests run, which are checked as well: of `backtest` they have mail whose features
/// were kept, of `guard explain` an event to explain, and `demo` takes a
/// while. Packing needs a compiler for models, and is tested where it is implemented.
const ELSEWHERE: [&str; 5] = ["backtest", "demo", "dev", "guard explain", "pack"];

/// A store, with the commands that were run on it.
struct Session {
    store: Store,
    ran: BTreeSet<&'static str>,
}

impl Session {
    /// Runs a command with `--json`, which prints something.
    #[track_caller]
    fn run<'a>(&mut self, command: &'static str, args: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
        let ran = self.store.run(command.split(' ').chain(["--json"]).chain(args));
        assert!(!ran.out.is_empty(), "{command}: {ran:?}");
        self.ran.insert(command);
        serde_json::Deserializer::from_str(&ran.out).into_iter().map(Result::unwrap).collect()
    }
}

#[test]
fn every_command_prints_what_its_schema_says() {
    let dir = tempfile::tempdir().unwrap();
    let mail = dir.path().join("mail");
    fs::create_dir(&mail).unwrap();
    for (number, generated) in Generator::new(1).take(12).enumerate() {
        fs::write(mail.join(format!("{number:02}.eml")), generated.bytes).unwrap();
    }
    let mut session = Session { store: Store::with(&["1.0.0", "1.1.0"]), ran: BTreeSet::new() };
    releases(&mut session, mail.to_str().unwrap());
    decisions(&mut session);
    records(&mut session, mail.to_str().unwrap());
    guard(&mut session, mail.to_str().unwrap());
    held_mail(&mut session);
    ledger(&mut session, dir.path().join("backup.tar").to_str().unwrap());
    let all: BTreeSet<_> = listed().keys().map(String::as_str).filter(|command| !ELSEWHERE.contains(command)).collect();
    assert_eq!(session.ran, all);
}

fn releases(session: &mut Session, mail: &str) {
    let [one, two, three] = ["1.0.0", "1.1.0", "2.0.0"].map(release);
    session.run("inspect", [&*one]);
    session.run("test", [&*one, mail]);
    session.run("load", [&*three]);
    session.run("compare", [&*one, &*two, mail]);
    session.run("bench", ["-m", &*one, "--messages", "20"]);
    session.run("score", ["-m", &*one, mail]);
    session.run("score", ["-m", &*one, "--summary", mail]);
    let own = tempfile::tempdir().unwrap();
    crate::train::fill(own.path(), 600);
    let [ham, spam, out] = ["Maildir/.Archive", "Maildir/.Junk", "a.wasm"].map(|name| own.path().join(name));
    let [ham, spam, out] = [&ham, &spam, &out].map(|path| path.to_str().unwrap());
    session.run(
        "train",
        ["--ham", ham, "--spam", spam, "--name", "acme", "-o", out, "--from", &*one, "--version", "1.0.0"],
    );
}

fn decisions(session: &mut Session) {
    session.run("promote", ["linear@1.0.0", "--slot", "inbound"]);
    session.run("shadow", ["linear@1.1.0"]);
    session.run("withdraw", ["linear@1.1.0"]);
    session.run("canary", ["linear@1.1.0", "--share", "10%"]);
    session.run("promote", ["linear@1.1.0"]);
    session.run("allow", ["--domain", "good.example", "--reason", "why"]);
    let blocked = session.run("block", ["--network", "192.0.2.0/24", "--reason", "why"]);
    session.run("overrides", []);
    session.run("expire", [&*blocked[0]["event"]["sequence"].to_string()]);
    session.run("revert", ["--segment", "gmail.com"]);
    session.run("restore", ["--segment", "gmail.com"]);
    session.run("quarantine", ["linear@2.0.0"]);
    session.run("quarantine", ["linear@2.0.0", "--lift"]);
    session.run("freeze", ["--slot", "inbound"]);
    session.run("thaw", ["--slot", "inbound"]);
    session.run("rollout", ["linear@2.0.0"]);
    session.run("rollout status", []);
    session.run("rollout stop", []);
    session.run("status", []);
}

fn records(session: &mut Session, mail: &str) {
    session.run("score", ["--journal", mail]);
    session.run("score", ["--summary", mail]);
    let records = session.run("journal", []);
    let id = records.last().unwrap()["id"].as_str().unwrap().to_owned();
    session.run("explain", ["--id", &*id, &*format!("{mail}/11.eml")]);
    session.run("impact", ["linear@1.1.0", "--source", mail]);
}

fn guard(session: &mut Session, mail: &str) {
    let [two, three] = ["1.1.0", "2.0.0"].map(release);
    session.run("guard set", ["--mode", "warn"]);
    session.run("guard learn", [mail, "--trust-authserv-id", AUTHSERV_ID]);
    session.run("guard simulate", [&*two, &*three, mail, "--known-days", "0"]);
    session.run("guard status", ["--all"]);
    session.run("guard test-alert", ["--on-alert", "cat > /dev/null"]);
    let scorer = session.store.scorer_with(&["--journal", "--on-alert", "cat > /dev/null", "--alert-changes"]);
    session.store.fine(["freeze"]);
    session.store.fine(["thaw"]);
    until("an alert of a change", || session.store.run(["guard", "alerts"]).out.contains("thaw"));
    session.run("guard alerts", []);
    scorer.score(&model::mail("the last one", "a@good.example", 500));
}

fn held_mail(session: &mut Session) {
    let held = Held::new();
    let id = held.hold(session.store.path(), &model::mail("held", "a@good.example", 5_000)).to_string();
    let dir = held.dir();
    session.run("held list", ["--dir", dir]);
    session.run("held show", ["--dir", dir, &*id]);
    session.run("held rescore", ["--dir", dir, "--all"]);
    session.run("held rescore", ["--dir", dir, &*id, "-m", "linear@1.0.0"]);
    let sendmail = held.sendmail("exit 75");
    session.run("held release", ["--dir", dir, "--all-of", "linear@1.1.0", "--reason", "why", "--dry-run"]);
    session.run("held release", ["--dir", dir, &*id, "--reason", "why", "--sendmail", &*sendmail]);
    session.run("held expire", ["--dir", dir]);
    let config = held.nobodys_mailboxes(session.store.path());
    session.run("held move", ["--config", &*config, "--reason", "why", &*id]);
}

fn ledger(session: &mut Session, backup: &str) {
    session.run("history", []);
    session.run("history verify", []);
    session.run("history recover", []);
    session.run("store backup", [backup]);
    session.run("store restore", [backup, "--replace"]);
    session.run("revert", []);
    session.store.fine(["withdraw", "linear@2.0.0"]);
    session.run("unload", ["linear@2.0.0"]);
    let keys = Keys::without_password();
    session.run("trust add", [keys.path("k.pub").to_str().unwrap(), "--yes"]);
    session.run("trust list", []);
    session.run("trust revoke", [&*keys.id]);
}
