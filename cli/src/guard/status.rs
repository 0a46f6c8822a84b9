//! `switchback guard status`.

mod screen;

use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::ReleaseId;
use switchback::alert::KeptAlert;
use switchback::control::{ProcessNumber, Rollout, SlotState, StoreProcess};
use switchback::guard::{
    Blind, Circumstances, Flip, GuardSettings, MailCounts, Mode, Requirements, Strength, Tally, Trial,
};
use switchback::guard::{GuardReader, Health, Loss};
use switchback::route::Generation;

use super::alerts::reader;
use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::store::proof::{OfSegment, in_segment, of_tallies};
use crate::store::slot::Slots;
use crate::store::{self, StoreArgs};

/// Show what the guard may do, what it knows about each candidate, and whether it is working
///
/// Segments that are harmed come first, then those with the most flips. For each segment in which verdicts flip, it shows what
/// the guard needs before it acts, what it has, and what is missing. The E-value is the evidence against a harmless candidate.
/// It also shows whether the filter gives the guard too little to act at all: which mail is authenticated, and its recipients.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Only this slot [default: every slot]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    /// Segments to show of each candidate
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,

    /// Also show trials that are over
    #[arg(long)]
    all: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback guard status
  switchback guard status --slot inbound --limit 50
  switchback guard status --json | jq '.slots[].trials[].segments[] | select(.standing == \"harmed\")'
  switchback guard status --json | jq '.slots[].trials[].segments[] | {segment, why: .up.why}'";

const EXIT_CODES: [&str; 2] = [
    "the guard is working in every process, and no segment is harmed",
    "a guard has a fault or does not report, its memory was lost, (nearly) no mail of a slot is authenticated, a segment is \
     harmed, or the store cannot be read",
];

/// Alerts that are shown.
const ALERTS: u32 = 10;

/// Everything that is shown.
#[derive(JsonSchema, Serialize)]
struct Status {
    slots: Vec<OfSlot>,
    processes: Vec<OfProcess>,
    loss: Option<Loss>,
    /// The latest first.
    alerts: Vec<switchback::alert::Alert>,
    #[serde(skip)]
    kept: Vec<KeptAlert>,
}

#[derive(JsonSchema, Serialize)]
struct OfSlot {
    slot: String,
    settings: GuardSettings,
    /// Of today and yesterday.
    mail: MailCounts,
    /// What the filter does not tell of it.
    blind: Vec<Blind>,
    trials: Vec<OfTrial>,
    rollout: Option<Rollout>,
}

/// A candidate against a baseline.
#[derive(JsonSchema, Serialize)]
struct OfTrial {
    candidate: ReleaseId,
    baseline: ReleaseId,
    /// The generation since which it is tried.
    since: Generation,
    began_at: Timestamp,
    last_at: Timestamp,
    is_over: bool,
    /// What was compared, and how much of that can be acted on.
    pairs: MailCounts,
    segments: Vec<Judged>,
}

/// A segment, with the evidence.
#[derive(JsonSchema, Serialize)]
struct Judged {
    #[serde(flatten)]
    known: OfSegment,
    up: Weighed,
    down: Weighed,
}

/// What the guard has to act on flips one way.
#[derive(JsonSchema, Serialize)]
struct Weighed {
    /// The evidence, of the test that is nearer to its goal.
    #[serde(flatten)]
    strength: Strength,
    /// What it takes to act, and what there is of it.
    requirements: Requirements,
    /// Whether flips this way are acted on, and not only warned about.
    is_acted_on: bool,
    /// Why nothing is done, or that something is.
    why: String,
}

#[derive(JsonSchema, Serialize)]
struct OfProcess {
    process: ProcessNumber,
    name: String,
    /// None if its guard has not reported.
    health: Option<Health>,
    trouble: Option<String>,
}

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("guard-status", &[kind::<Status>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let control = args.store.open()?;
    let (state, processes) = (store::state(&control)?, control.processes()?);
    let chosen = Slots::of(&state, &processes).known(args.slot.as_deref())?;
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
            json_line(&status, &mut out)?;
        }
        false => screen::write(&status, args.limit, &mut out)?,
    }
    Ok(Exit::found_if(status.is_troubled()))
}

impl Status {
    fn is_troubled(&self) -> bool {
        let trials = self.slots.iter().flat_map(|slot| &slot.trials).filter(|trial| !trial.is_over);
        let harmed = trials.flat_map(|trial| &trial.segments).any(|one| one.known.is_harmed());
        let is_blind = self.slots.iter().any(|slot| slot.blind.contains(&Blind::Unauthenticated));
        harmed || is_blind || self.loss.is_some() || self.processes.iter().any(|process| process.trouble.is_some())
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
            let knows_few = reader.map_or(Ok(false), |reader| reader.knows_few(&slot.guard))?;
            let now = judge.circumstances(trial.last_at, knows_few);
            let judged = |known| Judged::of(known, &judge, now);
            let segments = of_tallies(&judge, now, tallies).into_iter().map(judged).collect();
            let switchback::guard::TrialRecord { candidate, baseline, since, began_at, last_at, pairs, .. } = trial;
            trials.push(OfTrial { candidate, baseline, since, began_at, last_at, is_over, pairs, segments });
        }
        let mail = reader.map_or(Ok(MailCounts::default()), |reader| reader.mail(name, Timestamp::now()))?;
        let (slot, settings, rollout) = (name.to_owned(), slot.guard.clone(), slot.rollout.clone());
        let blind = if settings.mode == Mode::Off { Vec::new() } else { mail.blind() };
        Ok(Self { slot, settings, mail, blind, trials, rollout })
    }
}

impl Judged {
    fn of(known: OfSegment, judge: &Trial, now: Circumstances) -> Self {
        let now = in_segment(now, &known.segment);
        let [up, down] = [Flip::Up, Flip::Down].map(|flip| Weighed::of(judge, &known.tally, flip, now));
        Self { known, up, down }
    }
}

impl Weighed {
    fn of(judge: &Trial, tally: &Tally, flip: Flip, now: Circumstances) -> Self {
        let requirements = judge.requirements(tally, flip, now);
        let is_acted_on = judge.acts_on(flip);
        let why = match (requirements.shortage(), judge.settings().mode) {
            (Some(shortage), _) => shortage,
            (None, _) if !is_acted_on => "enough; flips this way only warn".to_owned(),
            (None, Mode::Act) => "enough: the guard acts".to_owned(),
            (None, Mode::Warn) => "enough; mode warn: the guard only warns".to_owned(),
            (None, Mode::Off) => "enough; mode off: the guard waits".to_owned(),
        };
        Self { strength: judge.strength(tally, flip), requirements, is_acted_on, why }
    }
}

impl OfProcess {
    fn of(process: &StoreProcess, health: &[Health], now: Timestamp) -> Self {
        let health = health.iter().find(|health| health.process == process.number.get()).cloned();
        let trouble = match &health {
            Some(health) => health.trouble(now),
            // Without a slot it has nothing to guard.
            None => (!process.registered.slots.is_empty()).then(|| "its guard has not reported".to_owned()),
        };
        Self { process: process.number, name: process.registered.name.clone(), health, trouble }
    }
}
