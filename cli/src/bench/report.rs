//! Measurements as they are printed.

use std::cmp::Reverse;
use std::io::{self, Write};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use switchback::ReleaseId;
use switchback::verdict::Timing;
use switchback_corpus::Mail;
use switchback_mailgen::Profile;

use super::against::Against;
use super::memory::Resident;
use super::run::{Measured, OfRelease};
use super::{Args, name};
use crate::show;

/// Causes of failures that are told of a release. A model may word each of its failures otherwise.
const CAUSES_SHOWN: usize = 10;

/// All measurements.
#[derive(JsonSchema, Serialize)]
pub(super) struct Report {
    /// Said to people; programs know what they asked for.
    #[serde(skip)]
    generated: Option<Profile>,
    messages: u32,
    distinct_messages: usize,
    mean_message_bytes: usize,
    threads: usize,
    wall_us: f64,
    /// All releases on all threads together.
    verdicts_per_s: f64,
    resident_bytes_before: Option<u64>,
    resident_bytes: Option<u64>,
    resident_bytes_peak: Option<u64>,
    releases: Vec<ReportOf>,
    /// How the first release did beside the one of --against; absent without that.
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Against>,
}

#[derive(JsonSchema, Serialize)]
struct ReportOf {
    release: ReleaseId,
    failed: u64,
    /// Lines that it logged.
    log_lines: u64,
    load_us: f64,
    resident_growth_bytes: Option<u64>,
    /// What of that is no file's: the pages of files, most of them compiled code, are shared by all processes.
    private_growth_bytes: Option<u64>,
    /// None if it never answered.
    times: Option<Times>,
    /// The messages that took longest, the slowest first.
    slowest: Vec<Slow>,
    /// Why it failed: the ten causes that happened most.
    failures: Vec<Failure>,
}

#[derive(JsonSchema, Serialize)]
struct Slow {
    message: String,
    total_us: f64,
}

#[derive(JsonSchema, Serialize)]
struct Failure {
    why: String,
    count: u64,
    /// The first of the messages.
    message: String,
}

#[derive(JsonSchema, Serialize)]
struct Times {
    parse_us: Spread,
    instantiate_us: Spread,
    guest_us: Spread,
    total_us: Spread,
    /// If all threads did nothing but score with this release.
    messages_per_s: f64,
}

#[derive(JsonSchema, Serialize)]
struct Spread {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Report {
    pub(super) fn new(args: &Args, mail: &Mail, measured: Measured) -> Self {
        let raw_messages = &mail.messages;
        let threads = args.threads.count();
        let resident = Resident::read();
        let verdicts: usize = measured.releases.iter().map(|of| of.timings.len()).sum();
        Self {
            generated: args.inputs.is_empty().then_some(args.profile),
            messages: args.messages,
            distinct_messages: raw_messages.len(),
            mean_message_bytes: raw_messages.iter().map(|raw| raw.bytes.len()).sum::<usize>() / raw_messages.len(),
            threads,
            wall_us: micros(measured.wall),
            verdicts_per_s: verdicts as f64 / measured.wall.as_secs_f64(),
            resident_bytes_before: measured.resident_before,
            resident_bytes: resident.map(|resident| resident.now_bytes),
            resident_bytes_peak: resident.map(|resident| resident.peak_bytes),
            against: args.against.as_ref().map(|_| Against::of(&measured.pairs)),
            releases: measured.releases.into_iter().map(|of| ReportOf::new(of, threads, &mail.names)).collect(),
        }
    }

    /// Messages that a release failed on.
    pub(super) fn failed(&self) -> u64 {
        self.releases.iter().map(|of| of.failed).sum()
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{} ({}{} distinct, {} on average) with each of {} on {}",
            show::counted(self.messages.into(), "message"),
            self.generated.map_or_else(String::new, |profile| format!("generated, {profile}; ")),
            show::count(self.distinct_messages as u64),
            show::bytes(self.mean_message_bytes as u64),
            show::counted(self.releases.len() as u64, "release"),
            show::counted(self.threads as u64, "thread"),
        )?;
        let mut table = show::table([
            "p50 / p99 per message",
            "parse",
            "instantiate",
            "guest",
            "total",
            "slowest",
            "messages/s",
            "load",
            "memory (private)",
            "failed",
        ]);
        for of in &self.releases {
            table.add_row(of.row());
        }
        show::numbers(&mut table, 1..10);
        writeln!(out, "\n{}\n", table.trim_fmt())?;
        self.releases.iter().try_for_each(|of| of.write_odd(out))?;
        if let (Some(against), [release, other, ..]) = (&self.against, &self.releases[..]) {
            against.write(&release.release, &other.release, out)?;
        }
        let [before, now, peak] =
            [self.resident_bytes_before, self.resident_bytes, self.resident_bytes_peak].map(memory_text);
        let (rate, wall) =
            (show::count(self.verdicts_per_s as u64), show::time(Duration::from_secs_f64(self.wall_us / 1e6)));
        writeln!(
            out,
            "{rate} verdicts/s over all, in {wall}; memory {before} before loading, {now} now, {peak} at most"
        )
    }
}

