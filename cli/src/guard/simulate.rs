//! `switchback guard simulate`.

mod course;
mod own;
mod past;
mod replay;
mod report;
mod rule;
mod sample;

use std::path::PathBuf;

use jiff::Timestamp;
use switchback::ReleaseId;
use switchback::control::StoreState;
use switchback::guard::GuardSettings;
use switchback::guard::{GuardReader, GuardStoreError, NotedPairs};
use switchback::journal::{JournalReader, Query};

use self::course::{Course, knows_as};
use self::past::Past;
use self::replay::Replay;
use self::report::Report;
pub(crate) use self::report::Report as Simulation;
pub(crate) use self::rule::Rule;
pub(crate) use self::sample::Sample;
use super::mail::{Mail, MailArgs};
use super::pairs;
use super::settings::SettingsArgs;
use crate::args::{MessageArgs, RuntimeArgs, ThreadArgs, ThresholdArgs};
use crate::exit::{Exit, Usage, after_help, say};
use crate::journal;
use crate::moment::moment;
use crate::schema::{Output, kind};
use crate::show;
use crate::sides::{self, Named, ReleaseSource};
use crate::store::slot::{SlotArgs, Slots};
use crate::store::{StoreArgs, text};
use crate::window::Window;

/// Show what the guard would have done on existing mail, with these settings
///
/// Replays pairs of verdicts from a journal, or lets both releases score a corpus now. If the guard of the store compared these
/// releases on the mail of the journal, the mail is replayed as the guard counted it: in the order of all processes, with the
/// senders that were known and the recipients. With the settings of that time (--as-then), the replay therefore reaches the
/// guard's decision at the same message. Otherwise mail is replayed in the order in which it came, and the known senders are
/// those that the guard of the store knows now. Without a store, or with a corpus, the first days only teach known senders
/// (none with --known-days 0). A message of a corpus came at the time that the last receiving server recorded.
///
/// Also shows what a typical threshold rule would have done: more than 1 % newly flagged in 3 consecutive windows of 5 minutes,
/// skipping windows without mail. The output lists what the simulation leaves out. The settings are those of the slot if a
/// store is named, changed by the options given here.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The release to compare with: a file, or its name or digest in a store
    #[arg(value_name = "BASELINE")]
    baseline: PathBuf,

    /// The release to try
    #[arg(value_name = "CANDIDATE")]
    candidate: PathBuf,

    #[command(flatten)]
    mail: MailArgs,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    slot: SlotArgs,

    /// Start of the trial: earlier mail only teaches known senders [default: when the guard began to try the candidate; otherwise
    /// the first day on which a sender can be known]
    ///
    /// `2026-04-25T09:24:00Z`, `2026-04-25`, or `24h` for that long ago; without a zone in UTC. docs/times.md has all forms.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,

    /// Only mail before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Use the settings that the guard had when it counted the mail, instead of the current ones
    #[arg(long, requires = "journal")]
    as_then: bool,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    message: MessageArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    runtime: RuntimeArgs,

    #[command(flatten)]
    thresholds: ThresholdArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback guard simulate phish@1.1.0 phish@2.0.0 --journal
  switchback guard simulate phish@1.1.0 phish@2.0.0 --journal --as-then   as the guard did it
  switchback guard simulate phish@1.1.0 phish@2.0.0 --journal --alpha 0.0001 --floor 20,10,10
  switchback guard simulate old.wasm new.wasm --trust-authserv-id mx.example.net ~/Maildir
  switchback guard simulate old.wasm new.wasm --known-days 0 --json mail/ | jq .acted";

const EXIT_CODES: [&str; 2] = [
    "the guard would have done nothing",
    "the guard would have reverted the candidate; nothing counted, because no sender was known; or an input could not be read, \
     or one of the releases failed on it",
];

/// What a replay never has.
const BREAKERS: &str = "breakers: failures, slow calls and useless scores";

/// What it has not where the guard noted nothing.
const VOLUMES: &str = "last week's volumes: each segment has the weight of the order in which it was discovered";

/// What the pairs of a journal have not.
const NO_RECIPIENTS: &str = "recipients: a journal does not have them, so each message counts as to one of its own";

/// What is known of senders where nobody noted who was known then.
const KNOWN_NOW: &str = "who was known then: whom the guard has learned since without this journal counts as known from the start, and \
                         whom it has forgotten as unknown";

/// What only the guard's own notes have, where others are eligible than were then.
const OTHERS_ELIGIBLE: &str =
    "recipients of mail that could not be acted on then: each message counts as to one of its own";

/// What the notes of a trial have not.
const SPARE: &str = "what a process counted by itself while the store could not be written";

