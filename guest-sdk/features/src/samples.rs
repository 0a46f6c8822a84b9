//! Texts for tests of this module: hand-written edge cases, and random mixtures of everything.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What random texts are mixed from: every class that normalisation or the features treat by itself.
const PIECES: [&str; 24] = [
    "a",
    "FREE",
    "word",
    " ",
    "  ",
    "\r\n",
    "\t",
    "\0",
    "7",
    "$1,000.00",
    "50%",
    "!",
    "...",
    "é",
    "ß",
    "İ",
    "\u{200b}",
    "\u{ad}",
    "да",
    "Привет",
    "漢字",
    "한국",
    "𝐕",
    "👍",
];

/// Some hundreds of texts of up to a few hundred bytes, always the same.
pub(super) fn texts() -> impl Iterator<Item = String> {
    let edges = [0, 1, 2, 7, 8, 31, 32, 33, 61, 62, 63, 64, 65, 127, 128, 200];
    let runs = edges.into_iter().flat_map(|count| ["a", " ", "A ", " b", "é", "漢"].map(|piece| piece.repeat(count)));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mixtures = (0..400).map(move |_| {
        let count = rng.random_range(0..120);
        (0..count).filter_map(|_| PIECES.choose(&mut rng)).copied().collect()
    });
    runs.chain(mixtures)
}

/// Some thousands of texts of random characters, always the same.
pub(super) fn characters() -> impl Iterator<Item = String> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    (0..2_000).map(move |_| {
        let count = rng.random_range(0..80);
        (0..count).map(|_| rng.random::<char>()).collect()
    })
}
