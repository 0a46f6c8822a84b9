//! `switchback schema`: what `--json` prints, as JSON Schema.

mod output;

use std::io::{self, Write as _};

use anyhow::bail;

pub(crate) use self::output::{Output, kind};
use crate::exit::Exit;
use crate::store::change::OUTPUT as CHANGE;
use crate::{
    backup, bench, compare, demo, explain, guard, history, impact, inspect, journal, load, overrides, pack, rollout,
    score, show, status, trust,
};

/// Show what a command prints with --json, as a JSON Schema
///
/// Without a command, lists all that have --json, with the form of what they print and the name and version of its schema. A
/// version says that no field goes, gets another name or another type; fields may be added to it. docs/json.md says more.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The command, such as `guard status` [default: list all of them]
    #[arg(value_name = "COMMAND", num_args = 0..)]
    command: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  switchback schema
  switchback schema guard status > guard-status.schema.json

Exit codes:
  0  it is shown
  1  there is no such command, or it has no --json
  2  the command line is wrong";

/// What every command with `--json` prints.
pub(crate) fn outputs() -> impl Iterator<Item = (&'static str, Output)> {
    let alone = [
        ("bench", bench::OUTPUT),
        ("compare", compare::OUTPUT),
        ("demo", demo::OUTPUT),
        ("explain", explain::OUTPUT),
        ("impact", impact::OUTPUT),
        ("inspect", inspect::OUTPUT),
        ("journal", journal::OUTPUT),
        ("load", load::OUTPUT),
        ("overrides", overrides::OUTPUT),
        ("pack", pack::OUTPUT),
        ("score", score::OUTPUT),
        ("status", status::OUTPUT),
    ];
    let groups = [backup::OUTPUTS, guard::OUTPUTS, history::OUTPUTS, rollout::OUTPUTS, trust::OUTPUTS];
    let changes = CHANGES.iter().map(|command| (*command, CHANGE));
    alone.into_iter().chain(groups.into_iter().flatten().copied()).chain(changes)
}

/// The commands that print one change of a store.
const CHANGES: [&str; 18] = [
    "allow",
    "block",
    "canary",
    "expire",
    "freeze",
    "guard set",
    "promote",
    "quarantine",
    "restore",
    "revert",
    "rollout",
    "rollout stop",
    "shadow",
    "thaw",
    "trust add",
    "trust revoke",
    "unload",
    "withdraw",
];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    let command = args.command.join(" ");
    if command.is_empty() {
        writeln!(out, "{}", list())?;
        return Ok(Exit::Fine);
    }
    let Some((_, output)) = outputs().find(|(name, _)| *name == command) else {
        bail!("there is no command `{command}` with --json: `switchback schema` lists those that there are");
    };
    writeln!(out, "{}", serde_json::to_string_pretty(&output.schema())?)?;
    Ok(Exit::Fine)
}

fn list() -> String {
    let mut outputs: Vec<_> = outputs().collect();
    outputs.sort_by_key(|(command, _)| *command);
    let mut table = show::table(["command", "prints", "schema"]);
    for (command, output) in outputs {
        table.add_row([command.to_owned(), output.form().to_owned(), output.id()]);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    /// The commands below this one that have `--json`.
    fn with_json(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
        if command.get_arguments().any(|argument| argument.get_long() == Some("json")) {
            found.insert(path.to_owned());
        }
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            with_json(below, format!("{path} {}", below.get_name()).trim(), found);
        }
    }

    #[test]
    fn every_command_with_json_has_one_schema_and_no_other_has() {
        let mut command = crate::Cli::command();
        command.build();
        let mut found = BTreeSet::new();
        with_json(&command, "", &mut found);
        let described: Vec<_> = outputs().map(|(command, _)| command.to_owned()).collect();
        assert_eq!(described.len(), found.len(), "{described:?}");
        assert_eq!(described.into_iter().collect::<BTreeSet<_>>(), found);
    }
}
