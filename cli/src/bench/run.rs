//! Scoring, with a stopwatch.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use switchback::verdict::{LogLine, Logged, Timing};
use switchback::{ReleaseId, Runtime};
use switchback_corpus::RawMessage;

use super::Args;
use super::memory::Resident;
use crate::progress::Busy;
use crate::releases;

/// Messages that are scored before anything is counted: they map pages, and warm caches and the pool.
const WARM_UP_MESSAGES: usize = 200;

/// Messages of a release that are named because they took long.
const MESSAGES_SHOWN: usize = 3;

/// Lines of a release's log that are shown.
const LINES_SHOWN: usize = 3;

/// What was measured.
pub(super) struct Measured {
    /// In the order of the command line.
    pub(super) releases: Vec<OfRelease>,
    /// For all messages, releases and threads.
    pub(super) wall: Duration,
    /// Memory before any release was loaded, in bytes.
    pub(super) resident_before: Option<u64>,
    /// What the first two releases took for each message that all answered, in the order in which they were scored.
    pub(super) pairs: Vec<[Duration; 2]>,
}

/// What was measured of one release.
pub(super) struct OfRelease {
    pub(super) id: ReleaseId,
    /// One for each message that it answered for.
    pub(super) timings: Vec<Timing>,
    pub(super) failed: u64,
    pub(super) logged: Noted,
    pub(super) odd: Odd,
    pub(super) load: Duration,
    /// By how much memory grew when it was loaded and scored once, in bytes.
    pub(super) resident_growth: Option<u64>,
    /// How much of that is no file's.
    pub(super) private_growth: Option<u64>,
}

/// Loads the releases and scores every message with each.
pub(super) fn measure(args: &Args, mail: &[RawMessage], busy: &Busy) -> anyhow::Result<Measured> {
    let threads = args.threads.count();
    let paths = args.paths();
    let runtime = releases::builder(&args.runtime, paths.len(), threads).build().context("start the runtime")?;
    let resident_before = Resident::read().map(|resident| resident.now_bytes);
    let mut measured = Vec::new();
    for path in paths {
        busy.now(releases::loading(&path));
        measured.push(load(&runtime, &path, args, &mail[0])?);
    }
    let ids: Vec<_> = measured.iter().map(|of| of.id.clone()).collect();
    args.runtime.check_grants(&ids)?;
    busy.now("measuring".to_owned());
    let bench = Bench { runtime: &runtime, ids: &ids, args, mail };
    bench.on_threads(threads, WARM_UP_MESSAGES.min(args.messages as usize))?;
    let start = Instant::now();
    let (taken, mut pairs) = bench.on_threads(threads, args.messages as usize)?;
    let wall = start.elapsed();
    pairs.sort_unstable_by_key(|(turn, _)| *turn);
    let pairs = pairs.into_iter().map(|(_, times)| times).collect();
    for (of, taken) in measured.iter_mut().zip(taken) {
        of.timings = taken.timings;
        of.failed = taken.failed;
        of.logged = taken.logged;
        of.odd = taken.odd;
    }
    Ok(Measured { releases: measured, wall, resident_before, pairs })
}

fn load(runtime: &Runtime, path: &std::path::Path, args: &Args, first: &RawMessage) -> anyhow::Result<OfRelease> {
    let before = Resident::read();
    let start = Instant::now();
    let id = runtime.load(path).map_err(releases::described)?;
    let load = start.elapsed();
    // A failure is counted when it is this message's turn.
    let _ = runtime.score_with(&id, &args.message.message(first.clone()));
    let after = Resident::read();
    let growth = |of: fn(Resident) -> u64| Some(of(after?).saturating_sub(of(before?)));
    Ok(OfRelease {
        id,
        timings: Vec::new(),
        failed: 0,
        logged: Noted::default(),
        odd: Odd::default(),
        load,
        resident_growth: growth(|resident| resident.now_bytes),
        private_growth: growth(|resident| resident.private_bytes),
    })
}

#[derive(Clone, Default)]
struct Taken {
    timings: Vec<Timing>,
    failed: u64,
    logged: Noted,
    odd: Odd,
}

/// Messages that an author wants to look at, with their numbers, from 1.
#[derive(Clone, Default)]
pub(super) struct Odd {
    /// Those that took longest, each once, the slowest first.
    pub(super) slowest: Vec<(Duration, usize)>,
    /// Why it failed, on which message first, and how often.
    pub(super) failed: BTreeMap<String, (usize, u64)>,
}

impl Odd {
    fn took(&mut self, message: usize, time: Duration) {
        let is_slow =
            self.slowest.len() < MESSAGES_SHOWN || self.slowest.last().is_some_and(|(least, _)| time > *least);
        if is_slow {
            self.slowest.push((time, message));
            self.tidy();
        }
    }

    fn failed_on(&mut self, why: String, message: usize, times: u64) {
        let (first, count) = self.failed.entry(why).or_insert((message, 0));
        (*first, *count) = (message.min(*first), *count + times);
    }

    fn join(&mut self, other: Self) {
        self.slowest.extend(other.slowest);
        self.tidy();
        other.failed.into_iter().for_each(|(why, (message, times))| self.failed_on(why, message, times));
    }

