//! The example models: packing and training them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::setup;
use crate::shell::{cargo, command, root, step, target_dir};

/// The folders of the releases that the demo is about.
const LINEAR: [&str; 3] =
    ["plugins/linear/releases/1.0.0", "plugins/linear/releases/1.1.0", "plugins/linear/releases/2.0.0"];

/// Those of the other releases that the repository ships.
const OTHERS: [&str; 3] = ["plugins/linear/releases/1.2.0", "plugins/rules", "plugins/onnx"];

/// Builds the command `switchback` and returns its path.
pub(crate) fn build_cli() -> Result<PathBuf> {
    build_bin("switchback")
}

/// Builds one example, likewise, and returns its path.
pub(crate) fn build_example(name: &str) -> Result<PathBuf> {
    build("example", name).map(|release| release.join("examples").join(name))
}

/// Builds one program and returns its path.
pub(crate) fn build_bin(name: &str) -> Result<PathBuf> {
    build("bin", name).map(|release| release.join(name))
}

/// Builds one program and returns the folder that it is built in. Always of the whole workspace: features of
/// dependencies then are the same for everything that is built here, and each dependency is compiled once.
fn build(kind: &str, name: &str) -> Result<PathBuf> {
    let kind = format!("--{kind}");
    step(&format!("build {name}"), cargo().args(["build", "--release", "--locked", "--workspace", &kind, name]))?;
    Ok(target_dir().join("release"))
}

/// Packs every example model into `target/releases` and returns that folder.
pub(crate) fn pack() -> Result<PathBuf> {
    pack_each(LINEAR.iter().chain(&OTHERS))
}

/// Packs the releases that the demo is about: the ONNX runtime takes minutes to build.
pub(crate) fn pack_linear() -> Result<PathBuf> {
    pack_each(&LINEAR)
}

fn pack_each<'a>(sources: impl IntoIterator<Item = &'a &'a str>) -> Result<PathBuf> {
    setup::guest_target()?;
    let switchback = build_cli()?;
    let releases = target_dir().join("releases");
    fs::create_dir_all(&releases).with_context(|| format!("cannot make {}", releases.display()))?;
    for source in sources {
        step(&format!("pack {source}"), command(&switchback).arg("pack").arg(source).arg("--output").arg(&releases))?;
    }
    Ok(releases)
}

/// Builds the guests that are in the repository, and compares or writes them.
pub(crate) fn guests(write: bool) -> Result<()> {
    setup::guest_target()?;
    let guests = build_example("guests")?;
    step("build the guests", command(guests).args(write.then_some("--write")))
}

/// Trains the linear models, and dumps the features that the ONNX model is trained on.
pub(crate) fn train(arguments: &[String]) -> Result<()> {
    let program = build_bin("switchback-plugin-train")?;
    step("train", command(program).args(arguments))
}

/// Corpora that are learned from together, wanted and unwanted mail of about the same time, and a time from which on both have enough
/// to be measured on.
const COMPARED: [([&str; 2], &str); 2] = [
    (["usrp-users", "phishing-pot"], "2025-01-01T00:00:00Z"),
    (["spamassassin-public", "csdmc2010"], "2010-01-01T00:00:00Z"),
];

/// Trains other filters on what `switchback train` learns from, and prints what they find of the same held-out mail.
pub(crate) fn compare_training() -> Result<()> {
    let program = build_bin("switchback-plugin-train")?;
    let python = setup::scikit_learn()?;
    for (corpora, time) in COMPARED {
        for (name, split) in [("campaign", &[][..]), ("random", &["--random"]), ("time", &["--train-until", time])] {
            let folder = target_dir().join("compare-training").join(corpora[0]).join(name);
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
            let what = format!("{}, by {name}", corpora.join(" and "));
            println!("\n## {what}");
            step(&what, command(&program).arg("sides").args(corpora).args(split).arg("--out").arg(&folder))?;
            step("the others", command(&python).arg(root().join("plugins/train/compare.py")).arg(&folder))?;
        }
    }
    Ok(())
}

/// Trains on so many generated messages.
pub(crate) fn train_scale(messages: u64) -> Result<()> {
    let program = build_example("train_scale")?;
    step("train", command(program).arg(messages.to_string()))
}

/// The corpora, if they are here: `SWITCHBACK_CORPORA`, else `../shared/corpora` beside the checkout.
pub(crate) fn corpora() -> Option<PathBuf> {
    let beside = || root().join("../shared/corpora");
    let dir = std::env::var_os("SWITCHBACK_CORPORA").map_or_else(beside, PathBuf::from);
    dir.join("MANIFEST.tsv").is_file().then_some(dir)
}

/// The archives in a folder of corpora, by name.
pub(crate) fn archives(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".tar.zst") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
