//! Round after round, until somebody ends it.

use std::fs;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use switchback::ReleaseId;
use tempfile::TempDir;

use super::Args;
use super::answers::{Answers, Scorer};
use super::event::Event;
use super::interrupt;
use super::mail::Mail;
use super::origins::Origins;
use super::packer::{self, News};
use super::packing::Packing;
use super::repeats::Repeats;
use super::round::{Differs, Failure, Outcome, Round, Scored, Step};
use super::watch::Watch;
use crate::exit::{Exit, explained, say};
use crate::progress::Busy;
use crate::schema::json_line;
use crate::show;

/// How long nothing may be told before it is looked: whoever saves or checks out many files is done then.
const QUIET: Duration = Duration::from_millis(50);

/// How long that is waited for at most.
const QUIET_WITHIN: Duration = Duration::from_secs(2);

/// Files that are named in a round.
const FILES_MAX: usize = 100;

/// What there is between rounds.
pub(super) struct Session<'a> {
    args: &'a Args,
    events: Receiver<Event>,
    sender: Sender<Event>,
    watch: Watch,
    scorer: Scorer<'a>,
    mail: Mail,
    /// The last release that could be packed, and what it said of the mail. It is not loaded while nobody asks it: a runtime's clock ticks.
    base: Option<(ReleaseId, Answers)>,
    rounds: u64,
    repeats: Repeats,
    /// Whether something was told while a round went on.
    is_touched: bool,
    /// Where that release is, and the next one until it was scored.
    folder: TempDir,
}

/// What packing came to.
struct Made {
    steps: Vec<Step>,
    /// The release, and the self-tests that it answers otherwise; or why there is none.
    packed: Result<(ReleaseId, Vec<String>), String>,
}

impl<'a> Session<'a> {
    /// Reads the mail.
    ///
    /// # Errors
    /// If there is no model or no mail.
    pub(super) fn begin(args: &'a Args) -> anyhow::Result<Self> {
        let origins = Origins::of(args)?;
        let (sender, events) = mpsc::channel();
        let is_over = interrupt::listen(sender.clone()).context("cannot take signals")?;
        let scorer = Scorer::new(args, is_over)?;
        let mut watch = Watch::new(args, origins, sender.clone());
        let seen = watch.look();
        watch.take_mail(seen.mail);
        let busy = Busy::with("reading the mail".to_owned());
        let mail = Mail::read(args);
        drop(busy);
        if mail.messages.is_empty() {
            bail!("there is no message to score");
        }
        let (base, rounds, repeats, is_touched) = (None, 0, Repeats::default(), false);
        let folder = tempfile::tempdir().context("there is no place for releases")?;
        Ok(Self { args, events, sender, watch, scorer, mail, base, rounds, repeats, is_touched, folder })
    }

    /// Goes on until it is interrupted.
    pub(super) fn run(mut self) -> anyhow::Result<Exit> {
        let messages = show::counted(self.mail.messages.len() as u64, "message");
        say(&format!("watching {} and {messages} of mail; Ctrl-C ends it", self.watch.origins.model.display()));
        while self.step()?.is_continue() {}
        Ok(Exit::Fine)
    }

    /// Looks, and does what there is to do, or waits.
    fn step(&mut self) -> anyhow::Result<ControlFlow<()>> {
        if std::mem::take(&mut self.is_touched) && self.until_quiet().is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let seen = self.watch.look();
        let [model, mail] = self.watch.changes(&seen);
        if !mail.is_empty() {
            self.watch.take_mail(seen.mail);
            return self.read_mail(&mail);
        }
        let is_first = self.watch.is_new();
        if model.is_empty() && !is_first {
            // The same content, perhaps of other files.
            self.watch.take_model(seen.model);
            return Ok(self.wait());
        }
        if self.repeats.holds(&model) {
            return Ok(self.wait());
        }
        // From here on every change counts for the next round, also one that this round gets to see.
        self.watch.take_model(seen.model);
        let changed = if is_first { Vec::new() } else { model };
        self.round(&changed)
    }

    /// Waits until there may be something to do.
    fn wait(&mut self) -> ControlFlow<()> {
        match self.events.recv_timeout(self.watch.interval()) {
            Ok(Event::Interrupted) => ControlFlow::Break(()),
            Ok(Event::Touched) => self.until_quiet(),
            Ok(Event::News(_) | Event::Ended) | Err(_) => ControlFlow::Continue(()),
        }
    }

