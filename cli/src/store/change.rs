//! Commands that change a store: what they have in common.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::{
    Admission, Anachronism, Committed, Event, Ledger, Proposal, Request, SlotState, StoreProcess, StoreState,
};
use switchback::verdict::Override;
use switchback::{Control, Digest, ReleaseId};

use super::StoreArgs;
use super::aftermath::Aftermath;
use super::author::AuthorArgs;
use super::effect;
use super::obeyed::Census;
use super::proof::Proof;
use super::reference;
use super::slot::{SlotArgs, Slots};
use super::text;
use crate::clock;
use crate::duration::wait;
use crate::exit::{Exit, say};
use crate::schema::{Output, json_line, kind};
use crate::show;

/// Options of every command that changes a store.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// Reason, recorded in the ledger
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) reason: String,

    #[command(flatten)]
    author: AuthorArgs,

    /// Print what would happen, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON object, with the event
    #[arg(long)]
    pub(crate) json: bool,

    /// How long to wait for the processes, at most an hour: `30s`, `2min`, or a number of seconds (docs/times.md)
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = wait)]
    wait: SignedDuration,
}

impl ChangeArgs {
    /// Who it is that operates.
    pub(crate) fn author(&self) -> String {
        self.author.name()
    }

    /// How long processes are waited for.
    pub(crate) fn wait(&self) -> Duration {
        self.wait.unsigned_abs()
    }

    /// Signs what is done to a store with who and why.
    pub(crate) fn sign(&self, control: Control) -> Control {
        control.author(self.author()).reason(self.reason.as_str())
    }
}

/// Somebody who changes a store.
pub(crate) struct Operator<'a> {
    pub(crate) control: Control,
    args: &'a ChangeArgs,
    /// The ledger as it was when the command began. It is read once: a long one takes a while.
    pub(crate) seen: Ledger,
}

/// A change that took place, or would.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Change {
    dry_run: bool,
    pub(crate) event: Event,
    /// The event's hash: the ledger's head until the next.
    head: Digest,
    #[serde(skip)]
    before: StoreState,
    #[serde(skip)]
    pub(crate) after: StoreState,
    /// When the event before it was written.
    #[serde(skip)]
    previous: Option<Timestamp>,
    #[serde(flatten)]
    aftermath: Aftermath,
}

/// What is said of a change beside the change itself.
#[derive(Debug, Default, JsonSchema, Serialize)]
pub(crate) struct Remarks {
    /// Sentences.
    pub(crate) notes: Vec<String>,
    /// Overrides that go on standing above the models; none where nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) standing_overrides: Option<Vec<Override>>,
    /// What the guard knew of a release before it was promoted; none where nothing was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proof: Option<Proof>,
}

/// A change as JSON.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ChangeOfStore")]
struct Record<'a> {
    #[serde(flatten)]
    change: &'a Change,
    /// The slots of which it changes something, as they are afterwards.
    #[schemars(with = "BTreeMap<String, SlotState>")]
    slots: effect::Changed<'a>,
    #[serde(flatten)]
    census: &'a Census,
    #[serde(flatten)]
    remarks: &'a Remarks,
}

