//! How often does a message's fingerprint join what is not one campaign, and split what is? Asked of real mail:
//! `cargo xtask fingerprint` runs this on the corpora, and `docs/fingerprint.md` has the answer.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to report to")]

mod corpus;
mod joined;
mod mail;
mod mutations;
mod person;
mod shingles;
mod speed;
mod split;
mod table;

use std::path::Path;

fn main() {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: fingerprint FOLDER-OF-THE-CORPORA");
        std::process::exit(2);
    };
    let corpus = corpus::read(Path::new(&folder));
    println!("{} messages of {}\n", corpus.len(), corpus::SETS.join(", "));
    joined::report(&corpus);
    split::report(&corpus);
    mutations::report(&corpus);
    speed::report(&corpus);
}
