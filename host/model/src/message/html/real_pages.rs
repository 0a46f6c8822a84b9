//! As `pages.rs`, with the pages of real mail, as they are and damaged.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rand::SeedableRng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

use super::pages::{damaged, read, slow};
use super::standard::pages;
use crate::message::Message;

/// Damaged pages, unless the environment says otherwise.
const PAGES: usize = 2_000;

/// The HTML of all messages of a set.
fn of_set(folder: &OsStr, set: &str) -> Vec<String> {
    let file = File::open(Path::new(folder).join(set).with_extension("tar.zst")).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let messages = archive.entries().unwrap().map(|entry| {
        let mut bytes = Vec::new();
        entry.unwrap().read_to_end(&mut bytes).unwrap();
        Message::parse(bytes).html(usize::MAX).value.to_owned()
    });
    messages.filter(|page| !page.is_empty()).collect()
}

#[test]
fn real_pages_are_read_as_their_tokens_say() {
    let Some(folder) = std::env::var_os("SWITCHBACK_CORPORA") else {
        return eprintln!("SKIPPED: set SWITCHBACK_CORPORA to the folder of the corpora");
    };
    let sets = ["spamassassin-public", "csdmc2010", "usrp-users", "phishing-pot", "odd-mime"];
    let all: Vec<String> = sets.into_iter().flat_map(|set| of_set(&folder, set)).collect();
    for page in &all {
        assert_eq!(read(page), slow(page), "{page:?}");
    }
    let mut random = ChaCha8Rng::seed_from_u64(0x6d61_696c);
    for _ in 0..pages(PAGES) {
        let page = all.choose(&mut random).unwrap().clone();
        let page = damaged(&mut random, page);
        assert_eq!(read(&page), slow(&page), "{page:?}");
    }
}
