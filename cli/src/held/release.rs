//! `switchback held release`.

use std::collections::BTreeSet;
use std::io::{self, StdoutLock, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::builder::NonEmptyStringValueParser;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::{Event, Request};
use switchback::verdict::RecordId;
use switchback_gateway::config::Reinjection;
use switchback_gateway::held::{Again, HeldMessage, Outcome, OutcomeKind, Releaser};

use super::place::{Place, PlaceArgs};
use super::{select, table, wanted};
use crate::exit::{self, Exit, after_help};
use crate::progress::Progress;
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::author::AuthorArgs;
use crate::store::reference;
use crate::store::text::LINE_CHARS_MAX;

/// Give mail that is held back to the mail server
///
/// Each message goes to the recipients that do not have it yet, with its original sender and the parameters that it came with,
/// past the filter. It is held no longer once the mail server has taken it for all of them. The ledger records who released how
/// many messages and why, before the first one goes. What was being released when that was cut off is uncertain: it is shown,
/// and sent again only with --again.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    which: WhichArgs,

    /// Reason, recorded in the ledger
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,

    #[command(flatten)]
    author: AuthorArgs,

    /// Give back by SMTP to this address and port, behind which nothing scans [default: held.release of the configuration]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "sendmail")]
    smtp: Option<SocketAddr>,

    /// Give back through this program [default: held.release of the configuration, or else /usr/sbin/sendmail]
    #[arg(long, value_name = "PATH")]
    sendmail: Option<PathBuf>,

    /// Print what would be released, and release nothing
    #[arg(long)]
    dry_run: bool,

    /// Print one JSON object per line: one for each message, and one with the counts at the end
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

/// Which messages.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct WhichArgs {
    /// The messages, as `switchback held list` names them
    #[arg(value_name = "ID")]
    ids: Vec<RecordId>,

    /// What a release held back that another would not have: the output of `switchback impact` with --json or --csv; - for
    /// standard input
    #[arg(long, value_name = "FILE")]
    from_impact: Option<PathBuf>,

    /// Everything that this release held: `phish@2.0.0`, or the first digits of its digest
    #[arg(long, value_name = "RELEASE")]
    all_of: Option<String>,

    /// This message even if it is uncertain: it may arrive twice (repeatable)
    #[arg(long, value_name = "ID")]
    again: Vec<RecordId>,
}

const EXAMPLES: &str = "\
Examples:
  switchback held release 01938a4e-7c1b-7000-8000-0242ac120002 --reason 'asked for by ada'
  switchback impact phish@2.0.0 --json | switchback held release --from-impact - --reason 'phish@2.0.0 was wrong'
  switchback held release --all-of phish@2.0.0 --reason 'phish@2.0.0 was wrong' --dry-run";

const EXIT_CODES: [&str; 2] = [
    "every message was released, or there was none",
    "a message is still held for some recipient, is uncertain, or is not held here; or the mail server or the store cannot be \
     used, and nothing was released",
];

/// What `--json` prints.
pub(super) const OUTPUT: Output =
    Output::lines("held-release", &[kind::<Outcome>, kind::<HeldMessage>, kind::<Counts>]);

/// What became of all messages.
#[derive(Debug, Default, JsonSchema, Serialize)]
struct Counts {
    dry_run: bool,
    /// The event of the ledger; none if nothing was to be released.
    event: Option<Event>,
    /// Messages that are held no longer.
    released: u64,
    /// Messages that are still held for some recipients.
    partly: u64,
    /// Messages that are held as before.
    held: u64,
    /// Messages of which nobody knows whether the mail server has them.
    uncertain: u64,
    /// Messages that another process is releasing.
    busy: u64,
    /// Messages that were asked for and are not held here.
    not_held: u64,
}

/// What is to be done.
#[derive(Default)]
struct Plan {
    /// The messages, the oldest first.
    messages: Vec<HeldMessage>,
    missing: BTreeSet<RecordId>,
    exit: Option<Exit>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let place = args.place.open()?;
    let plan = args.which.plan(&place)?;
    let mut report = Report { args, out: io::stdout().lock(), counts: Counts::default() };
    if args.dry_run {
        return report.dry_run(&plan);
    }
    for id in &plan.missing {
        report.not_held(*id)?;
    }
    let is_meant = |message: &&HeldMessage| !message.is_uncertain() || args.which.again.contains(&message.id);
    let (sent, uncertain): (Vec<_>, Vec<_>) = plan.messages.iter().partition(is_meant);
    let through = args.through(&place);
    let mut releaser = Releaser::new(&place.spool, &through, args.author.name(), args.reason.as_str());
    if !sent.is_empty() {
        releaser.reach()?;
        let control = place.control()?.author(args.author.name()).reason(args.reason.as_str());
        let messages = sent.iter().map(|message| message.id).collect();
        report.counts.event = Some(control.commit(Request::ReleaseMail { messages })?.event);
    }
    let mut progress = Progress::over(sent.iter().map(|message| message.bytes).sum(), true);
    for message in uncertain.into_iter().chain(sent) {
        let again = if args.which.again.contains(&message.id) { Again::Yes } else { Again::No };
        let outcome = releaser.release(message.id, again);
        let outcome =
            outcome.with_context(|| format!("{} may be uncertain now, and those after it are held", message.id))?;
        report.outcome(&outcome)?;
        progress.message(message.bytes);
    }
    progress.finish();
    report.finish(plan.exit)
}

