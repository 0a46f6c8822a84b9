//! The command `switchback`: pack, inspect, score, compare and swap scoring models.
//!
//! A library, so that it is compiled while the one that it uses still is: a program waits for all of what it links.

#![forbid(unsafe_code)]

mod allow;
mod args;
mod backtest;
mod backup;
mod bench;
mod block;
mod canary;
mod cells;
mod clock;
mod commands;
mod compare;
mod completions;
mod context;
mod demo;
mod dev;
mod duration;
mod exit;
mod expire;
mod explain;
mod family;
mod features;
mod file;
mod freeze;
mod guard;
mod held;
mod hint;
mod history;
mod impact;
mod inspect;
mod journal;
mod judge;
mod keygen;
mod load;
mod man;
mod measured;
mod moment;
mod new;
mod overrides;
mod pack;
mod parallel;
mod priority;
mod progress;
mod promote;
mod provider;
mod quarantine;
mod releases;
mod restore;
mod revert;
mod rollout;
mod rule;
mod schema;
mod score;
mod secret;
mod serve;
mod shadow;
mod share;
mod sides;
mod sign;
mod signals;
mod sinks;
mod sized;
mod status;
mod store;
mod test;
mod train;
mod trust;
mod unload;
mod verify;
mod warnings;
mod window;
mod withdraw;

use std::process::ExitCode;

use switchback_report::show;

use self::commands::Cli;

/// Runs the command that this process was called with.
pub fn main() -> ExitCode {
    priority::raise_if_urgent();
    signals::survive_file_limits();
    warnings::to_stderr();
    let run = match (demo::worker::Args::if_called(), dev::packer::Args::if_called()) {
        (Some(worker), _) => worker.run(),
        (_, Some(packer)) => packer.run(),
        _ => Cli::parse_arguments().run(),
    };
    match run {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error),
    }
}

/// The examples of README.md compile as they stand: this crate depends on both sides of the contract.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
