//! `switchback trust list`.

use std::io::{self, Write as _};

use switchback::control::TrustList;

use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::{self, StoreArgs, text};

/// List the keys that a store trusts, and revoked keys and releases
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback trust list
  switchback trust list --json | jq '.keys | keys'";

const EXIT_CODES: [&str; 2] = ["the keys are listed", "the store cannot be read"];

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("trust-list", &[kind::<TrustList>]);

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let trust = store::state(&args.store.open()?)?.trust;
    let mut out = io::stdout().lock();
    if args.json {
        json_line(&trust, &mut out)?;
        return Ok(Exit::Fine);
    }
    if !trust.is_set() {
        writeln!(out, "no key was ever trusted: releases need no signature")?;
    } else if trust.keys().is_empty() {
        writeln!(out, "every key is revoked: nothing can be loaded")?;
    }
    let all =
        trust.keys().iter().map(|key| ("trusted", key)).chain(trust.revoked_keys().iter().map(|key| ("revoked", key)));
    for (state, (id, entry)) in all {
        let line = format!("{state}  key {id}  {}", show::printable(&entry.label, text::LINE_CHARS_MAX));
        writeln!(out, "{}", line.trim_end())?;
    }
    for digest in trust.revoked_digests() {
        writeln!(out, "revoked  sha256:{digest}")?;
    }
    Ok(Exit::Fine)
}
