//! [`Structure`]: the weights of what a message is made of.

/// A feature of the structure that a model knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The feature, as the host hashes it.
    pub feature: u32,
    /// Its weight.
    pub weight: f32,
    /// What it is called in a reason, such as `field:list-unsubscribe`, at most 255 bytes; may be empty.
    pub name: String,
}

/// Every feature of the structure that a model knows, by its number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure(Vec<Known>);

impl Structure {
    /// The vocabulary, in any order. Of a feature that is there twice the first counts; names are cut to 255 bytes.
    pub fn new(mut known: Vec<Known>) -> Self {
        known.sort_by_key(|one| one.feature);
        known.dedup_by_key(|one| one.feature);
        known.iter_mut().for_each(|one| one.name.truncate(one.name.floor_char_boundary(usize::from(u8::MAX))));
        Self(known)
    }

    /// What is known of a feature.
    pub fn get(&self, feature: u32) -> Option<&Known> {
        self.place(feature).map(|place| &self.0[place])
    }

    /// Where a feature is in [`known`](Self::known).
    pub fn place(&self, feature: u32) -> Option<usize> {
        self.0.binary_search_by_key(&feature, |one| one.feature).ok()
    }

    /// All of it, sorted by number.
    pub fn known(&self) -> &[Known] {
        &self.0
    }

    /// The sum of the weights of those features that are known, over the root of how many that are.
    pub(crate) fn sum(&self, features: &[u32]) -> f64 {
        let weights = features.iter().filter_map(|feature| self.get(*feature)).map(|known| f64::from(known.weight));
        let (sum, count) = weights.fold((0.0, 0.0), |(sum, count), weight| (sum + weight, count + 1.0_f64));
        if count > 0.0 { sum / count.sqrt() } else { 0.0 }
    }
}