impl Args {
    fn through(&self, place: &Place<'_>) -> Reinjection {
        match (self.smtp, &self.sendmail) {
            (Some(server), _) => Reinjection::Smtp(server),
            (None, Some(program)) => Reinjection::Sendmail(program.clone()),
            (None, None) => place.reinjection(),
        }
    }
}

impl WhichArgs {
    fn plan(&self, place: &Place<'_>) -> anyhow::Result<Plan> {
        let held = select::all(&place.spool)?;
        let mut wanted: BTreeSet<RecordId> = self.ids.iter().chain(&self.again).copied().collect();
        let mut plan = Plan { exit: Some(held.exit), ..Plan::default() };
        if let Some(path) = &self.from_impact {
            let found = wanted::find(wanted::read(path)?, &held.messages, place)?;
            if found.let_through > 0 {
                let what = show::counted(found.let_through, "message");
                exit::say(&format!("{what} of the list were let through, and there is nothing to release"));
            }
            if found.not_held > 0 {
                let what = show::counted(found.not_held, "message");
                exit::say(&format!(
                    "{what} of the list were not held: `switchback held move` finds what was delivered"
                ));
            }
            wanted.extend(found.held);
            plan.missing.extend(found.missing);
        }
        if let Some(name) = &self.all_of {
            let is_of = |message: &&HeldMessage| {
                message.release.as_ref().is_some_and(|release| reference::is_named(release, name))
            };
            wanted.extend(held.messages.iter().filter(is_of).map(|message| message.id));
        }
        plan.messages = held.messages.into_iter().filter(|message| wanted.remove(&message.id)).collect();
        plan.missing.extend(wanted);
        Ok(plan)
    }
}

/// What is printed.
struct Report<'a> {
    args: &'a Args,
    out: StdoutLock<'static>,
    counts: Counts,
}

impl Report<'_> {
    fn dry_run(mut self, plan: &Plan) -> anyhow::Result<Exit> {
        self.counts.dry_run = true;
        self.counts.not_held = plan.missing.len() as u64;
        if self.args.json {
            plan.messages.iter().try_for_each(|message| json_line(message, &mut self.out))?;
        } else if !plan.messages.is_empty() {
            writeln!(self.out, "{}", table::of(&plan.messages))?;
        }
        for message in &plan.messages {
            let is_meant = !message.is_uncertain() || self.args.which.again.contains(&message.id);
            let count = if is_meant { &mut self.counts.held } else { &mut self.counts.uncertain };
            *count += 1;
        }
        if self.args.json {
            json_line(&self.counts, &mut self.out)?;
            return Ok(self.exit(plan.exit));
        }
        let (held, uncertain) = (show::counted(self.counts.held, "message"), show::count(self.counts.uncertain));
        writeln!(self.out, "nothing was changed; {held} would be released, {uncertain} uncertain would not")?;
        plan.missing.iter().for_each(|id| exit::say(&format!("{id} is not held here")));
        Ok(self.exit(plan.exit))
    }

    fn not_held(&mut self, id: RecordId) -> anyhow::Result<()> {
        self.counts.not_held += 1;
        if self.args.json {
            json_line(&Outcome::not_held(id), &mut self.out)?;
        }
        exit::say(&format!("{id} is not held here"));
        Ok(())
    }

    fn outcome(&mut self, outcome: &Outcome) -> anyhow::Result<()> {
        let counts = &mut self.counts;
        let count = match outcome.outcome {
            OutcomeKind::Released => &mut counts.released,
            OutcomeKind::Partly => &mut counts.partly,
            OutcomeKind::Uncertain => &mut counts.uncertain,
            OutcomeKind::Busy => &mut counts.busy,
            OutcomeKind::NotHeld => &mut counts.not_held,
            _ => &mut counts.held,
        };
        *count += 1;
        if self.args.json {
            json_line(outcome, &mut self.out)?;
        } else {
            let why = show::printable(outcome.why.as_deref().unwrap_or_default(), LINE_CHARS_MAX);
            writeln!(self.out, "{}", format!("{}  {:<9}  {why}", outcome.id, outcome.outcome.name()).trim_end())?;
        }
        // Somebody may wait for each.
        Ok(self.out.flush()?)
    }

    fn finish(mut self, found: Option<Exit>) -> anyhow::Result<Exit> {
        if self.args.json {
            json_line(&self.counts, &mut self.out)?;
        } else {
            let Counts { released, partly, held, uncertain, busy, not_held, .. } = &self.counts;
            let event =
                self.counts.event.as_ref().map_or_else(String::new, |event| format!("event {}: ", event.sequence));
            writeln!(
                self.out,
                "{event}{released} released, {partly} partly, {held} held, {uncertain} uncertain, {busy} busy, {not_held} not held here"
            )?;
        }
        self.out.flush()?;
        Ok(self.exit(found))
    }

    fn exit(&self, found: Option<Exit>) -> Exit {
        let Counts { dry_run, partly, held, uncertain, busy, not_held, .. } = &self.counts;
        let held = if *dry_run { &0 } else { held };
        let is_incomplete = [partly, held, uncertain, busy, not_held].into_iter().any(|count| *count > 0);
        Exit::found_if(is_incomplete || found == Some(Exit::Found))
    }
}
