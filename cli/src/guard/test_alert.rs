//! `switchback guard test-alert`.

use std::io::{self, Write as _};

use jiff::Timestamp;
use switchback::alert::{About, Alert, Found, Response};

use crate::exit::{Exit, Usage, after_help, chain, say};
use crate::schema::{Output, kind};
use crate::sinks::SinkArgs;

/// Send a test alert
///
/// Sends it once to every place that is named. `docs/alerts.md` describes the fields, and how a receiver verifies the signature.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    sinks: SinkArgs,

    /// Print one JSON object: the alert that was sent
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback guard test-alert --syslog
  switchback guard test-alert --on-alert 'mail -s \"$SWITCHBACK_ALERT_SUMMARY\" postmaster'
  switchback guard test-alert --webhook https://hooks.example/mail --webhook-secret-file hook.secret";

const EXIT_CODES: [&str; 2] =
    ["it was delivered everywhere", "it was not delivered somewhere; stderr says where and why"];

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("guard-test-alert", &[kind::<Alert>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.sinks.is_empty() {
        return Err(Usage(
            "no recipient was given: name at least one of --on-alert, --webhook and --syslog".to_owned(),
        )
        .into());
    }
    let alert = Alert::new(Found::Test, Response::None, About::default(), Timestamp::now());
    let mut out = io::stdout().lock();
    let mut is_missing = false;
    for sink in args.sinks.config()?.sinks()? {
        match sink.send(&alert) {
            Ok(()) if args.json => {}
            Ok(()) => writeln!(out, "arrived: {sink}")?,
            Err(error) => {
                is_missing = true;
                say(&format!("{sink}: {}", chain(&error)));
            }
        }
    }
    if args.json {
        writeln!(out, "{}", alert.to_json())?;
    }
    Ok(Exit::found_if(is_missing))
}
