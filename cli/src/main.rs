//! The command `switchback`: pack, inspect, score, compare and swap scoring models.

#![forbid(unsafe_code)]

mod args;
mod bench;
mod compare;
mod corpus;
mod demo;
mod exit;
mod file;
mod inspect;
mod judge;
mod keygen;
mod new;
mod pack;
mod parallel;
mod progress;
mod releases;
mod score;
mod secret;
mod show;
mod sign;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Exit;

/// Scores mail with sandboxed models, and swaps them between two messages.
#[derive(Parser)]
#[command(name = "switchback", version, after_long_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  switchback demo                                       see a bad model go live, and its revert
  switchback new my-model && switchback pack my-model   start a model of your own
  switchback score -m linear-1.0.0.wasm ~/Maildir       score your own mail
  switchback compare old.wasm new.wasm archive.mbox     what would the new release change?
  switchback verify -p ada.pub phish-2.0.0.wasm         is it hers, and unaltered?

Exit codes:
  0  all is well
  1  something failed, or a check that was asked for found something; why is on stderr
  2  the command line is wrong

A release is one .wasm file, made by `switchback pack`. Compiled releases are kept in
$XDG_CACHE_HOME/switchback or ~/.cache/switchback, so that only the first use compiles.";

#[derive(Subcommand)]
enum Command {
    New(new::Args),
    Pack(pack::Args),
    Inspect(inspect::Args),
    Keygen(keygen::Args),
    Sign(sign::Args),
    Verify(verify::Args),
    Score(score::Args),
    Compare(compare::Args),
    Bench(bench::Args),
    Demo(demo::Args),
}

impl Command {
    fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::New(args) => new::run(&args),
            Self::Pack(args) => pack::run(&args),
            Self::Inspect(args) => inspect::run(&args),
            Self::Keygen(args) => keygen::run(&args),
            Self::Sign(args) => sign::run(&args),
            Self::Verify(args) => verify::run(&args),
            Self::Score(args) => score::run(&args),
            Self::Compare(args) => compare::run(&args),
            Self::Bench(args) => bench::run(&args),
            Self::Demo(args) => demo::run(&args),
        }
    }
}

fn main() -> ExitCode {
    match Cli::parse().command.run() {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error),
    }
}
