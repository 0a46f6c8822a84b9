//! Real mail for the tests that want it. It is not part of the repository: without it those tests say so
//! and pass.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// The sets of ordinary mail.
pub(crate) const SETS: [&str; 4] = ["spamassassin-public", "csdmc2010", "usrp-users", "phishing-pot"];

/// The messages of a set as path and bytes, read from its archive one by one. None, and a note, where the
/// corpora are absent.
///
/// They are looked for in the folder that the environment variable `SWITCHBACK_CORPORA` names, else in
/// `../shared/corpora` beside the checkout.
pub(crate) fn corpus(set: &str) -> Option<impl Iterator<Item = (String, Vec<u8>)>> {
    let file = open(&format!("{set}.tar.zst"))?;
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let mut messages = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.header().entry_type().is_file() {
            let path = entry.path().unwrap().to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            messages.push((path, bytes));
        }
    }
    Some(messages.into_iter())
}

/// What `MANIFEST.tsv` says of each message, by path and column name.
pub(crate) fn manifest() -> Option<HashMap<String, HashMap<String, String>>> {
    let mut text = String::new();
    open("MANIFEST.tsv")?.read_to_string(&mut text).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let row = |values: Vec<String>| (values[0].clone(), columns.iter().cloned().zip(values).collect());
    Some(lines.map(row).collect())
}

fn open(name: &str) -> Option<File> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let folder = std::env::var_os("SWITCHBACK_CORPORA").map_or_else(beside, PathBuf::from);
    let path = folder.join(name);
    let file = File::open(&path);
    if file.is_err() {
        eprintln!("SKIPPED: no {}; set SWITCHBACK_CORPORA to the folder of the corpora", path.display());
    }
    file.ok()
}
