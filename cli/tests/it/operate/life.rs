//! A day in the life of a store: three filters score without a pause while it is copied, restored, replaced and starved, by
//! hand and by other programs.
//!
//! What holds whatever is done: every message is answered, under a route that there was; and a filter that does not follow is
//! named by the next command, and says so itself. Once through here; many times, and in any order, by
//! `cargo xtask operate`.

mod filter;
mod steps;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use switchback::Control;
use tempfile::TempDir;

use self::filter::{Answer, Filter, Routes};
use self::steps::{STEPS, Step};
use crate::model::release;
use crate::run::{Ran, command, ran};

/// How many days are lived.
const DAYS: &str = "SWITCHBACK_OPERATE_DAYS";

/// How long it may take a filter to follow again, or to say that it does not. It looks every 100 ms; the rest is for
/// machines with more to do.
const PATIENCE: Duration = Duration::from_secs(30);

const FILTERS: [&str; 3] = ["morning", "noon", "night"];

/// A store, its filters, and what was ever live.
struct Life {
    dir: TempDir,
    /// Whether the folder is a file system of its own.
    has_disk: bool,
    filters: Vec<Filter>,
    ended: Vec<Vec<Answer>>,
    routes: Routes,
}

impl Life {
    fn begin() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=160m,mode=700", "tmpfs"]).arg(dir.path());
        let has_disk = mount.output().is_ok_and(|mounted| mounted.status.success());
        let mut life = Self { dir, has_disk, filters: Vec::new(), ended: Vec::new(), routes: Routes::default() };
        for version in ["1.0.0", "1.1.0"] {
            life.done(["load", &release(version)]);
            life.done(["promote", &format!("linear@{version}"), "--slot", "inbound", "--force"]);
        }
        for name in FILTERS {
            life.start(name, &[]);
        }
        life.begun();
        life.settle();
        life
    }

    /// The folder of the store.
    fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// Leaves no byte on the disk, until what is returned is removed; none where the store has no disk of its own.
    fn fill(&self) -> Option<PathBuf> {
        let file = self.beside("fill");
        let mut fill = fs::File::create(&file).ok().filter(|_| self.has_disk)?;
        for piece in [1 << 20, 4_096, 1] {
            while fill.write_all(&vec![0; piece]).is_ok() {}
        }
        Some(file)
    }

    /// A path beside the store that nothing has yet.
    fn beside(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(&path);
        path
    }

    fn start(&mut self, name: &str, before: &[&str]) {
        self.filters.push(Filter::start(&self.store(), name, before));
    }

    /// Kills a filter.
    fn kill(&mut self, index: usize) -> String {
        let filter = self.filters.remove(index);
        let name = filter.name().to_owned();
        self.ended.push(filter.kill());
        name
    }

    /// Lets a filter end.
    fn end(&mut self, index: usize) {
        let filter = self.filters.remove(index);
        self.ended.push(filter.end());
    }

    fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Ran {
        self.run_on(&self.store(), args)
    }

    fn run_on<'a>(&self, store: &Path, args: impl IntoIterator<Item = &'a str>) -> Ran {
        ran(command().env("SWITCHBACK_STORE", store).args(args))
    }

    /// Runs a command in which all is well, whatever it remarks.
    #[track_caller]
    fn done<'a>(&mut self, args: impl IntoIterator<Item = &'a str>) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{ran:?}");
        self.note();
        ran.out
    }

    /// Notes what is live.
    fn note(&mut self) {
        self.routes.note(&Control::open(self.store()).unwrap().state().unwrap());
    }

    /// Waits until every filter has begun to follow.
    #[track_caller]
    fn begun(&self) {
        let end = Instant::now() + PATIENCE;
        let is_there = || {
            let processes = Control::open(self.store()).unwrap().processes().unwrap();
            processes.len() == self.filters.len() && processes.iter().all(|process| process.acknowledged.is_some())
        };
        while !is_there() {
            assert!(Instant::now() < end, "{}", self.logs());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Changes the route, and waits until every filter that lives follows.
    #[track_caller]
    fn settle(&mut self) {
        let end = Instant::now() + PATIENCE;
        loop {
            let other = if self.live().is_some_and(|live| live == "1.0.0") { "linear@1.1.0" } else { "linear@1.0.0" };
            let ran = self.run(["promote", other, "--slot", "inbound", "--older", "--force", "--wait", "5"]);
            let all = format!("applied by {0} of {0} process", self.filters.len());
            if ran.code == 0 && ran.out.contains(&all) {
                break;
            }
            // Nothing is done in silence while a filter does not follow.
            let is_said = ran.code == 1 && !ran.err.is_empty();
            assert!(is_said && Instant::now() < end, "{ran:?}\n{}", self.logs());
            if self.live().is_some() {
                self.note();
            }
        }
        self.note();
    }

    /// The version that is live, where the ledger is whole.
    fn live(&self) -> Option<String> {
        let state = Control::open(self.store()).ok()?.state().ok()?;
        Some(state.slots.get("inbound")?.live.as_ref()?.version.to_string())
    }

    fn logs(&self) -> String {
        self.filters.iter().map(|filter| format!("{}: {}\n", filter.name(), filter.log())).collect()
    }

    /// Waits until every filter says in its own log what it says in none before.
    #[track_caller]
    fn said(&self, since: &[usize], what: &str) {
        let end = Instant::now() + PATIENCE;
        let says = |(filter, since): (&Filter, &usize)| filter.log()[*since..].contains(what);
        while !self.filters.iter().zip(since).all(says) {
            assert!(Instant::now() < end, "`{what}` is not said: {}", self.logs());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// How much each filter has said so far.
    fn spoken(&self) -> Vec<usize> {
        self.filters.iter().map(|filter| filter.log().len()).collect()
    }

    fn finish(mut self) {
        while !self.filters.is_empty() {
            self.end(0);
        }
        let answers: usize = self.ended.iter().map(Vec::len).sum();
        self.ended.iter().for_each(|answers| self.routes.check(answers));
        eprintln!("{answers} messages were answered");
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if self.has_disk {
            let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
        }
    }
}

#[test]
fn whatever_is_done_to_a_store_every_message_is_answered_and_no_filter_is_lost_in_silence() {
    let days = std::env::var(DAYS).map_or(1, |days| days.parse().unwrap());
    for day in 0..days {
        let mut random = ChaCha8Rng::seed_from_u64(day);
        let mut steps: Vec<&Step> = STEPS.iter().collect();
        if day > 0 {
            steps.shuffle(&mut random);
        }
        let mut life = Life::begin();
        for Step { name, take } in steps {
            let begun = Instant::now();
            let skipped = take(&mut life).err();
            life.settle();
            match skipped {
                None => eprintln!("day {day}: {name}, {:.1} s", begun.elapsed().as_secs_f64()),
                Some(why) => eprintln!("SKIPPED: {name}: {why}"),
            }
        }
        life.finish();
    }
}
