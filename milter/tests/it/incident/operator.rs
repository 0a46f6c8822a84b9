//! Who operates the site, by the command `switchback`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use switchback_mailgen::Generator;

use super::AUTHSERV_ID;
use crate::dovecot::Dovecot;
use crate::site::Site;

/// The days on which the guard has seen the senders before.
const EARLIER: [&str; 3] =
    ["Tue, 1 Apr 2025 09:00:00 +0000", "Tue, 8 Apr 2025 09:00:00 +0000", "Tue, 15 Apr 2025 09:00:00 +0000"];

/// Who has the command, and the releases.
pub(super) struct Operator {
    program: PathBuf,
    releases: [PathBuf; 2],
}

impl Operator {
    /// None where the command was not built, or the releases were not packed.
    pub(super) fn at_work() -> Option<Self> {
        let built = Path::new(env!("CARGO_BIN_EXE_switchback-milter")).parent().unwrap();
        let release = |version| built.parent().unwrap().join(format!("releases/linear-{version}.wasm"));
        let operator = Self { program: built.join("switchback"), releases: ["1.1.0", "2.0.0"].map(release) };
        let all = operator.releases.iter().chain([&operator.program]);
        if let Some(missing) = all.into_iter().find(|path| !path.exists()) {
            eprintln!("SKIPPED: this test needs {}, which `cargo xtask incident` makes", missing.display());
            return None;
        }
        Some(operator)
    }

    pub(super) fn configure(&self, site: &Site, sendmail: &Path, dovecot: &Dovecot) {
        let [store, held, socket] = ["store", "held", "milter.sock"].map(|name| site.path(name));
        let text = format!(
            "store = {store:?}\n[authentication]\nverify = false\ntrusted = [{AUTHSERV_ID:?}]\n[scoring]\nworkers = 2\n\
             [held]\ndir = {held:?}\nfree_min = '1 MiB'\nrelease = {{ sendmail = {sendmail:?} }}\n{}\
             [milter]\nlisten = 'unix:{}'\nmode = '666'\n",
            dovecot.section(None),
            socket.display()
        );
        fs::write(site.config(), text).unwrap();
    }

    /// A store in which 1.1.0 is live, and a guard that knows who has written before.
    pub(super) fn prepare(&self, site: &Site, earlier: u64) {
        let [old, new] = self.releases.each_ref().map(|path| path.to_str().unwrap());
        self.does(site, &["load", old, new]);
        self.does(site, &["promote", "linear@1.1.0", "--slot", "inbound"]);
        self.does(site, &["guard", "set", "--slot", "inbound", "--mode", "act"]);
        let dir = site.path("earlier");
        fs::create_dir(&dir).unwrap();
        let mail = Generator::new(1);
        for number in 0..earlier {
            let bytes = mail.nth_message(number).bytes;
            for (day, date) in EARLIER.iter().enumerate() {
                let received = format!("Received: from earlier by {AUTHSERV_ID}; {date}\r\n").into_bytes();
                fs::write(dir.join(format!("{number}-{day}.eml")), [received, bytes.clone()].concat()).unwrap();
            }
        }
        let learn = ["guard", "learn", "--slot", "inbound", "--trust-authserv-id", AUTHSERV_ID, dir.to_str().unwrap()];
        self.does(site, &learn);
    }

    /// What a command prints that succeeds.
    pub(super) fn does(&self, site: &Site, args: &[&str]) -> String {
        let mut command = Command::new(&self.program);
        command.env("SWITCHBACK_STORE", site.path("store")).env("SWITCHBACK_CONFIG", site.config());
        let output = command.args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes the list of what 2.0.0 decided otherwise than 1.1.0 would have; the records of what it flagged.
    pub(super) fn impact(&self, site: &Site) -> BTreeSet<String> {
        let list = self.does(site, &["impact", "linear@2.0.0", "--json"]);
        fs::write(site.path("wrong"), &list).unwrap();
        let lines: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let counts = &lines.last().unwrap()["all"];
        assert_eq!(counts["unknown"], 0, "1.1.0 has seen all of it: {counts}");
        let is_held_back = |line: &&Value| line["direction"] == "held-back";
        lines.iter().filter(is_held_back).map(|line| line["id"].as_str().unwrap().to_owned()).collect()
    }

    /// `held release` or `held move` of that list, which does all of it; the counts that it prints.
    pub(super) fn gives_back(&self, site: &Site, how: &str) -> String {
        let wrong = site.path("wrong");
        let reason = "2.0.0 flagged Gmail mail";
        let said = self.does(site, &["held", how, "--from-impact", wrong.to_str().unwrap(), "--reason", reason]);
        let last = said.lines().last().unwrap_or_default();
        eprintln!("held {how}: {last}");
        last.to_owned()
    }
}
