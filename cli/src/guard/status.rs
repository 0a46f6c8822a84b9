//! `switchback guard status`.

mod screen;

use std::io;

use jiff::Timestamp;
use serde::Serialize;
use switchback::guard::{Flip, FlipEvidence, Segment, Settings, Tally, Test, Trial};
use switchback::{GuardReader, Health, KeptAlert, Loss, Process, ReleaseId, Rollout, SlotState};

use super::alerts::reader;
use super::proof::{OfSegment, of_tallies};
use crate::exit::Exit;
use crate::store::StoreArgs;
use crate::store::slot::{SlotArgs, Slots};

/// Show what the guard may do, what it knows of each candidate, and whether it is at work
///
/// Segments that are harmed come first, then those with the most flips. The E-value is the evidence against a harmless
/// candidate; where it reaches what is needed, and the floor is reached too, the guard acts.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    slot: SlotArgs,

    /// Segments of each candidate
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,

    /// Also candidates that are not tried any more
    #[arg(long)]
    all: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Examples:
  switchback guard status
  switchback guard status --slot inbound --limit 50
  switchback guard status --json | jq '.slots[].trials[].segments[] | select(.standing == \"harmed\")'

Exit codes:
  0  the guard is at work in every process, and nothing is harmed
  1  a guard is in trouble or says nothing, it has lost what it knew, a segment is harmed, or the store cannot be read
  2  the command line is wrong";

/// Alerts that are shown.
const ALERTS: u32 = 10;

/// Everything that is shown.
#[derive(Serialize)]
struct Status {
    slots: Vec<OfSlot>,
    processes: Vec<OfProcess>,
    loss: Option<Loss>,
    /// The latest first.
    alerts: Vec<switchback::alert::Alert>,
    #[serde(skip)]
    kept: Vec<KeptAlert>,
}

#[derive(Serialize)]
struct OfSlot {
    slot: String,
    settings: Settings,
    trials: Vec<OfTrial>,
    rollout: Option<Rollout>,
}

/// A candidate against a baseline.
#[derive(Serialize)]
struct OfTrial {
    candidate: ReleaseId,
    baseline: ReleaseId,
    /// The generation since which it is tried.
    since: u64,
    began_at: Timestamp,
    last_at: Timestamp,
    is_over: bool,
    segments: Vec<Judged>,
}

/// A segment, with the evidence.
#[derive(Serialize)]
struct Judged {
    #[serde(flatten)]
    known: OfSegment,
    up: Strength,
    down: Strength,
}

/// The evidence for harm in one direction, of the test that is nearer to its goal.
#[derive(Clone, Copy, Serialize)]
struct Strength {
    test: Test,
    log_e: f64,
    log_threshold: f64,
}

#[derive(Serialize)]
struct OfProcess {
    process: u64,
    name: String,
    /// None if it has not said how its guard is.
    health: Option<Health>,
    trouble: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let control = args.store.open()?;
    let (state, processes) = (control.state()?, control.processes()?);
    let chosen = Slots::of(&state, &processes).scope(&args.slot)?;
    let reader = reader(&args.store)?;
    let mut slots = Vec::new();
    for (name, slot) in state.slots.iter().filter(|(name, _)| chosen.as_ref().is_none_or(|chosen| chosen == *name)) {
        slots.push(OfSlot::of(name, slot, reader.as_ref(), args.all)?);
    }
    let health = reader.as_ref().map_or(Ok(Vec::new()), GuardReader::health)?;
    let loss = reader.as_ref().map_or(Ok(None), GuardReader::loss)?;
    let kept = reader.as_ref().map_or(Ok(Vec::new()), |reader| reader.alerts(ALERTS))?;
    let now = Timestamp::now();
    let processes = processes.iter().map(|process| OfProcess::of(process, &health, now)).collect();
    let alerts = kept.iter().map(|kept| kept.alert.clone()).collect();
    let status = Status { slots, processes, loss: loss.filter(|loss| loss.is_felt(now)), alerts, kept };
    let mut out = io::stdout().lock();
    match args.json {
        true => {
            serde_json::to_writer(&mut out, &status)?;
            io::Write::write_all(&mut out, b"\n")?;
        }
        false => screen::write(&status, args.limit, &mut out)?,
    }
    Ok(Exit::found_if(status.is_troubled()))
}

