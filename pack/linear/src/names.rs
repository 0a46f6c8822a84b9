//! [`Names`]: the words behind some features of text, for reasons that people read.

/// The most names that a reason has.
const SHOWN: usize = 3;

/// Words and pairs of words by their features. Few of them, the ones that weigh most: a message's own words are not looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names(Vec<(u32, String)>);

impl Names {
    /// Names of features, in any order. Of a feature that is there twice one counts; names are cut to 255 bytes.
    pub fn new(mut named: Vec<(u32, String)>) -> Self {
        named.sort();
        named.dedup_by_key(|(feature, _)| *feature);
        named.iter_mut().for_each(|(_, name)| name.truncate(name.floor_char_boundary(usize::from(u8::MAX))));
        Self(named)
    }

    /// All of them, sorted by feature.
    pub fn named(&self) -> &[(u32, String)] {
        &self.0
    }

    /// The name of a feature.
    pub fn get(&self, feature: u32) -> Option<&str> {
        let place = self.0.binary_search_by_key(&feature, |(other, _)| *other).ok()?;
        Some(&self.0[place].1)
    }
}

/// The names that weigh most in one direction, the first first.
pub(crate) fn shown<'a>(named: impl Iterator<Item = (f64, &'a str)>) -> String {
    let mut found: Vec<(f64, &str)> = Vec::new();
    for (weight, name) in named.filter(|(_, name)| !name.is_empty()) {
        let place = found.partition_point(|(other, _)| *other >= weight);
        if place < SHOWN && found.iter().all(|(_, other)| *other != name) {
            found.insert(place, (weight, name));
            found.truncate(SHOWN);
        }
    }
    found.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_are_shown_and_each_once() {
        let named = [(1.0, "a"), (3.0, "b"), (2.0, ""), (3.0, "b"), (0.5, "c"), (2.0, "d"), (9.0, "e")];
        assert_eq!(shown(named.into_iter()), "e, b, d");
        assert_eq!(shown(std::iter::empty()), "");
    }
}
