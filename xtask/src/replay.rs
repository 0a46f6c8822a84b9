//! `cargo xtask replay`: a comparison on real mail.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::shell::{command, step, target_dir};
use crate::{models, test};

/// The sets that are replayed, which are of one era: wanted mail of a public list, and phish.
const SETS: [&str; 2] = ["usrp-users", "phishing-pot"];

/// The two releases of `linear`.
const RELEASES: [&str; 2] = ["linear-1.1.0.wasm", "linear-2.0.0.wasm"];

/// Where the list of the corpora's messages has their path, set and date.
const COLUMNS: [&str; 3] = ["path", "src", "date"];

/// Compares both releases on the sets, in the order in which the messages were sent; then lets the second one decide
/// that mail, in a store of its own, and lists what the first would have decided otherwise.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let Some(dir) = models::corpora() else {
        bail!("there are no corpora: set SWITCHBACK_CORPORA to their folder");
    };
    let releases = models::pack_linear()?;
    let unpacked = target_dir().join("corpora");
    for archive in models::archives(&dir)? {
        if SETS.iter().any(|set| archive.ends_with(format!("{set}.tar.zst"))) {
            test::unpack(&archive, &unpacked)?;
        }
    }
    let mut compare = command(target_dir().join("release/switchback"));
    compare.arg("compare").args(RELEASES.map(|release| releases.join(release))).args(arguments).arg("--");
    let messages = by_date(&dir.join("MANIFEST.tsv"))?;
    // In the folder itself: names in the report then do not tell where it lies.
    step("replay", compare.args(&messages).current_dir(&unpacked))?;
    impact(&releases, &unpacked, &messages)
}

/// Trains two models on the corpora, which are kept nowhere, and lets the guard watch the second one on real mail.
pub(crate) fn guard(svg: Option<PathBuf>) -> Result<()> {
    let mut arguments = vec!["reenact".to_owned()];
    if let Some(path) = svg {
        // It may be given relative to where this is called; the program runs in the root.
        let path = std::path::absolute(path).context("where is the picture to be?")?;
        arguments.extend(["--svg".to_owned(), path.to_string_lossy().into_owned()]);
    }
    models::train(&arguments)
}

/// Makes the second release live after the first, lets it decide all messages, and asks for its impact.
fn impact(releases: &Path, unpacked: &Path, messages: &[PathBuf]) -> Result<()> {
    let dir = target_dir().join("replay-store");
    if dir.exists() {
        fs::remove_dir_all(&dir).context("cannot remove the store of an earlier replay")?;
    }
    let switchback = |arguments: &[&str]| {
        let mut switchback = command(target_dir().join("release/switchback"));
        switchback.args(arguments).arg("--store").arg(&dir).current_dir(unpacked);
        switchback
    };
    let files = RELEASES.map(|release| releases.join(release));
    step("replay: load", switchback(&["load"]).args(&files))?;
    step("replay: 1.1.0 live", &mut switchback(&["promote", "linear@1.1.0", "--slot", "inbound"]))?;
    step("replay: 2.0.0 live", &mut switchback(&["promote", "linear@2.0.0"]))?;
    step("replay: the mail", switchback(&["score", "--journal", "--summary"]).args(messages))?;
    // What the predecessor could not keep up with is scored again.
    let impact = ["impact", "linear@2.0.0", "--against", "linear@1.1.0", "--limit", "5"];
    step("replay: impact", switchback(&impact).args(SETS.iter().flat_map(|set| ["--source", set])))
}

/// The messages of the sets by date, as paths in the folder that they are unpacked in.
fn by_date(manifest: &Path) -> Result<Vec<PathBuf>> {
    let text = fs::read_to_string(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let place = |name| header.iter().position(|column| *column == name).with_context(|| format!("no column {name}"));
    let [path, set, date] = COLUMNS.map(place);
    let (path, set, date) = (path?, set?, date?);
    let mut messages: Vec<_> = lines
        .filter(|line| line.get(set).is_some_and(|set| SETS.contains(set)))
        // RFC 3339 in UTC sorts as text.
        .filter_map(|line| Some((line.get(date)?.to_string(), PathBuf::from(line.get(path)?))))
        .collect();
    messages.sort();
    Ok(messages.into_iter().map(|(_, path)| path).collect())
}
