//! The command `switchback`: pack, inspect, score, compare and swap scoring models.
//!
//! A library, so that it is compiled while the one that it uses still is: a program waits for all of what it links.

#![forbid(unsafe_code)]

mod address;
mod allow;
mod args;
mod backup;
mod bench;
mod block;
mod canary;
mod cells;
mod clock;
mod compare;
mod completions;
mod context;
mod corpus;
mod demo;
mod duration;
mod exit;
mod expire;
mod explain;
mod file;
mod freeze;
mod guard;
mod history;
mod impact;
mod inspect;
mod journal;
mod judge;
mod keygen;
mod load;
mod man;
mod moment;
mod new;
mod overrides;
mod pack;
mod parallel;
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
mod shadow;
mod share;
mod show;
mod sides;
mod sign;
mod signals;
mod sinks;
mod status;
mod store;
mod trust;
mod unload;
mod urgent;
mod verify;
mod warnings;
mod window;
mod withdraw;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

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

Operating filters, whose store SWITCHBACK_STORE or --store names:
  switchback load phish-2.0.0.wasm                      bring a release in; every process makes it ready
  switchback promote phish@2.0.0                        put it in charge, in every process at once
  switchback revert --reason 'Gmail mail is flagged'    put its predecessor back
  switchback rollout phish@2.0.0                        or step by step, on evidence alone
  switchback status --watch                             what is in charge, and who obeys?
  switchback guard status                               is a release found to do harm?
  switchback impact phish@2.0.0 --since 6d              what did it decide otherwise than its predecessor?

Exit codes:
  0  all is well
  1  something failed, or a check that was asked for found something; why is on stderr
  2  the command line is wrong
  3  of `status`: it is shown, and in a slot no release decides
  141  whoever read the output has gone before the end of it, as in `| head`; what was not printed may not have been done
docs/exit-codes.md has what each command says, and ends with, where there is nothing to do.

A release is one .wasm file, made by `switchback pack`. Compiled releases are kept in
$XDG_CACHE_HOME/switchback or ~/.cache/switchback, so that only the first use compiles.";

// Each is described when it is called: describing all of them takes longer than to revert.
#[derive(Subcommand)]
#[command(defer = true)]
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
    Load(load::Args),
    Unload(unload::Args),
    Status(status::Args),
    Shadow(shadow::Args),
    Canary(canary::Args),
    Promote(promote::Args),
    Revert(revert::Args),
    Restore(restore::Args),
    Rollout(rollout::Args),
    Quarantine(quarantine::Args),
    Withdraw(withdraw::Args),
    Freeze(freeze::FreezeArgs),
    Thaw(freeze::ThawArgs),
    Allow(allow::Args),
    Block(block::Args),
    Overrides(overrides::Args),
    Expire(expire::Args),
    Guard(guard::Args),
    History(history::Args),
    Journal(Box<journal::Args>),
    Impact(Box<impact::Args>),
    Explain(explain::Args),
    Trust(trust::Args),
    Store(backup::Args),
    Demo(demo::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
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
            Self::Load(args) => load::run(&args),
            Self::Unload(args) => unload::run(&args),
            Self::Status(args) => status::run(&args),
            Self::Shadow(args) => shadow::run(&args),
            Self::Canary(args) => canary::run(&args),
            Self::Promote(args) => promote::run(&args),
            Self::Revert(args) => revert::run(&args),
            Self::Restore(args) => restore::run(&args),
            Self::Rollout(args) => rollout::run(&args),
            Self::Quarantine(args) => quarantine::run(&args),
            Self::Withdraw(args) => withdraw::run(&args),
            Self::Freeze(args) => freeze::freeze(&args),
            Self::Thaw(args) => freeze::thaw(&args),
            Self::Allow(args) => allow::run(&args),
            Self::Block(args) => block::run(&args),
            Self::Overrides(args) => overrides::run(&args),
            Self::Expire(args) => expire::run(&args),
            Self::Guard(args) => guard::run(&args),
            Self::History(args) => history::run(&args),
            Self::Journal(args) => journal::run(&args),
            Self::Impact(args) => impact::run(&args),
            Self::Explain(args) => explain::run(&args),
            Self::Trust(args) => trust::run(&args),
            Self::Store(args) => backup::run(&args),
            Self::Demo(args) => demo::run(&args),
            Self::Schema(args) => schema::run(&args),
            Self::Completions(args) => completions::run(&args),
            Self::Man(args) => man::run(&args),
        }
    }
}

/// The command line. Where the list of commands will be shown, all of them are described.
fn parse() -> Cli {
    let mut command = Cli::command();
    let first = std::env::args_os().nth(1);
    if first.is_none_or(|first| ["help", "--help", "-h"].iter().any(|help| first == *help)) {
        command.build();
    }
    Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

/// Runs the command that this process was called with.
pub fn main() -> ExitCode {
    urgent::hurry();
    signals::survive_file_limits();
    warnings::to_stderr();
    let run = match demo::worker::Args::if_called() {
        Some(worker) => worker.run(),
        None => parse().command.run(),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands with an option that takes a time, with their help.
    fn with_times(command: &clap::Command) -> Vec<(String, String)> {
        let takes_time = |arg: &clap::Arg| {
            arg.get_value_names().is_some_and(|names| names.iter().any(|name| matches!(name.as_str(), "TIME" | "PLAN")))
        };
        let own = command
            .get_arguments()
            .any(takes_time)
            .then(|| (command.get_name().to_owned(), command.clone().render_long_help().to_string()));
        own.into_iter().chain(command.get_subcommands().flat_map(with_times)).collect()
    }

    #[test]
    fn every_command_that_takes_a_time_says_where_its_forms_are() {
        let mut command = Cli::command();
        command.build();
        let commands = with_times(&command);
        for name in
            ["journal", "export", "impact", "compare", "simulate", "promote", "rollout", "allow", "block", "revert"]
        {
            assert!(commands.iter().any(|(found, _)| found == name), "{name}");
        }
        for (name, help) in commands {
            assert!(help.contains("docs/times.md"), "{name}: {help}");
        }
    }
}
