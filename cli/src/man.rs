//! `switchback man`.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::Cli;
use crate::exit::Exit;

/// Write the manual pages
///
/// One for the command and one for each of its commands, from the same definitions as `--help`.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The folder to write all pages to, made if it is not there [default: print the first page]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  switchback man | man -l -
  switchback man ~/.local/share/man/man1 && man switchback-promote

Exit codes:
  0  they are written
  1  they cannot be
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        io::stdout().lock().write_all(&page)?;
        return Ok(Exit::Fine);
    };
    let made = fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir));
    made.with_context(|| format!("cannot write to {}", dir.display()))?;
    Ok(Exit::Fine)
}
