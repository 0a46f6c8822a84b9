//! `switchback man`.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;

use crate::exit::{Exit, after_help};

/// Write the manual pages
///
/// One page for the command and one for each of its subcommands, from the same definitions as `--help`.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The folder to write all pages to, created if necessary [default: print the first page]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  switchback man | man -l -
  switchback man ~/.local/share/man/man1 && man switchback-promote";

const EXIT_CODES: [&str; 2] = ["the pages are written", "the pages cannot be written"];

/// Runs the command, given the command line that is described.
pub(crate) fn run(args: &Args, command: clap::Command) -> anyhow::Result<Exit> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        io::stdout().lock().write_all(&page)?;
        return Ok(Exit::Fine);
    };
    let made = fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(command, dir));
    made.with_context(|| format!("cannot write to {}", dir.display()))?;
    Ok(Exit::Fine)
}