    fn tidy(&mut self) {
        self.slowest.sort_by_key(|slow| Reverse(*slow));
        let mut seen = BTreeSet::new();
        self.slowest.retain(|(_, message)| seen.insert(*message));
        self.slowest.truncate(MESSAGES_SHOWN);
    }
}

/// What a release logged.
#[derive(Clone, Default)]
pub(super) struct Noted {
    pub(super) lines: u64,
    /// The first lines that each thread saw, with the number of the message, from 1.
    pub(super) first: Vec<(usize, LogLine)>,
}

impl Noted {
    fn add(&mut self, message: usize, log: Logged) {
        self.lines += log.lines.len() as u64 + u64::from(log.dropped);
        let room = LINES_SHOWN.saturating_sub(self.first.len());
        self.first.extend(log.lines.into_iter().take(room).map(|line| (message, line)));
    }

    fn join(&mut self, other: Self) {
        self.lines += other.lines;
        self.first.extend(other.first);
        self.first.sort_by_key(|(message, _)| *message);
        self.first.truncate(LINES_SHOWN);
    }
}

/// What two releases took for one message, with the turn in which it was scored.
type Pair = (usize, [Duration; 2]);

struct Bench<'a> {
    runtime: &'a Runtime,
    ids: &'a [ReleaseId],
    args: &'a Args,
    mail: &'a [RawMessage],
}

impl Bench<'_> {
    /// Scores this many messages, each with every release.
    fn on_threads(&self, threads: usize, messages: usize) -> anyhow::Result<(Vec<Taken>, Vec<Pair>)> {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| self.work(&next, messages))).collect();
            let mut all = vec![Taken::default(); self.ids.len()];
            let mut all_pairs = Vec::new();
            for worker in workers {
                let (taken, pairs) = worker.join().map_err(|_| anyhow!("a thread that scored panicked"))?;
                all_pairs.extend(pairs);
                for (all, taken) in all.iter_mut().zip(taken) {
                    all.timings.extend(taken.timings);
                    all.failed += taken.failed;
                    all.logged.join(taken.logged);
                    all.odd.join(taken.odd);
                }
            }
            Ok((all, all_pairs))
        })
    }

    fn work(&self, next: &AtomicUsize, messages: usize) -> (Vec<Taken>, Vec<Pair>) {
        let (mut taken, mut pairs) = (vec![Taken::default(); self.ids.len()], Vec::new());
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            if turn >= messages {
                return (taken, pairs);
            }
            let place = turn % self.mail.len();
            let mut times = vec![None; self.ids.len()];
            for which in order(turn, self.mail.len(), self.ids.len()) {
                times[which] = self.score(which, place, &mut taken[which]);
            }
            if let [Some(first), Some(second), ..] = times[..] {
                pairs.push((turn, [first, second]));
            }
        }
    }

    /// Scores a message with a release; returns how long it took, unless it failed.
    fn score(&self, which: usize, place: usize, taken: &mut Taken) -> Option<Duration> {
        let message = self.args.message.message(self.mail[place].clone());
        let start = Instant::now();
        let scored = self.runtime.score_with(&self.ids[which], &message);
        taken.odd.took(place + 1, start.elapsed());
        let (log, total) = match scored {
            Ok(scored) => {
                taken.timings.push(scored.timing);
                (scored.log, Some(scored.timing.total))
            }
            Err(failed) => {
                taken.failed += 1;
                taken.odd.failed_on(failed.fault.to_string(), place + 1, 1);
                (failed.log, None)
            }
        };
        taken.logged.add(place + 1, log);
        total
    }
}

/// In which order so many releases score a message: another one begins with each message, and with the same message when it comes
/// again. Whoever comes first has the colder caches.
fn order(turn: usize, messages: usize, releases: usize) -> impl Iterator<Item = usize> {
    let first = turn % messages + turn / messages;
    (0..releases).map(move |next| (first + next) % releases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_is_first_with_each_message_as_often_as_others() {
        for (messages, releases) in [(3, 2), (4, 2), (5, 3), (1, 2)] {
            for message in 0..messages {
                let orders: Vec<Vec<_>> =
                    (0..releases).map(|time| order(message + time * messages, messages, releases).collect()).collect();
                let mut first: Vec<_> = orders.iter().map(|order| order[0]).collect();
                first.sort_unstable();
                assert_eq!(first, (0..releases).collect::<Vec<_>>(), "{message} of {messages}");
                assert!(orders.iter().all(|order| order.iter().collect::<BTreeSet<_>>().len() == releases));
            }
            assert_ne!(
                order(0, messages + 1, 2).next(),
                order(1, messages + 1, 2).next(),
                "another with the next message"
            );
        }
    }

    #[test]
    fn a_message_is_slow_once_and_the_first_failure_of_a_kind_is_named() {
        let ms = Duration::from_millis;
        let (mut one, mut other) = (Odd::default(), Odd::default());
        for (message, time) in [(1, 5), (1, 9), (2, 7)] {
            one.took(message, ms(time));
        }
        other.took(2, ms(8));
        one.failed_on("it traps".to_owned(), 4, 1);
        other.failed_on("it traps".to_owned(), 3, 2);
        one.join(other);
        assert_eq!(one.slowest, [(ms(9), 1), (ms(8), 2)]);
        assert_eq!(one.failed, BTreeMap::from([("it traps".to_owned(), (3, 3))]));
    }
}
