//! [`Corpora`]: archives of real mail.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
pub use switchback_train::Label;

/// Names the folder with the archives; without it, `../shared/corpora` beside the checkout is looked for.
const LOCATION: &str = "SWITCHBACK_CORPORA";

/// A message of a corpus.
#[derive(Clone, Debug)]
pub struct Raw {
    /// Its place in the archive: `spamassassin-public/ham/easy_ham/00001...`.
    pub path: String,
    /// What it is, as the path says.
    pub label: Label,
    /// The message.
    pub bytes: Vec<u8>,
}

/// A folder of archives, `NAME.tar.zst`, whose members are `NAME/ham/...` and `NAME/spam/...`.
#[derive(Clone, Debug)]
pub struct Corpora {
    folder: PathBuf,
}

impl Corpora {
    /// The corpora in a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The corpora of this machine: where the environment variable `SWITCHBACK_CORPORA` says, else
    /// `../shared/corpora` beside the checkout; none if that folder is not there.
    pub fn locate() -> Option<Self> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
        let folder = std::env::var_os(LOCATION).map_or_else(beside, PathBuf::from);
        folder.is_dir().then_some(Self { folder })
    }

    /// The messages of one archive, in the order of their paths.
    ///
    /// # Errors
    /// If the archive is not there or not whole.
    pub fn read(&self, name: &str) -> Result<Vec<Raw>> {
        let path = self.folder.join(format!("{name}.tar.zst"));
        let file = std::fs::File::open(&path).with_context(|| format!("open {}", path.display()))?;
        let mut archive = tar::Archive::new(zstd::Decoder::new(file)?);
        let mut messages = Vec::new();
        for entry in archive.entries()? {
            let mut entry = entry.with_context(|| format!("read {}", path.display()))?;
            let member = entry.path()?.to_string_lossy().into_owned();
            let Some(label) = label_of(&member).filter(|_| entry.header().entry_type().is_file()) else { continue };
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).with_context(|| format!("read {member}"))?;
            messages.push(Raw { path: member, label, bytes });
        }
        messages.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(messages)
    }
}

impl Corpora {
    /// When each message of all archives was sent, by its path: RFC 3339 in UTC, as the list of the corpora says.
    ///
    /// # Errors
    /// If the list is not there, or has no such columns.
    pub fn dates(&self) -> Result<HashMap<String, String>> {
        let path = self.folder.join("MANIFEST.tsv");
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let header = lines.next().unwrap_or_default();
        let place =
            |name| header.iter().position(|column| *column == name).with_context(|| format!("no column {name}"));
        let (path, date) = (place("path")?, place("date")?);
        Ok(lines.filter_map(|line| Some((line.get(path)?.to_string(), line.get(date)?.to_string()))).collect())
    }
}

/// The label is the second part of the path.
fn label_of(member: &str) -> Option<Label> {
    match member.trim_start_matches("./").split('/').nth(1)? {
        "ham" => Some(Label::Ham),
        "spam" | "phish" => Some(Label::Spam),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_in_the_path() {
        assert_eq!(label_of("a/ham/x"), Some(Label::Ham));
        assert_eq!(label_of("./a/spam/spam_2/x"), Some(Label::Spam));
        assert_eq!(label_of("a/README"), None);
        assert_eq!(label_of("a"), None);
    }
}
