//! The corpora, as far as they are ordinary mail.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rayon::prelude::*;
use switchback::Message;
use switchback::message::Fingerprint;

use crate::shingles::Shingles;

/// The archives that are read.
pub(crate) const SETS: [&str; 4] = ["spamassassin-public", "csdmc2010", "usrp-users", "phishing-pot"];

/// A message, and what is asked of it.
pub(crate) struct Mail {
    /// Its place in the archive.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) sender_domain: Option<String>,
    pub(crate) shingles: Shingles,
}

/// All messages, in the order of the archives.
pub(crate) fn read(folder: &Path) -> Vec<Mail> {
    let raw: Vec<_> = SETS.iter().flat_map(|set| members(&folder.join(format!("{set}.tar.zst")))).collect();
    raw.into_par_iter().map(|(path, bytes)| Mail::new(path, bytes)).collect()
}

impl Mail {
    fn new(path: String, bytes: Vec<u8>) -> Self {
        let message = Message::parse(bytes.clone());
        let text = format!("{}\n{}", message.subject(), message.text(usize::MAX).value);
        Self {
            path,
            bytes,
            fingerprint: message.fingerprint(),
            sender_domain: message.sender_domain().map(str::to_owned),
            shingles: Shingles::of(&text),
        }
    }
}

fn members(archive: &Path) -> Vec<(String, Vec<u8>)> {
    let file = File::open(archive).unwrap_or_else(|why| panic!("{}: {why}", archive.display()));
    let mut found = Vec::new();
    for entry in tar::Archive::new(zstd::Decoder::new(file).unwrap()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        // Each archive has a README beside its messages.
        if entry.header().entry_type().is_file()
            && (path.contains("/ham/") || path.contains("/spam/") || path.contains("/phish/"))
        {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            found.push((path, bytes));
        }
    }
    found
}