/// What this process calls itself in the register of a store.
const NAME: &str = "switchback guard simulate";

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("guard-simulate", &[kind::<Report>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let named = [Named::of(&args.baseline), Named::of(&args.candidate)];
    let (settings, slot) = args.settings()?;
    let (mail, releases) = args.mail(&named, &settings, slot.clone())?;
    if mail.pairs.is_empty() {
        let unusable = match mail.unusable {
            0 => String::new(),
            some => format!("; {} could not be read, or one of both failed on it", show::counted(some, "message")),
        };
        anyhow::bail!("there is no message that both releases answered, so there is nothing to replay{unusable}");
    }
    let past = args.past(slot.as_deref(), &releases, &mail)?;
    if args.as_then && !matches!(past, Past::Noted(_)) {
        anyhow::bail!(
            "the guard recorded nothing about these releases in this journal, so there are no settings of that time"
        );
    }
    let (as_then, baseline) = (args.as_then, &releases[0]);
    let (since, until) = (args.since, args.until);
    let course = Course { mail: &mail, past: &past, settings: &settings, as_then, baseline, since, until };
    let replay = Replay::of(&course);
    if replay.messages == 0 {
        anyhow::bail!(
            "no message that both releases answered came between --since and --until; the first came at {}",
            text::instant(mail.pairs[0].at)
        );
    }
    let leaves_out = args.left_out(&past, &settings);
    let report = Report { releases, settings, unusable: mail.unusable, leaves_out, replay };
    report.write(args.json)?;
    let replay = &report.replay;
    // A pipeline must not take it for harmless: the guard had nothing to go by.
    let is_idle = replay.eligible == 0;
    if is_idle {
        say("no message counted, because no sender was known: this says nothing about the candidate");
    }
    Ok(Exit::found_if(replay.acted.is_some() || is_idle || mail.unusable > 0))
}

impl Args {
    /// The settings, and of which slot they are.
    fn settings(&self) -> anyhow::Result<(GuardSettings, Option<String>)> {
        if self.as_then && self.settings.is_any_given() {
            let why = "--as-then uses the settings of that time, so no setting can be given";
            return Err(Usage(why.to_owned()).into());
        }
        Window::checked(self.since, self.until)?;
        let is_named = self.store.dir().is_ok();
        if !is_named {
            if self.slot.named().is_some() && !self.mail.is_journal() {
                let why = "--slot selects a slot of a store or a journal: name one with --store or --journal";
                return Err(Usage(why.to_owned()).into());
            }
            self.check_slot(Slots::of(&StoreState::default(), &[]))?;
            return Ok((self.settings.over(GuardSettings::default())?, self.slot.named().map(str::to_owned)));
        }
        let control = self.store.open()?;
        let state: StoreState = control.state()?;
        let slots = Slots::of(&state, &control.processes()?);
        let slot = slots.chosen(self.slot.named())?;
        match self.mail.is_journal() {
            true => self.check_slot(slots)?,
            false => slots.check(&slot)?,
        }
        let settings = state.slots.get(&slot).map(|slot| slot.guard.clone()).unwrap_or_default();
        Ok((self.settings.over(settings)?, Some(slot)))
    }

    /// Refuses a slot that neither the store, which has these, nor the journal knows. A corpus is of no slot.
    fn check_slot(&self, of_store: Slots) -> anyhow::Result<()> {
        let (Some(name), Some(dir)) = (self.slot.named(), self.mail.journal(&self.store)?) else { return Ok(()) };
        journal::check_slot(of_store, &JournalReader::open(dir)?, name)
    }

    /// What the guard of the store remembers of the mail.
    fn past(&self, slot: Option<&str>, releases: &[ReleaseId; 2], mail: &Mail) -> anyhow::Result<Past> {
        let (Some(dir), Some(slot), Ok(store)) = (self.mail.journal(&self.store)?, slot, self.store.dir()) else {
            return Ok(Past::None);
        };
        match GuardReader::open(store) {
            Ok(reader) => Past::of(&reader, &JournalReader::open(dir)?, slot, releases, mail),
            Err(GuardStoreError::None(_)) => Ok(Past::None),
            Err(error) => Err(error.into()),
        }
    }

    /// What the guard looks at, and this does not.
    fn left_out(&self, past: &Past, settings: &GuardSettings) -> Vec<String> {
        let mut left_out = vec![BREAKERS];
        match past {
            Past::Noted(noted) => {
                left_out.push(SPARE);
                let is_known_alike = |batch: &NotedPairs| knows_as(&batch.settings, settings);
                if !self.as_then && !noted.batches.iter().all(is_known_alike) {
                    left_out.push(OTHERS_ELIGIBLE);
                }
            }
            Past::Known { .. } => left_out.extend([VOLUMES, NO_RECIPIENTS, KNOWN_NOW]),
            Past::None if self.mail.is_journal() => left_out.extend([VOLUMES, NO_RECIPIENTS]),
            Past::None => left_out.push(VOLUMES),
        }
        left_out.into_iter().map(str::to_owned).collect()
    }

    fn mail(
        &self,
        named: &[Named; 2],
        settings: &GuardSettings,
        slot: Option<String>,
    ) -> anyhow::Result<(Mail, [ReleaseId; 2])> {
        if let Some(dir) = self.mail.journal(&self.store)? {
            let ids = sides::ids(&self.store, named)?;
            let query = Query::default().slot(slot).until(self.until);
            return Ok((pairs::of_journal(&dir, &ids, &query, settings)?, ids));
        }
        let threads = self.threads.count();
        let source = ReleaseSource { name: NAME, store: &self.store, runtime: &self.runtime };
        let loaded = sides::load(source, named, threads)?;
        let thresholds = self.thresholds.thresholds()?;
        let mail = pairs::of_corpus(&self.mail.inputs, &loaded, thresholds, &self.message, threads, settings)?;
        Ok((mail, [loaded.ids[0].clone(), loaded.ids[1].clone()]))
    }
}
