//! Which messages are learned from, and which are only measured on.
//!
//! Messages that belong together ([`campaigns`]) are on one side as a whole: of two copies of one campaign, the one that is measured
//! on would otherwise be known by heart. The side follows from the least SHA-256 of the group's messages, so that a corpus has one
//! split, in whatever order it is read.

use sha2::{Digest, Sha256};
use switchback_train::{Traits, campaigns};

/// Another salt is another split. This one was chosen after the settings: nothing was ever chosen by a look
/// at what is held out now.
const SALT: &[u8] = b"switchback split 2";

/// How many folds there are.
pub const FOLDS: u8 = 10;

/// What a message is used for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Split {
    /// To learn from: 70 %.
    Train,
    /// To choose settings and to calibrate by: 10 %.
    Validation,
    /// To measure on, and nothing else: 20 %.
    Test,
}

/// A message's place in the split.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// What it is used for.
    pub split: Split,
    /// In which half of its split's groups it is.
    pub first_half: bool,
    /// In which tenth of them: below [`FOLDS`].
    pub fold: u8,
}

/// The place of every message. Of text and subject the masked ones are compared.
pub fn places(traits: &[Traits]) -> Vec<Place> {
    campaigns(traits).iter().map(place).collect()
}

/// What the split goes by: a message's bytes, its masked subject and text.
pub fn traits(bytes: &[u8], subject: &str, text: &str) -> Traits {
    Traits::new(Sha256::digest(bytes).into(), subject, text)
}

fn place(sha256: &[u8; 32]) -> Place {
    // The least of several digests is small, so it is hashed once more to be a fair die.
    let die = Sha256::new_with_prefix(SALT).chain_update(sha256).finalize();
    let split = match u16::from_le_bytes([die[0], die[1]]) % 10 {
        0..7 => Split::Train,
        7 => Split::Validation,
        _ => Split::Test,
    };
    Place { split, first_half: die[2] & 1 == 0, fold: die[3] % FOLDS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unrelated_messages_are_split_as_stated() {
        let prints: Vec<_> = (0..20_000).map(|id: u32| traits(&id.to_le_bytes(), "", "")).collect();
        let places = places(&prints);
        let share = |split| places.iter().filter(|place| place.split == split).count() as f64 / 20_000.0;
        assert!((share(Split::Train) - 0.7).abs() < 0.015);
        assert!((share(Split::Validation) - 0.1).abs() < 0.01);
        assert!((share(Split::Test) - 0.2).abs() < 0.015);
        let halves = places.iter().filter(|place| place.first_half).count();
        assert!((9_700..10_300).contains(&halves), "{halves}");
        for fold in 0..FOLDS {
            let size = places.iter().filter(|place| place.fold == fold).count();
            assert!((1_800..2_200).contains(&size), "fold {fold} has {size}");
        }
    }
}