    /// Lets whoever changes files come to an end.
    fn until_quiet(&self) -> ControlFlow<()> {
        let begun = Instant::now();
        while begun.elapsed() < QUIET_WITHIN {
            match self.events.recv_timeout(QUIET) {
                Ok(Event::Interrupted) => return ControlFlow::Break(()),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        ControlFlow::Continue(())
    }

    /// Reads the mail again, and has the last release score it.
    fn read_mail(&mut self, changed: &[PathBuf]) -> anyhow::Result<ControlFlow<()>> {
        let begun = Instant::now();
        self.mail = Mail::read(self.args);
        let mut steps = vec![Step::new("read", begun.elapsed())];
        let base = self.release("base");
        if let Some((_, answers)) = &mut self.base {
            let begun = Instant::now();
            let candidate = self.scorer.load(&base)?;
            steps.push(Step::new("load", begun.elapsed()));
            let begun = Instant::now();
            let Some(asked) = self.scorer.ask(&candidate, &self.mail.messages) else {
                return Ok(ControlFlow::Break(()));
            };
            *answers = asked;
            steps.push(Step::new("score", begun.elapsed()));
        }
        let outcome = Outcome::Mail { messages: self.mail.messages.len(), missed: self.mail.missed };
        self.tell(changed, outcome, steps)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Packs the model, and scores with it.
    fn round(&mut self, changed: &[PathBuf]) -> anyhow::Result<ControlFlow<()>> {
        let Some(Made { mut steps, packed }) = self.pack()? else { return Ok(ControlFlow::Break(())) };
        let seen = self.watch.look();
        let [meanwhile, _] = self.watch.changes(&seen);
        if !self.repeats.note(meanwhile) {
            self.watch.take_model(seen.model);
        }
        let outcome = match packed {
            Err(why) => Outcome::Failed { why },
            Ok((release, _)) if self.base.as_ref().is_some_and(|(base, _)| *base == release) => {
                Outcome::Same { release }
            }
            Ok((_, self_tests)) => match self.score(self_tests, &mut steps)? {
                Some(outcome) => outcome,
                None => return Ok(ControlFlow::Break(())),
            },
        };
        self.tell(changed, outcome, steps)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Packs the model in a process of its own; none if the command is to end.
    fn pack(&mut self) -> anyhow::Result<Option<Made>> {
        let origins = &self.watch.origins;
        let args = packer::Args {
            model: origins.model.clone(),
            out: self.release("next"),
            component: origins.component.clone(),
            profile: self.args.profile.clone(),
            cargo_args: self.args.cargo_args.clone(),
        };
        let mut made = Made { steps: Vec::new(), packed: Err("what packs it has ended before it was done".to_owned()) };
        let busy = Busy::with("packing".to_owned());
        let _packing = Packing::start(&args, self.sender.clone())?;
        loop {
            match self.events.recv()? {
                Event::Interrupted => return Ok(None),
                Event::Ended => return Ok(Some(made)),
                Event::Touched => self.is_touched = true,
                Event::News(News::Now(step)) => busy.now(step),
                Event::News(News::Remark(remark)) => busy.say(&remark),
                Event::News(News::Uses(path)) => self.watch.use_too(&path),
                Event::News(News::Step(step, took)) => made.steps.push(Step::new(step, took)),
                Event::News(News::Packed(release, self_tests)) => made.packed = Ok((release, self_tests)),
                Event::News(News::Failed(why)) => made.packed = Err(why),
            }
        }
    }

    /// Scores with the release that was packed, which the next one is compared with; none if the command is to end.
    fn score(&mut self, self_tests: Vec<String>, steps: &mut Vec<Step>) -> anyhow::Result<Option<Outcome>> {
        let begun = Instant::now();
        let next = self.release("next");
        let candidate = match self.scorer.load(&next) {
            Ok(candidate) => candidate,
            Err(error) => return Ok(Some(Outcome::Failed { why: explained(&error) })),
        };
        steps.push(Step::new("load", begun.elapsed()));
        let begun = Instant::now();
        let Some(answers) = self.scorer.ask(&candidate, &self.mail.messages) else { return Ok(None) };
        steps.push(Step::new("score", begun.elapsed()));
        fs::rename(next, self.release("base")).context("keep the release")?;
        let names = &self.mail.names;
        let differs = self
            .base
            .as_ref()
            .map(|(base, before)| Differs::of(base.clone(), [&before.sides, &answers.sides], names, self.args.limit));
        let failure = answers.failure.as_ref();
        let outcome = Outcome::Scored(Box::new(Scored {
            release: candidate.id.clone(),
            messages: answers.sides.len(),
            failed: answers.failed(),
            failure: failure.map(|(place, why)| Failure { message: names[*place].clone(), why: why.clone() }),
            self_tests,
            differs,
        }));
        self.base = Some((candidate.id, answers));
        Ok(Some(outcome))
    }

    fn release(&self, which: &str) -> PathBuf {
        self.folder.path().join(format!("{which}.wasm"))
    }

    /// Says what came of a round.
    fn tell(&mut self, changed: &[PathBuf], outcome: Outcome, steps: Vec<Step>) -> io::Result<()> {
        self.rounds += 1;
        let here = std::env::current_dir().unwrap_or_default();
        let named = changed.iter().take(FILES_MAX).map(|path| path.strip_prefix(&here).unwrap_or(path));
        let round = Round {
            round: self.rounds,
            changed: named.map(|path| path.display().to_string()).collect(),
            changed_files: changed.len(),
            outcome,
            steps,
        };
        let mut out = io::stdout().lock();
        match (self.args.json, &round.outcome) {
            (true, _) => json_line(&round, &mut out)?,
            (false, Outcome::Failed { why }) => {
                say(why);
                round.write(&mut out)?;
            }
            (false, _) => round.write(&mut out)?,
        }
        out.flush()
    }
}