impl ReportOf {
    fn new(mut of: OfRelease, threads: usize, names: &[String]) -> Self {
        let slow = |(time, message)| Slow { message: name(message, names), total_us: micros(time) };
        let failure = |(why, (message, count))| Failure { why, count, message: name(message, names) };
        let mut failures: Vec<_> = of.odd.failed.into_iter().map(failure).collect();
        failures.sort_by_key(|failure| Reverse(failure.count));
        failures.truncate(CAUSES_SHOWN);
        Self {
            failed: of.failed,
            log_lines: of.logged.lines,
            load_us: micros(of.load),
            resident_growth_bytes: of.resident_growth,
            private_growth_bytes: of.private_growth,
            slowest: of.odd.slowest.into_iter().map(slow).collect(),
            failures,
            times: (!of.timings.is_empty()).then(|| Times::of(&mut of.timings, threads)),
            release: of.id,
        }
    }

    /// The messages to look at.
    fn write_odd(&self, out: &mut impl Write) -> io::Result<()> {
        for (number, Slow { message, total_us }) in self.slowest.iter().enumerate() {
            let what = if number == 0 { "slowest with" } else { "then" };
            writeln!(out, "{what} {}: {}  {message}", self.release, time(*total_us))?;
        }
        for Failure { why, count, message } in &self.failures {
            let count = show::counted(*count, "time");
            writeln!(out, "{} failed {count}, first on {message}: {}", self.release, show::printable(why, 500))?;
        }
        Ok(())
    }

    fn row(&self) -> Vec<String> {
        let mut row = vec![self.release.to_string()];
        match &self.times {
            Some(times) => {
                let spreads = [&times.parse_us, &times.instantiate_us, &times.guest_us, &times.total_us];
                row.extend(spreads.map(|spread| format!("{} / {}", time(spread.p50), time(spread.p99))));
                row.push(time(times.total_us.max));
                row.push(show::count(times.messages_per_s as u64));
            }
            None => row.extend(["-"; 6].map(str::to_owned)),
        }
        row.push(time(self.load_us));
        let [grown, private] = [self.resident_growth_bytes, self.private_growth_bytes].map(memory_text);
        row.push(format!("{grown} ({private})"));
        row.push(show::count(self.failed));
        row
    }
}

impl Times {
    fn of(timings: &mut [Timing], threads: usize) -> Self {
        let total: Duration = timings.iter().map(|timing| timing.total).sum();
        Self {
            messages_per_s: threads as f64 * timings.len() as f64 / total.as_secs_f64(),
            parse_us: Spread::of(timings, |timing| timing.parse),
            instantiate_us: Spread::of(timings, |timing| timing.instantiate),
            guest_us: Spread::of(timings, |timing| timing.guest),
            total_us: Spread::of(timings, |timing| timing.total),
        }
    }
}

impl Spread {
    /// Percentiles by nearest rank: times that a message took. There is at least one.
    fn of(timings: &mut [Timing], part: impl Fn(&Timing) -> Duration) -> Self {
        timings.sort_unstable_by_key(&part);
        let at = |percent: usize| micros(part(&timings[(timings.len() * percent).div_ceil(100).max(1) - 1]));
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

fn time(us: f64) -> String {
    show::time(Duration::from_secs_f64(us / 1e6))
}

fn memory_text(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), show::bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_a_message_took() {
        let mut timings = vec![Timing::default(); 200];
        timings.iter_mut().rev().zip(1..).for_each(|(timing, us)| timing.total = Duration::from_micros(us));
        let times = Times::of(&mut timings, 2);
        assert_eq!([times.total_us.p50, times.total_us.p99, times.total_us.max], [100.0, 198.0, 200.0]);
        // 200 messages took 20.1 ms of one thread's time.
        assert!((times.messages_per_s - 2.0 * 200.0 / 0.0201).abs() < 1e-6);
    }
}
