//! How soon does the guard find a bad release, and how often does it take a harmless one for bad? Asked of simulated
//! rollouts: `cargo xtask guard-sim` runs this, and `docs/guard.md` has the answer.
//!
//! Everything is drawn from one seed, so the same arguments print the same tables, on any number of threads.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to report to")]

mod attacks;
mod caps;
mod delays;
mod filter;
mod interval;
mod mail;
mod null;
mod observed;
mod parallel;
mod stream;
#[path = "../fingerprint/table.rs"]
mod table;
#[cfg(test)]
mod tests;
mod usual;

use std::process::ExitCode;

/// Rollouts at the null hypothesis, unless told otherwise.
const ROLLOUTS: u64 = 20_000;

/// Runs of each attack.
const ATTACKS: u64 = 10;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("attacks") {
        let is_as_published = attacks::report(ATTACKS);
        caps::report(ATTACKS);
        return if is_as_published { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let Some(rollouts) = argument.map_or(Some(ROLLOUTS), |argument| argument.parse().ok()) else {
        eprintln!("usage: guard_sim [ROLLOUTS | attacks]");
        return ExitCode::from(2);
    };
    let are_near = delays::report(20_000);
    let are_few = null::report(rollouts);
    let are_few_observed = observed::report((rollouts / 20).max(1));
    usual::report((rollouts / 20).max(1));
    if are_near && are_few && are_few_observed {
        return ExitCode::SUCCESS;
    }
    eprintln!("the guard is not as it should be: see above");
    ExitCode::FAILURE
}
