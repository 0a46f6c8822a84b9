//! The day, told while it happens.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;

use super::audit::{Audit, Change};
use super::crew::Crew;
use super::guarded::{self, Guarded};
use super::operator::Told;
use super::report::Ended;
use super::script::{GENERATIONS, OFF, STEPS};
use super::stage::{ROW_MESSAGES_MIN, ROWS_PER_PHASE, Stage};
use super::table::Live;
use super::tally::Counts;
use super::worker;

/// The step after whose phase the comparison is shown.
const SHADOWED: usize = 2;

/// What is asked of the journal: how the shadow differs, and afterwards what it misfiled.
const COMPARE: &str = "compare linear@1.1.0 linear@2.0.0 --live --limit 3";
const IMPACT: &str = "impact linear@2.0.0 --against linear@1.1.0 --limit 3";

/// How many messages make a comparison that somebody looks at, and how long it is waited for them.
const PAIRS_MIN: u64 = 200;
const PATIENCE: Duration = Duration::from_secs(10);

impl Stage<'_> {
    /// Plays it, and accounts for every message.
    pub(super) fn play(&self, out: &mut impl Write) -> anyhow::Result<Ended> {
        let mut live = Live::new(out, self.source, self.args.json);
        live.title(self.args.processes, self.threads())?;
        // Until the last act: what a person does with a bad release is the story before.
        self.operator.change(OFF, "first without it")?;
        let known = guarded::learn(self)?;
        let (first, told) = self.step(0)?;
        live.step(&STEPS[0].line(), &told, first.returned - first.called)?;
        let mut crew = Crew::start(self.operator, &self.crew()?, self.dir)?;
        let (mut changes, mut operations) = (vec![first], vec![told]);
        self.day(&mut crew, &mut changes, &mut operations, &mut live)?;
        let guarded = match known {
            Some(known) => Some(Guarded::play(self, known, &mut crew, &mut changes, &mut operations, &mut live)?),
            None => None,
        };
        let answers = crew.end();
        let quarantine = self.quarantine();
        let impact = self.operator.ask_with(IMPACT, &["--source".as_ref(), quarantine.as_os_str()])?;
        live.command(&format!("{IMPACT} --source quarantine"), &impact)?;
        self.draw(&mut live)?;
        let audit = Audit::of(&answers, &changes, crew.begun());
        let counts: Vec<Counts> = (1..GENERATIONS).map(|generation| crew.counts(generation)).collect();
        let releases = changes.iter().map(|change| self.releases[usize::from(change.release)].clone()).collect();
        Ok(Ended::new(audit, self.source, releases, &counts, operations, self.operator.history()?, guarded))
    }

    /// Lets the processes score until the journal has some messages that both releases have scored. Where no core is free,
    /// a shadow sees few.
    fn wait_for_pairs(&self, crew: &mut Crew) -> anyhow::Result<()> {
        let begin = Instant::now();
        while self.operator.pairs(COMPARE) < PAIRS_MIN && begin.elapsed() < PATIENCE {
            crew.listen()?;
        }
        Ok(())
    }

    /// Where the processes put what they hold back.
    fn quarantine(&self) -> PathBuf {
        self.dir.join("quarantine")
    }

    /// Writes the comparison as a page, if that is wanted.
    fn draw(&self, live: &mut Live<'_, impl Write>) -> anyhow::Result<()> {
        let Some(page) = &self.args.html else { return Ok(()) };
        self.operator.ask_with(COMPARE, &["--html".as_ref(), page.as_os_str()])?;
        Ok(live.say(&format!("the comparison as a page: {}\n", page.display()))?)
    }

    /// Threads of each process.
    fn threads(&self) -> usize {
        (self.args.threads.count() / usize::from(self.args.processes)).max(1)
    }

    /// The processes to start.
    fn crew(&self) -> anyhow::Result<Vec<worker::Args>> {
        let epoch_ns =
            self.epoch.duration_since(SystemTime::UNIX_EPOCH).context("the clock is before 1970")?.as_nanos();
        let epoch_ns = u64::try_from(epoch_ns).context("the clock is after 2554")?;
        let of = u64::from(self.args.processes);
        let worker = |index| worker::Args {
            store: self.operator.store.clone(),
            name: format!("filter-{}", index + 1),
            index,
            of,
            threads: self.threads(),
            answers: self.dir.join(format!("answers-{index}")),
            quarantine: self.quarantine().join(format!("filter-{}", index + 1)),
            epoch_ns,
            seed: self.args.seed,
            corpus: self.args.corpus.clone(),
            message: self.args.message.clone(),
        };
        Ok((0..of).map(worker).collect())
    }

    /// Every phase, while the processes score.
    fn day(
        &self,
        crew: &mut Crew,
        changes: &mut Vec<Change>,
        operations: &mut Vec<Told>,
        live: &mut Live<'_, impl Write>,
    ) -> anyhow::Result<()> {
        let begin = Instant::now();
        for (index, step) in STEPS.iter().enumerate() {
            let generation = index + 1;
            if index > 0 {
                let (change, told) = self.step(index)?;
                live.step(&step.line(), &told, change.returned - change.called)?;
                changes.push(change);
                operations.push(told);
            }
            let mut before = Counts::default();
            for row in 0..ROWS_PER_PHASE {
                let rows = index as u32 * ROWS_PER_PHASE + row;
                let wanted = before.messages + self.row_messages(rows, begin.elapsed(), crew.begun());
                while crew.counts(generation).messages < wanted {
                    crew.listen()?;
                }
                let counts = crew.counts(generation);
                live.row(begin.elapsed(), &self.releases[usize::from(step.live)], &counts.since(&before))?;
                before = counts;
            }
            if index == SHADOWED {
                self.wait_for_pairs(crew)?;
                live.command(COMPARE, &self.operator.ask_with(COMPARE, &[])?)?;
            }
        }
        Ok(())
    }

    /// How many messages make the next row, after this many rows: as many as were asked for, or as many as
    /// the processes will score, at their speed so far, in its part of the time that is left.
    fn row_messages(&self, rows: u32, elapsed: Duration, begun: u64) -> u64 {
        if let Some(per_phase) = self.args.messages {
            return per_phase.div_ceil(ROWS_PER_PHASE.into());
        }
        let rows_left = ROWS_PER_PHASE * STEPS.len() as u32 - rows;
        let elapsed = elapsed.as_secs_f64();
        let left = (f64::from(self.args.seconds) - elapsed).max(0.0) / f64::from(rows_left.max(1));
        let speed = if rows == 0 { 0.0 } else { begun as f64 / elapsed.max(1e-6) };
        ((speed * left) as u64).max(ROW_MESSAGES_MIN)
    }

    /// Lets the operator do what begins a phase.
    fn step(&self, index: usize) -> anyhow::Result<(Change, Told)> {
        self.take(&STEPS[index], index + 1)
    }
}
