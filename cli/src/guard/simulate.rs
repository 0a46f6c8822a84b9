//! `switchback guard simulate`.

mod replay;
mod report;
mod rule;

use std::path::PathBuf;

use jiff::Timestamp;
use switchback::guard::Settings;
use switchback::{Query, State};

use self::replay::Replay;
use self::report::Report;
pub(crate) use self::rule::Rule;
use super::mail::{Mail, MailArgs};
use super::pairs;
use super::settings::SettingsArgs;
use crate::args::{CacheArgs, MessageArgs, ThreadArgs, ThresholdArgs};
use crate::exit::{Exit, Usage};
use crate::moment::moment;
use crate::sides::{self, Named, Shelf};
use crate::store::StoreArgs;
use crate::store::slot::{SlotArgs, Slots};

/// Say what the guard would have done, with these settings, on mail that is there
///
/// Replays pairs of verdicts of a journal, or lets both releases score a corpus now, in the order in which the mail came.
/// The first day only teaches who is known; with --known-days 0 there is none. In a corpus a message came when the server
/// says that received it last. Also says what a rule of the usual shape would have done: more than 1 % newly flagged in 3
/// windows of 5 minutes in a row. What it leaves out, it says. The settings are those of the slot, where a store is named, and what is given here.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The release to compare with: a file, or its name or digest in a store
    #[arg(value_name = "BASELINE")]
    baseline: PathBuf,

    /// The release that is tried
    #[arg(value_name = "CANDIDATE")]
    candidate: PathBuf,

    #[command(flatten)]
    mail: MailArgs,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    slot: SlotArgs,

    /// The candidate is tried from then on: what came before only teaches [default: after the first --known-days days]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,

    /// Only mail before then
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    message: MessageArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    thresholds: ThresholdArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback guard simulate phish@1.1.0 phish@2.0.0 --journal
  switchback guard simulate phish@1.1.0 phish@2.0.0 --journal --alpha 0.0001 --floor 20,10,10
  switchback guard simulate old.wasm new.wasm --trust-authserv-id mx.example.net ~/Maildir
  switchback guard simulate old.wasm new.wasm --known-days 0 --json mail/ | jq .acted

Exit codes:
  0  it would have done nothing
  1  it would have taken the candidate back; or an input could not be read, or not be scored by both
  2  the command line is wrong";

/// What a replay has not.
const LEFT_OUT: [&str; 2] = [
    "breakers: failures, slow calls and scores of no use",
    "last week's volumes: each segment has the weight of the order in which it was discovered",
];

/// What the pairs of a journal have not.
const NO_RECIPIENTS: &str = "recipients: a journal does not have them, so each message counts as to one of its own";

/// What this process calls itself in the register of a store.
const NAME: &str = "switchback guard simulate";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let named = [Named::of(&args.baseline), Named::of(&args.candidate)];
    let (settings, slot) = args.settings()?;
    let (mail, releases) = args.mail(&named, &settings, slot)?;
    if mail.pairs.is_empty() {
        anyhow::bail!("there is no message that both releases answered, so there is nothing to replay");
    }
    let replay = Replay::of(&mail, &settings, &releases[0], args.since);
    let leaves_out = LEFT_OUT.iter().chain(args.mail.is_journal().then_some(&NO_RECIPIENTS)).copied().collect();
    let report = Report { releases, settings, unusable: mail.unusable, leaves_out, replay };
    report.write(args.json)?;
    Ok(Exit::found_if(report.replay.acted.is_some() || mail.unusable > 0))
}

impl Args {
    /// The settings, and of which slot they are.
    fn settings(&self) -> anyhow::Result<(Settings, Option<String>)> {
        if self.since.zip(self.until).is_some_and(|(since, until)| since >= until) {
            return Err(Usage("--since is not before --until: no message is between them".to_owned()).into());
        }
        let is_named = self.store.dir().is_ok();
        if !is_named {
            return Ok((self.settings.over(Settings::default())?, self.slot.slot.clone()));
        }
        let control = self.store.open()?;
        let state: State = control.state()?;
        let slot = Slots::of(&state, &control.processes()?).existing(&self.slot)?;
        let settings = state.slots.get(&slot).map(|slot| slot.guard.clone()).unwrap_or_default();
        Ok((self.settings.over(settings)?, Some(slot)))
    }

    fn mail(
        &self,
        named: &[Named; 2],
        settings: &Settings,
        slot: Option<String>,
    ) -> anyhow::Result<(Mail, [switchback::ReleaseId; 2])> {
        if let Some(dir) = self.mail.journal(&self.store)? {
            let ids = sides::ids(&self.store, named)?;
            let query = Query { until: self.until, slot, ..Query::default() };
            return Ok((pairs::of_journal(&dir, &ids, &query, settings)?, ids));
        }
        let threads = self.threads.count();
        let shelf = Shelf { name: NAME, store: &self.store, cache: &self.cache };
        let loaded = sides::load(shelf, named, threads)?;
        let thresholds = self.thresholds.thresholds()?;
        let mut mail = pairs::of_corpus(&self.mail.inputs, &loaded, thresholds, &self.message, threads, settings)?;
        if let Some(until) = self.until {
            mail.pairs.retain(|pair| pair.at < until);
        }
        Ok((mail, [loaded.ids[0].clone(), loaded.ids[1].clone()]))
    }
}
