//! `switchback schema`: what `--json` prints, as JSON Schema.

mod line;
mod output;

use std::io::{self, Write as _};

use anyhow::bail;

pub(crate) use self::line::json_line;
pub(crate) use self::output::{Output, kind};
use crate::exit::{Exit, after_help};
use crate::show;

/// Show what a command prints with --json, as a JSON Schema
///
/// Without a command, lists all commands that have --json, with the form of their output and the name and version of its schema.
/// Within a version, no field is removed or renamed or changes its type, but fields may be added. docs/json.md has the details.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The command, such as `guard status` [default: list all of them]
    #[arg(value_name = "COMMAND", num_args = 0..)]
    command: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  switchback schema
  switchback schema guard status > guard-status.schema.json";

const EXIT_CODES: [&str; 2] = ["the schema is shown", "there is no such command, or it has no --json"];

/// Runs the command, given what every command with `--json` prints.
pub(crate) fn run(args: &Args, outputs: impl IntoIterator<Item = (&'static str, Output)>) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    let command = args.command.join(" ");
    if command.is_empty() {
        writeln!(out, "{}", list(outputs))?;
        return Ok(Exit::Fine);
    }
    let Some((_, output)) = outputs.into_iter().find(|(name, _)| *name == command) else {
        bail!("there is no command `{command}` with --json: `switchback schema` lists those that there are");
    };
    writeln!(out, "{}", serde_json::to_string_pretty(&output.schema())?)?;
    Ok(Exit::Fine)
}

fn list(outputs: impl IntoIterator<Item = (&'static str, Output)>) -> String {
    let mut outputs: Vec<_> = outputs.into_iter().collect();
    outputs.sort_by_key(|(command, _)| *command);
    let mut table = show::table(["command", "prints", "schema"]);
    for (command, output) in outputs {
        table.add_row([command.to_owned(), output.form().to_owned(), output.id()]);
    }
    table.trim_fmt()
}
