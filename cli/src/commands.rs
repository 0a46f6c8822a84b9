//! All commands, and what each prints with `--json`.

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::exit::Exit;
use crate::schema::Output;
use crate::store::change;
use crate::{
    allow, backtest, backup, bench, block, canary, compare, completions, demo, dev, expire, explain, features, freeze,
    guard, held, history, impact, inspect, journal, keygen, load, man, new, overrides, pack, promote, quarantine,
    restore, revert, rollout, schema, score, serve, shadow, sign, status, test, train, trust, unload, verify, withdraw,
};

/// Scores mail with sandboxed models, and swaps them between two messages.
#[derive(Parser)]
#[command(name = "switchback", version, after_long_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  switchback demo                                       see a bad model go live, and its revert
  switchback new my-model && switchback pack my-model   start a model of your own
  switchback test my-model ~/Maildir                    does it answer, within its limits?
  switchback dev my-model --watch ~/Maildir             what does each change of it flip?
  switchback train --ham Archive --spam Junk --name acme -o acme-1.0.0.wasm
                                                        train a model on your own mail
  switchback score -m linear-1.0.0.wasm ~/Maildir       score your own mail
  switchback compare old.wasm new.wasm archive.mbox     what would the new release change?
  switchback verify -p ada.pub phish-2.0.0.wasm         is it signed by her, and unaltered?

Operating filters, whose store SWITCHBACK_STORE or --store names:
  switchback load phish-2.0.0.wasm                      add a release; every process prepares it
  switchback promote phish@2.0.0                        make it live in every process at once
  switchback revert --reason 'Gmail mail is flagged'    make its predecessor live again
  switchback rollout phish@2.0.0                        or go live step by step, on evidence
  switchback status --watch                             what is live, and in every process?
  switchback guard status                               does a release do harm?
  switchback backtest phish@3.0.0 --since 30d           what would it have decided on past mail?
  switchback impact phish@2.0.0 --since 6d              what did it decide differently?
  switchback held list                                  which mail is held?

Exit codes:
  0  success
  1  something failed, or a check found something; stderr says what
  2  the command line is wrong
  3  from `status` only: the status is shown, and a slot has no release that decides
  141  the reader of the output closed it early, as in `| head`; what was not printed may not have
     been done
docs/exit-codes.md lists what each command prints, and its exit code, when there is nothing to do.

A release is one .wasm file, made by `switchback pack`. Compiled releases are kept in
$XDG_CACHE_HOME/switchback or ~/.cache/switchback, so that only the first use compiles.";

// Each is described when it is called: describing all of them takes longer than to revert.
#[derive(Subcommand)]
#[command(defer = true)]
enum Command {
    New(new::Args),
    Pack(pack::Args),
    Test(test::Args),
    Dev(Box<dev::Args>),
    Train(Box<train::Args>),
    Inspect(inspect::Args),
    Keygen(keygen::Args),
    Sign(sign::Args),
    Verify(verify::Args),
    Score(score::Args),
    Features(features::Args),
    Serve(serve::Args),
    Compare(compare::Args),
    Backtest(Box<backtest::Args>),
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
    Held(held::Args),
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

impl Cli {
    /// The command line of this process. Where the list of commands will be shown, all of them are described.
    pub(crate) fn parse_arguments() -> Self {
        let mut command = Self::command();
        let first = std::env::args_os().nth(1);
        if first.is_none_or(|first| ["help", "--help", "-h"].iter().any(|help| first == *help)) {
            command.build();
        }
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }

    /// Runs the command.
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        self.command.run()
    }
}

impl Command {
    fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::New(args) => new::run(&args),
            Self::Pack(args) => pack::run(&args),
            Self::Test(args) => test::run(&args),
            Self::Dev(args) => dev::run(&args),
            Self::Train(args) => train::run(&args),
            Self::Inspect(args) => inspect::run(&args),
            Self::Keygen(args) => keygen::run(&args),
            Self::Sign(args) => sign::run(&args),
            Self::Verify(args) => verify::run(&args),
            Self::Score(args) => score::run(&args),
            Self::Features(args) => features::run(&args),
            Self::Serve(args) => serve::run(&args),
            Self::Compare(args) => compare::run(&args),
            Self::Backtest(args) => backtest::run(&args),
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
            Self::Held(args) => held::run(&args),
            Self::History(args) => history::run(&args),
            Self::Journal(args) => journal::run(&args),
            Self::Impact(args) => impact::run(&args),
            Self::Explain(args) => explain::run(&args),
            Self::Trust(args) => trust::run(&args),
            Self::Store(args) => backup::run(&args),
            Self::Demo(args) => demo::run(&args),
            Self::Schema(args) => schema::run(&args, outputs()),
            Self::Completions(args) => completions::run(&args, Cli::command()),
            Self::Man(args) => man::run(&args, Cli::command()),
        }
    }
}

/// What every command with `--json` prints.
fn outputs() -> impl Iterator<Item = (&'static str, Output)> {
    let alone = [
        ("backtest", backtest::OUTPUT),
        ("bench", bench::OUTPUT),
        ("compare", compare::OUTPUT),
        ("demo", demo::OUTPUT),
        ("dev", dev::OUTPUT),
        ("explain", explain::OUTPUT),
        ("impact", impact::OUTPUT),
        ("inspect", inspect::OUTPUT),
        ("journal", journal::OUTPUT),
        ("load", load::OUTPUT),
        ("overrides", overrides::OUTPUT),
        ("pack", pack::OUTPUT),
        ("score", score::OUTPUT),
        ("status", status::OUTPUT),
        ("test", test::OUTPUT),
        ("train", train::OUTPUT),
    ];
    let groups = [backup::OUTPUTS, guard::OUTPUTS, held::OUTPUTS, history::OUTPUTS, rollout::OUTPUTS, trust::OUTPUTS];
    let changes = CHANGES.iter().map(|command| (*command, change::OUTPUT));
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
        for name in [
            "journal", "export", "impact", "compare", "backtest", "simulate", "promote", "rollout", "allow", "block",
            "revert", "train",
        ] {
            assert!(commands.iter().any(|(found, _)| found == name), "{name}");
        }
        for (name, help) in commands {
            assert!(help.contains("docs/times.md"), "{name}: {help}");
        }
    }

    #[test]
    fn no_two_options_of_a_command_have_one_name_inside() {
        fn check(command: &clap::Command) {
            let mut names = BTreeSet::new();
            for argument in command.get_arguments() {
                assert!(names.insert(argument.get_id().clone()), "{}: {}", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        let mut command = Cli::command();
        command.build();
        check(&command);
    }

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
        let mut command = Cli::command();
        command.build();
        let mut found = BTreeSet::new();
        with_json(&command, "", &mut found);
        let described: Vec<_> = outputs().map(|(command, _)| command.to_owned()).collect();
        assert_eq!(described.len(), found.len(), "{described:?}");
        assert_eq!(described.into_iter().collect::<BTreeSet<_>>(), found);
    }
}
