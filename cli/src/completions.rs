//! `switchback completions`.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::Cli;
use crate::exit::Exit;

/// Print completions for a shell
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

const AFTER_HELP: &str = "\
Examples:
  switchback completions bash > ~/.local/share/bash-completion/completions/switchback
  switchback completions zsh > /usr/local/share/zsh/site-functions/_switchback
  switchback completions fish > ~/.config/fish/completions/switchback.fish

Exit codes:
  0  they are printed
  1  they cannot be written
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "switchback", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Exit::Fine)
}
