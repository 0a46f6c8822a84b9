//! [`Vocabulary`]: the features of the structure that a model may know.

use std::collections::{HashMap, HashSet};

use crate::collection::Finished;
use crate::limits::{STRUCTURE_CAMPAIGNS_MIN, STRUCTURE_MAX, TELLING};

/// Features of the structure, each with its place.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    features: Vec<u32>,
    places: HashMap<u32, u32>,
}

impl Vocabulary {
    /// What enough messages of the training part have, given how many have each; and the names of the header fields that tell
    /// the folders apart, which nothing is learned from.
    pub(crate) fn of(mail: &Finished, counts: &HashMap<u32, u32>) -> (Self, Vec<String>) {
        let read = mail.index.iter().fold([0_u64; 2], |mut read, one| {
            read[one.label as usize] += 1;
            read
        });
        let tells = |counts: &[u64; 2]| {
            let [many, few] = TELLING;
            let [ham, spam] = [0, 1].map(|label| counts[label] as f64 / read[label].max(1) as f64);
            (ham > many && spam < few) || (spam > many && ham < few)
        };
        let telling = mail.fields.iter().filter(|(_, (_, counts))| tells(counts));
        let (telling, mut names): (HashSet<u32>, Vec<String>) =
            telling.map(|(feature, (name, _))| (*feature, name.clone())).unzip();
        names.sort_unstable();
        let common =
            counts.iter().filter(|(feature, count)| **count >= STRUCTURE_CAMPAIGNS_MIN && !telling.contains(feature));
        let mut common: Vec<_> = common.map(|(feature, count)| (std::cmp::Reverse(*count), *feature)).collect();
        common.sort_unstable();
        common.truncate(STRUCTURE_MAX);
        let mut features: Vec<u32> = common.into_iter().map(|(_, feature)| feature).collect();
        features.sort_unstable();
        let places = features.iter().enumerate().map(|(place, feature)| (*feature, place as u32)).collect();
        (Self { features, places }, names)
    }

    pub(crate) fn features(&self) -> &[u32] {
        &self.features
    }

    pub(crate) fn place(&self, feature: u32) -> Option<u32> {
        self.places.get(&feature).copied()
    }
}