impl Status {
    fn is_troubled(&self) -> bool {
        let trials = self.slots.iter().flat_map(|slot| &slot.trials).filter(|trial| !trial.is_over);
        let harmed = trials.flat_map(|trial| &trial.segments).any(|one| one.known.is_harmed());
        harmed || self.loss.is_some() || self.processes.iter().any(|process| process.trouble.is_some())
    }
}

impl OfSlot {
    fn of(name: &str, slot: &SlotState, reader: Option<&GuardReader>, all: bool) -> anyhow::Result<Self> {
        let mut trials = Vec::new();
        for trial in reader.map_or(Ok(Vec::new()), |reader| reader.trials(name))? {
            let is_over = slot.entered.get(&trial.candidate.digest) != Some(&trial.since);
            if is_over && !all {
                continue;
            }
            let judge = Trial::new(slot.guard.clone(), trial.baseline.clone(), trial.began_at);
            let tallies = reader.map_or(Ok(Vec::new()), |reader| reader.tallies(&trial))?;
            let segments = of_tallies(&judge, tallies).into_iter().map(|known| Judged::of(known, &judge)).collect();
            let switchback::TrialRecord { candidate, baseline, since, began_at, last_at, .. } = trial;
            trials.push(OfTrial { candidate, baseline, since, began_at, last_at, is_over, segments });
        }
        Ok(Self { slot: name.to_owned(), settings: slot.guard.clone(), trials, rollout: slot.rollout.clone() })
    }
}

impl Judged {
    fn of(known: OfSegment, judge: &Trial) -> Self {
        let [up, down] = [Flip::Up, Flip::Down].map(|flip| Strength::of(judge, &known.segment, &known.tally, flip));
        Self { known, up, down }
    }
}

impl Strength {
    /// As the guard computes it: half of the error probability for each of the two tests.
    fn of(judge: &Trial, segment: &Segment, tally: &Tally, flip: Flip) -> Self {
        let settings = judge.settings();
        let (alpha, direction) = match flip {
            Flip::Up => (settings.alpha, &tally.up),
            Flip::Down => (settings.alpha_down, &tally.down),
        };
        let [gross, net] =
            [(Test::Gross, settings.tolerance.gross), (Test::Net, settings.tolerance.net)].map(|(test, tolerance)| {
                let evidence = FlipEvidence {
                    baseline: judge.baseline().clone(),
                    began_at: judge.began_at(),
                    segment: segment.clone(),
                    flip,
                    test,
                    counts: direction.eligible,
                    tolerance,
                    alpha: alpha / 2.0,
                    weight: tally.weight,
                    log_e: 0.0,
                    log_threshold: 0.0,
                    senders: direction.senders.count(),
                    recipients: direction.recipients.count(),
                    harmed: Vec::new(),
                };
                let (log_e, log_threshold) = evidence.recompute();
                Self { test, log_e, log_threshold }
            });
        if net.log_e > gross.log_e { net } else { gross }
    }
}

impl OfProcess {
    fn of(process: &Process, health: &[Health], now: Timestamp) -> Self {
        let health = health.iter().find(|health| health.process == process.number).cloned();
        let trouble = match &health {
            Some(health) => health.trouble(now),
            // Without a slot it has nothing to guard.
            None => (!process.registered.slots.is_empty()).then(|| "it has not said how its guard is".to_owned()),
        };
        Self { process: process.number, name: process.registered.name.clone(), health, trouble }
    }
}
