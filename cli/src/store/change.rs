//! Commands that change a store: what they have in common.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use switchback::{Control, Digest, Event, Operation, Override, Process, State};

use super::StoreArgs;
use super::author;
use super::effect;
use super::obeyed::Census;
use super::text;
use crate::exit::Exit;
use crate::guard::Proof;
use crate::show;

/// Options of every command that changes a store.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// Why; kept in the ledger
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) reason: String,

    /// Who; kept in the ledger [default: the system's user, or whoever called sudo]
    #[arg(long, value_name = "NAME")]
    author: Option<String>,

    /// Say what would happen, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON object, with the event
    #[arg(long)]
    pub(crate) json: bool,

    /// Wait at most so many seconds for the processes
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    wait: u64,
}

impl ChangeArgs {
    /// Who it is that operates.
    pub(crate) fn author(&self) -> String {
        self.author.clone().unwrap_or_else(author::of_system)
    }

    /// How long processes are waited for.
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait)
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
}

/// A change that took place, or would.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    dry_run: bool,
    pub(crate) event: Event,
    /// The event's hash: the ledger's head until the next.
    head: Digest,
    #[serde(skip)]
    before: State,
    #[serde(skip)]
    pub(crate) after: State,
}

/// What is said of a change beside the change itself.
#[derive(Debug, Default, Serialize)]
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
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    change: &'a Change,
    slots: effect::Changed<'a>,
    #[serde(flatten)]
    census: &'a Census,
    #[serde(flatten)]
    remarks: &'a Remarks,
}

impl<'a> Operator<'a> {
    /// Opens the store that the options name.
    pub(crate) fn open(args: &'a ChangeArgs) -> anyhow::Result<Self> {
        Ok(Self { control: args.sign(args.store.open()?), args })
    }

    /// What the store says now.
    pub(crate) fn state(&self) -> anyhow::Result<State> {
        Ok(self.control.state()?)
    }

    /// The processes that follow the store.
    pub(crate) fn processes(&self) -> anyhow::Result<Vec<Process>> {
        Ok(self.control.processes()?)
    }

    /// Does an operation, or says what it would do, with nothing to remark.
    pub(crate) fn change(&self, operation: Operation) -> anyhow::Result<Exit> {
        let change = self.commit(operation)?;
        self.tell(&change, &Remarks::default())
    }

    /// Does an operation, or rehearses it.
    pub(crate) fn commit(&self, operation: Operation) -> anyhow::Result<Change> {
        match self.args.dry_run {
            true => self.rehearse(operation),
            false => self.done(self.control.commit(operation)?),
        }
    }

    /// What an operation would do.
    pub(crate) fn rehearse(&self, operation: Operation) -> anyhow::Result<Change> {
        let before = self.state()?;
        let (event, after) = self.control.rehearse(operation)?;
        let head = event.hash()?;
        Ok(Change { dry_run: true, event, head, before, after })
    }

    /// What an event did.
    pub(crate) fn done(&self, event: Event) -> anyhow::Result<Change> {
        let mut before = State::default();
        for earlier in self.control.history()?.iter().take_while(|earlier| earlier.sequence < event.sequence) {
            before.apply(earlier)?;
        }
        let mut after = before.clone();
        after.apply(&event)?;
        let head = event.hash()?;
        Ok(Change { dry_run: false, event, head, before, after })
    }

    /// Waits until every process obeys, and says what was done.
    pub(crate) fn tell(&self, change: &Change, remarks: &Remarks) -> anyhow::Result<Exit> {
        let census = match change.dry_run {
            true => Census::default(),
            false => Census::of(self.control.acknowledgements(&change.event, self.args.wait())?),
        };
        let mut out = io::stdout().lock();
        let slots = effect::Changed::between(&change.before, &change.after);
        if self.args.json {
            let record = Record { change, slots, census: &census, remarks };
            serde_json::to_writer(&mut out, &record)?;
            writeln!(out)?;
        } else {
            write(change, &slots, &mut out)?;
            if !change.dry_run {
                census.write(&mut out)?;
            }
            for note in &remarks.notes {
                writeln!(out, "{}", show::printable(note, usize::MAX))?;
            }
            write_standing(remarks, &mut out)?;
            if !change.dry_run {
                writeln!(out, "head {}", change.head)?;
            }
        }
        out.flush()?;
        drop(out);
        Ok(census.complain(self.args.wait()))
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
        return writeln!(out, "no override stands above it");
    }
    let stand = if overrides.len() == 1 { "stands" } else { "stand" };
    writeln!(out, "{} {stand} above it:", show::counted(overrides.len() as u64, "override"))?;
    for one in overrides {
        writeln!(out, "  {}", text::override_line(one))?;
    }
    Ok(())
}
