//! Set-up, demo, test, training and CI of this repository: `cargo xtask --help`.

mod ci;
mod demo;
mod features;
mod models;
mod publish;
mod python;
mod replay;
mod setup;
mod shell;
mod test;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Set-up, demo, test, training and CI.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the command, pack the releases of `linear` and re-enact the day of a bad one.
    Demo {
        /// Arguments for `switchback demo`, such as `--corpus DIR`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run every test. Those that want the corpora skip, and say so, where there are none.
    Test {
        /// Arguments for the test runner, such as a filter.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the tests of the Python package alone.
    Python {
        /// Arguments for pytest, such as `-k journal`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure how the Python package scales over threads, beside processes.
    PythonScaling {
        /// Arguments for `python/benches/scaling.py`, such as `--messages 5000`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build the wheel of the Python package as `pip install ./python` does, and look at what is in it.
    Wheel,
    /// Everything that CI runs: format, lints, licences, tests, packages and their documentation, benches, demo.
    Ci,
    /// Pack the crates that are published, build and document what was packed, and look at what they declare.
    PublishCheck,
    /// Pack the example models into target/releases.
    Models,
    /// Build the guests that are in the repository as they are packed, and compare them with what is there.
    Guests {
        /// Write them in the place of those that are there.
        #[arg(long)]
        write: bool,
    },
    /// Score all corpora with all models, twice and with two thread counts, and compare the digests.
    Corpora,
    /// Measure how often fingerprints join what is not one campaign, and split what is, on the corpora.
    Fingerprint {
        /// The folder of the corpora, if it is not where SWITCHBACK_CORPORA says and not beside the checkout.
        #[arg(long)]
        corpora: Option<PathBuf>,
    },
    /// Measure how soon the guard finds a bad release, and how often it takes a harmless one for bad, by simulation.
    GuardSim {
        /// How many rollouts of a harmless candidate.
        #[arg(long, default_value_t = 20_000)]
        rollouts: u64,
        /// Measure instead what senders achieve who want a release taken back, or a harmful one to stay.
        #[arg(long)]
        attacks: bool,
    },
    /// Re-enact an update that takes Gmail itself for evidence, on real mail of the corpora, watched by the guard.
    GuardReplay {
        /// Where to draw it, as SVG.
        #[arg(long)]
        svg: Option<PathBuf>,
    },
    /// Compare two releases of `linear` on real mail of the corpora, in the order of its dates.
    Replay {
        /// Arguments for `switchback compare`, such as `--html FILE`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Swap under load for a minute: `cargo xtask storm --seconds 60`.
    Storm {
        /// How long to swap, in seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Kill load, promote and revert at every system call, and let every write and flush fail.
    Crash,
    /// The day of a bad release through real Postfix and Dovecot: the guard takes it back, and every message arrives once.
    Incident,
    /// Live days of a store: three filters score while it is copied, restored, replaced and starved.
    Operate {
        /// How many days, each in another order.
        #[arg(long, default_value_t = 20)]
        days: u64,
    },
    /// Write a journal of millions of records, and ask it questions.
    JournalScale {
        /// How many records.
        #[arg(long, default_value_t = 10_000_000)]
        records: u64,
        /// Of how many senders' domains.
        #[arg(long, default_value_t = 100_000)]
        domains: u64,
    },
    /// Train on generated mail, and print how long it takes and how much memory.
    TrainScale {
        /// How many messages.
        #[arg(long, default_value_t = 1_000_000)]
        messages: u64,
    },
    /// Train other filters and `switchback train` on the same split of the corpora, and print the tables of docs/training.md.
    CompareTraining,
    /// Train the example models on the SpamAssassin public corpus.
    Train {
        /// Arguments for the training program.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the benches.
    Bench {
        /// Names of benches; all if none is given, but for `throughput`, which takes long.
        names: Vec<String>,
        /// Also compare with Extism, which has a wasmtime of its own to compile.
        #[arg(long)]
        extism: bool,
        /// Arguments for a bench that takes any, such as `throughput -- --mail DIR` or `speed -- --write`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Demo { arguments } => demo::run(&arguments),
        Task::Test { arguments } => test::run(&arguments),
        Task::Python { arguments } => python::test_alone(&arguments),
        Task::PythonScaling { arguments } => python::scaling(&arguments),
        Task::Wheel => python::wheel(),
        Task::Ci => ci::run(),
        Task::PublishCheck => publish::check(),
        Task::Models => models::pack().map(drop),
        Task::Guests { write } => models::guests(write),
        Task::Corpora => test::corpora(),
        Task::Fingerprint { corpora } => test::fingerprint(corpora),
        Task::GuardSim { rollouts, attacks } => test::guard_sim(rollouts, attacks),
        Task::GuardReplay { svg } => replay::guard(svg),
        Task::Replay { arguments } => replay::run(&arguments),
        Task::Storm { seconds } => test::storm(seconds),
        Task::Crash => test::crash(),
        Task::Incident => test::incident(),
        Task::Operate { days } => test::operate(days),
        Task::JournalScale { records, domains } => test::journal_scale(records, domains),
        Task::TrainScale { messages } => models::train_scale(messages),
        Task::CompareTraining => models::compare_training(),
        Task::Train { arguments } => models::train(&arguments),
        Task::Bench { names, extism, arguments } => {
            test::bench(&names, if extism { &["extism"] } else { &[] }, &arguments)
        }
    }
}
