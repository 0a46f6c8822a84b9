//! `switchback completions`.

use std::io::{self, Write as _};

use clap_complete::Shell;

use crate::exit::{Exit, after_help};

/// Print completions for a shell
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  switchback completions bash > ~/.local/share/bash-completion/completions/switchback
  switchback completions zsh > /usr/local/share/zsh/site-functions/_switchback
  switchback completions fish > ~/.config/fish/completions/switchback.fish";

const EXIT_CODES: [&str; 2] = ["the completions are printed", "the completions cannot be printed"];

/// Runs the command, given the command line that is completed.
pub(crate) fn run(args: &Args, mut command: clap::Command) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "switchback", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Exit::Fine)
}