/// What the exit codes of a command that changes a store mean.
pub(crate) const EXIT_CODES: [&str; 2] = [
    "the change is made, and every process has applied it",
    "it was refused, and stderr says why; or a process has not applied it, or could not after a restart",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("change", &[kind::<Record<'static>>]);

impl<'a> Operator<'a> {
    /// Opens the store that the options name.
    pub(crate) fn open(args: &'a ChangeArgs) -> anyhow::Result<Self> {
        Self::of(args.store.open()?, args)
    }

    /// Somebody who changes a store that is open.
    pub(crate) fn of(control: Control, args: &'a ChangeArgs) -> anyhow::Result<Self> {
        let seen = control.ledger()?;
        Ok(Self { control: args.sign(control), args, seen })
    }

    /// What the store said when the command began.
    pub(crate) fn state(&self) -> &StoreState {
        self.seen.state()
    }

    /// The loaded release of this name.
    pub(crate) fn release(&self, reference: &str) -> anyhow::Result<ReleaseId> {
        reference::loaded(self.state(), reference)
    }

    /// The slots that there are.
    pub(crate) fn slots(&self) -> anyhow::Result<Slots> {
        Ok(Slots::of(self.state(), &self.processes()?))
    }

    /// The slot that was named, or the only one; it has to be there.
    pub(crate) fn slot(&self, args: &SlotArgs) -> anyhow::Result<String> {
        self.slots()?.existing(args.named())
    }

    /// The processes that follow the store.
    pub(crate) fn processes(&self) -> anyhow::Result<Vec<StoreProcess>> {
        Ok(self.control.processes()?)
    }

    /// Does what is asked for, or says what it would do, with nothing to remark.
    pub(crate) fn change(&self, request: Request) -> anyhow::Result<Exit> {
        let change = self.commit(request)?;
        self.tell(&change, &Remarks::default())
    }

    /// Does what is asked for, or tries it.
    pub(crate) fn commit(&self, request: Request) -> anyhow::Result<Change> {
        if !self.args.dry_run {
            return Ok(self.done(self.control.commit_after(&self.seen, request)?)?);
        }
        let (event, after) = self.control.dry_run(&self.seen, request)?;
        self.tried(event, after)
    }

    /// Lets a release decide, or tries it.
    pub(crate) fn admit(&self, admission: &Admission) -> anyhow::Result<Change> {
        if !self.args.dry_run {
            return Ok(self.done(self.control.admit_after(&self.seen, admission.clone())?)?);
        }
        let (event, after) = self.control.dry_run_admission(&self.seen, admission)?;
        self.tried(event, after)
    }

    fn tried(&self, event: Event, after: StoreState) -> anyhow::Result<Change> {
        let aftermath = Aftermath::of(&self.control, self.state(), &after);
        Change::tried(event, self.state().clone(), after, aftermath)
    }

    /// What an event did. It is in the ledger: whatever fails from here on is no failure of the change.
    fn done(&self, committed: Committed) -> serde_json::Result<Change> {
        let Committed { event, before, after, previous_at: previous, .. } = committed;
        let head = event.hash();
        // What went along with it, in events before this one, is of the change.
        let aftermath = Aftermath::of(&self.control, self.state(), &after);
        Ok(Change { dry_run: false, event, head, before, after, previous, aftermath })
    }

    /// Waits until every process obeys, and says what was done.
    pub(crate) fn tell(&self, change: &Change, remarks: &Remarks) -> anyhow::Result<Exit> {
        if change.dry_run {
            change.tell_dry_run(self.args, remarks)?;
            return Ok(change.aftermath.complain());
        }
        let census = Census::of(self.control.acknowledgements(&change.event, self.args.wait()));
        let made = || format!("event {} was made, but cannot be shown", change.event.sequence);
        change.tell(self.args, &census, remarks).with_context(made)?;
        if let Some(wrong) = Anachronism::of(&change.event, change.previous, clock::now()) {
            say(&wrong.to_string());
        }
        let exits = [change.aftermath.complain(), census.complain(self.args.wait())];
        Ok(Exit::found_if(exits.contains(&Exit::Found)))
    }
}

impl Change {
    fn tried(event: Event, before: StoreState, after: StoreState, aftermath: Aftermath) -> anyhow::Result<Self> {
        let head = event.hash();
        Ok(Self { dry_run: true, event, head, before, after, previous: None, aftermath })
    }

    /// What a request would do to a store that is not there yet.
    pub(crate) fn of_no_store(args: &ChangeArgs, request: Request) -> anyhow::Result<Self> {
        let ledger = Ledger::default();
        let proposal = Proposal::new(args.author(), args.reason.as_str(), request);
        let event = ledger.draft(proposal, clock::now())?.into_event();
        let mut after = ledger.state().clone();
        after.apply(&event)?;
        Self::tried(event, ledger.into_state(), after, Aftermath::default())
    }

    /// How much later the clock was than at the event before; none for the first one.
    pub(crate) fn gap(&self) -> Option<SignedDuration> {
        Some(self.previous?.duration_until(self.event.at))
    }

    /// Says what would be done.
    pub(crate) fn tell_dry_run(&self, args: &ChangeArgs, remarks: &Remarks) -> anyhow::Result<Exit> {
        self.tell(args, &Census::default(), remarks)?;
        Ok(Exit::Fine)
    }

    fn tell(&self, args: &ChangeArgs, census: &Census, remarks: &Remarks) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        let slots = effect::Changed::between(&self.before, &self.after);
        if args.json {
            json_line(&Record { change: self, slots, census, remarks }, &mut out)?;
        } else {
            write(self, &slots, &mut out)?;
            self.aftermath.write(&mut out)?;
            if !self.dry_run {
                census.write(&mut out)?;
            }
            for note in &remarks.notes {
                writeln!(out, "{}", show::printable(note, usize::MAX))?;
            }
            write_standing(remarks, &mut out)?;
            if !self.dry_run {
                writeln!(out, "head {}", self.head)?;
            }
        }
        Ok(out.flush()?)
    }
}

fn write(change: &Change, slots: &effect::Changed<'_>, out: &mut impl Write) -> io::Result<()> {
    let Event { sequence, generation, operation, .. } = &change.event;
    let what = show::printable(&operation.to_string(), text::LINE_CHARS_MAX);
    let route = if slots.is_empty() { String::new() } else { format!(", generation {generation}") };
    match change.dry_run {
        true => writeln!(out, "nothing was changed; this would be event {sequence}{route}: {what}")?,
        false => writeln!(out, "event {sequence}{route}: {what}")?,
    }
    slots.write(out)
}

fn write_standing(remarks: &Remarks, out: &mut impl Write) -> io::Result<()> {
    let Some(overrides) = &remarks.standing_overrides else { return Ok(()) };
    if overrides.is_empty() {
        return writeln!(out, "no overrides in effect");
    }
    writeln!(out, "{} in effect:", show::counted(overrides.len() as u64, "override"))?;
    for one in overrides {
        writeln!(out, "  {}", text::override_line(one))?;
    }
    Ok(())
}
