//! bogofilter, as Debian has it, on the same mail.

use std::fs;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use switchback::Message;
use switchback_benches::{Mail, in_turn_by, processor_time};
use tempfile::TempDir;

use crate::Bench;
use crate::models::Model;
use crate::table::Side;

/// Which of the corpora has wanted mail; the other has unwanted.
const WANTED: &str = "usrp-users";

impl Bench {
    /// The whole verdict over bogofilter's, trained on the mail of both corpora. It is started once for all messages, and reads
    /// them from files.
    pub(crate) fn verdict_over_bogofilter(&mut self, models: &[Model]) {
        let corpora: Vec<&Mail> = self.mail.iter().filter(|mail| mail.is_real()).collect();
        let trained = if corpora.is_empty() {
            Err(io::Error::other("there are no corpora to train it on"))
        } else {
            Trained::on(&corpora)
        };
        let trained = match trained {
            Ok(trained) => trained,
            Err(why) => return println!("LEFT OUT: bogofilter: {why}"),
        };
        let Some(model) = models.iter().find(|model| model.name == "linear") else { return };
        let slot = self.promote(model);
        for mail in corpora {
            let files = trained.files(mail.name);
            let [verdict, bogofilter] = in_turn_by(
                || processor_time() + time_of_children(),
                self.rounds,
                [
                    ("verdict", &mut || {
                        for bytes in &mail.raw {
                            black_box(slot.score(&Message::parse(bytes.clone())));
                        }
                    }),
                    ("bogofilter", &mut || trained.run(&["-T", "-b"], &files).expect("bogofilter")),
                ],
            );
            let count = mail.raw.len();
            let this = Side::time(model.id.to_string(), verdict, count);
            self.table.row(
                "whole verdict, over bogofilter",
                mail.name,
                &this,
                &Side::time("bogofilter", bogofilter, count),
            );
        }
    }
}

/// bogofilter's word lists, and the messages as files.
struct Trained(TempDir);

impl Trained {
    fn on(corpora: &[&Mail]) -> io::Result<Self> {
        let trained = Self(TempDir::new()?);
        for mail in corpora {
            let folder = trained.folder(mail.name);
            fs::create_dir(&folder)?;
            for (at, bytes) in mail.raw.iter().enumerate() {
                fs::write(folder.join(at.to_string()), bytes)?;
            }
            let class = if mail.name == WANTED { "-n" } else { "-s" };
            trained.run(&[class, "-b"], &trained.files(mail.name))?;
        }
        Ok(trained)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The paths of the messages, a line each.
    fn files(&self, name: &str) -> String {
        let folder = self.folder(name);
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| format!("{}\n", entry.path().display())).collect()
    }

    fn run(&self, arguments: &[&str], files: &str) -> io::Result<()> {
        let mut child = Command::new("bogofilter")
            .arg("-d")
            .arg(self.0.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|why| {
                io::Error::new(why.kind(), format!("it cannot be started (Debian's package `bogofilter`): {why}"))
            })?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(files.as_bytes())?;
        }
        // 0 to 2 say what the last message was.
        match child.wait()?.code() {
            Some(0..=2) => Ok(()),
            code => Err(io::Error::other(format!("it ended with {code:?}"))),
        }
    }
}

/// How long children of this process have worked that have ended, to 10 ms: `/proc` counts in hundredths of a second (proc(5)).
fn time_of_children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("what the system says of this process");
    // The name before may have spaces. Behind it comes the state; the children's times are the 14th and 15th from there.
    let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = fields.split_whitespace().skip(13).take(2).map(|ticks| ticks.parse::<u32>().expect("a number"));
    Duration::from_millis(10) * ticks.sum::<u32>()
}
