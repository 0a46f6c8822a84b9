//! The real rspamc, Rspamd's client.

use std::process::Command;

use super::door::{Door, file, has};
use crate::model::mail;

#[test]
fn rspamc_reads_the_reply_whether_it_compresses_or_not() {
    if !has("rspamc") {
        return;
    }
    let (_store, door) = Door::open();
    let message = file(door.dir(), "large.eml", &mail("large", "a@b.example", 4_000));
    let envelope =
        ["-i", "192.0.2.7", "-F", "bounces@news.example", "-r", "a@home.example", "--helo", "mx.news.example"];
    for options in [&[][..], &["-z"], &envelope] {
        let mut rspamc = Command::new("rspamc");
        rspamc.args(["-h", &door.http().to_string()]).args(options).arg("symbols").arg(&message);
        let output = rspamc.output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{options:?}: {out}{said}");
        for line in ["Action: quarantine", "Score: 9.37 / 5.00", "Symbol: SIZE (0.94)"] {
            assert!(out.contains(line), "{options:?}: {line} is not in\n{out}{said}");
        }
    }
}
