//! `cargo xtask ci`: what must hold before a change lands.

use anyhow::Result;

use crate::shell::{cargo, command, step};
use crate::{demo, features, models, publish, setup, test};

/// Runs everything, cheapest first.
pub(crate) fn run() -> Result<()> {
    step("format", cargo().args(["fmt", "--all", "--check"]))?;
    setup::cargo_deny()?;
    step("licences and sources", command("cargo-deny").args(["--locked", "check", "licenses", "bans", "sources"]))?;
    advisories();
    // Tests first build everything in the one profile; lints and packages then reuse build scripts and macros.
    test::run(&[])?;
    step(
        "lints",
        cargo().args(["clippy", "--release", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    )?;
    models::guests(false)?;
    features::check()?;
    publish::check()?;
    test::build_benches()?;
    demo::run(&[])?;
    match models::corpora() {
        Some(_) => test::corpora(),
        None => {
            eprintln!(
                "==> SKIPPED: scoring the corpora; SWITCHBACK_CORPORA does not name them, and they are not beside the checkout"
            );
            Ok(())
        }
    }
}

/// Checks the dependencies against the advisory database, where it can be had.
fn advisories() {
    // The database is fetched with git, which a closed network refuses: then nothing is known, which is no failure
    // of this tree.
    let checked = step("advisories", command("cargo-deny").args(["--locked", "check", "advisories"]));
    if let Err(why) = checked {
        eprintln!(
            "==> NOT CHECKED: advisories ({why:#}); run `cargo deny check advisories` where the database can be fetched"
        );
    }
}
