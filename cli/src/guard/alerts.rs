//! `switchback guard alerts`.

use std::io::{self, Write as _};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::alert::Alert;
use switchback::alert::KeptAlert;
use switchback::guard::{GuardReader, GuardStoreError};

use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::{StoreArgs, text};

/// Show the alerts that were raised, the latest last, and whether they were delivered
///
/// If no process is configured with a recipient, alerts are not sent, and that is not an error.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Show only the latest N
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: u32,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback guard alerts
  switchback guard alerts --json | jq 'select(.alert.kind == \"harm\")'";

const EXIT_CODES: [&str; 2] = [
    "the alerts are shown, if there are any",
    "the guard's memory cannot be read, or an alert was not delivered and is no longer retried",
];

/// A line of JSON.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Kept")]
struct Record<'a> {
    alert: &'a Alert,
    attempts: u32,
    delivered_at: Option<jiff::Timestamp>,
    trouble: Option<&'a str>,
}

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::lines("guard-alerts", &[kind::<Record<'static>>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let (alerts, dropped) = match reader(&args.store)? {
        Some(reader) => (reader.alerts(args.limit)?, reader.dropped_alerts()?),
        None => (Vec::new(), 0),
    };
    let mut out = io::stdout().lock();
    for kept in alerts.iter().rev() {
        if args.json {
            let KeptAlert { alert, attempts, delivered_at, trouble, .. } = kept;
            let record =
                Record { alert, attempts: *attempts, delivered_at: *delivered_at, trouble: trouble.as_deref() };
            json_line(&record, &mut out)?;
        } else {
            lines(kept).into_iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
    }
    if alerts.is_empty() && !args.json {
        writeln!(out, "no alert was raised")?;
    }
    if dropped > 0 {
        crate::exit::say(&format!(
            "{} could not be delivered and will not be retried",
            show::counted(dropped, "alert")
        ));
    }
    Ok(Exit::found_if(dropped > 0))
}

/// What the guard of a store remembers; none where none was ever at work.
pub(super) fn reader(store: &StoreArgs) -> anyhow::Result<Option<GuardReader>> {
    // Says whether there is a store at all.
    store.open()?;
    match GuardReader::open(store.dir()?) {
        Ok(reader) => Ok(Some(reader)),
        Err(GuardStoreError::None(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// An alert, for a person: what happened, and how to undo it.
pub(super) fn lines(kept: &KeptAlert) -> Vec<String> {
    let KeptAlert { alert, delivered_at, trouble, attempts, .. } = kept;
    let fate = match (delivered_at, trouble, attempts) {
        (Some(_), ..) => String::new(),
        (None, Some(why), _) => {
            format!("  not delivered after {}: {why}", show::counted((*attempts).into(), "attempt"))
        }
        (None, None, 0) => "  not sent, no recipient".to_owned(),
        (None, None, _) => "  being sent".to_owned(),
    };
    let first = format!("{}  {}  {}{fate}", text::instant(alert.at), alert.severity.name(), alert.summary);
    let undo = alert.undo.iter().map(|undo| format!("    to undo it: {undo}"));
    std::iter::once(first).chain(undo).map(|line| show::printable(&line, 1_000)).collect()
}
