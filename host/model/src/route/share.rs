//! Which messages a canary decides.
//!
//! Each message has one of 10,000 buckets, by a hash of the canary's key (the content, by default), so messages with
//! the same key have the same bucket in every process. A canary has as many buckets as its share has basis points. The
//! hash has a salt that differs from rollout to rollout, so that not the same mail is tried out on each time.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// The basis points in a whole: one is a hundredth of a percent.
pub const BASIS_POINTS: u16 = 10_000;

/// What is hashed to tell whether a message belongs to a canary's share. Messages with the same key always
/// meet the same release. A message without one is shared by its content: otherwise all of them would be in the share, or
/// none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: a filter has to tell a message's key for each of them.
pub enum CanaryKey {
    /// The fingerprint of the content: all copies of a campaign meet the same release.
    #[default]
    Content,
    /// The organisational domain of the sender in `From`.
    SenderDomain,
    /// The domain of the recipient; of several recipients, the first 100 count, the domain that comes first in the
    /// alphabet.
    RecipientDomain,
    /// The tenant that the filter named.
    Tenant,
}

impl fmt::Display for CanaryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Content => "content",
            Self::SenderDomain => "sender-domain",
            Self::RecipientDomain => "recipient-domain",
            Self::Tenant => "tenant",
        })
    }
}

impl CanaryKey {
    /// The bucket of a message: 0 to 9,999.
    #[doc(hidden)]
    pub fn bucket(self, salt: Salt, message: &Message) -> u16 {
        let key = match self {
            Self::Content => None,
            Self::SenderDomain => message.sender_domain(),
            Self::RecipientDomain => {
                let domains = message.recipients().items.iter().map(|recipient| &*recipient.domain);
                domains.filter(|domain| !domain.is_empty()).min()
            }
            Self::Tenant => message.tenant(),
        };
        match key.filter(|key| !key.is_empty()) {
            Some(key) => bucket(salt, key.as_bytes()),
            None => bucket(salt, message.fingerprint().as_bytes()),
        }
    }
}

/// What makes the buckets of a rollout others than those of the one before: 8 bytes, written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Salt([u8; 8]);

impl Salt {
    /// The salt of a rollout that begins with a canary in a slot, at this place in the slot's history.
    #[doc(hidden)]
    pub fn new(slot: &str, release: &[u8; 32], sequence: u64) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(&(slot.len() as u64).to_le_bytes()).update(slot.as_bytes());
        hash.update(release).update(&sequence.to_le_bytes());
        Self(first_8(&hash))
    }
}

crate::hexadecimal!(Salt);

impl From<Salt> for String {
    fn from(salt: Salt) -> Self {
        salt.to_string()
    }
}

impl TryFrom<String> for Salt {
    type Error = InvalidSalt;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = u64::from_str_radix(&text, 16).ok().filter(|_| text.len() == 16);
        number.map(|number| Self(number.to_be_bytes())).ok_or(InvalidSalt(text))
    }
}

/// A text that is not a salt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid salt: 16 hexadecimal digits are")]
pub struct InvalidSalt(String);

fn bucket(salt: Salt, key: &[u8]) -> u16 {
    let mut hash = blake3::Hasher::new();
    hash.update(&salt.0).update(key);
    // Below 10,000, so it fits; 2^64 is so much larger that no bucket is visibly likelier.
    (u64::from_le_bytes(first_8(&hash)) % u64::from(BASIS_POINTS)) as u16
}

fn first_8(hash: &blake3::Hasher) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize().as_bytes()[..8]);
    first
}

/// The buckets of one canary: half-open ranges, in the order in which they were taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Buckets(Vec<(u16, u16)>);

impl Buckets {
    /// Whether a bucket is among them.
    pub fn contains(&self, bucket: u16) -> bool {
        self.0.iter().any(|(start, end)| (*start..*end).contains(&bucket))
    }

    /// How many there are.
    pub fn count(&self) -> u16 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// So many buckets. Those that are there stay as long as possible: the last one taken is the first to go. More
    /// are taken from those that are free, going up from the last one and around.
    pub(crate) fn resized(mut self, count: u16, is_taken: impl Fn(u16) -> bool) -> Self {
        while self.count() > count {
            self.give_back();
        }
        let start = self.0.last().map_or(0, |(_, end)| *end);
        let around = (0..BASIS_POINTS).map(|step| (start + step) % BASIS_POINTS);
        let missing = usize::from(count - self.count());
        let free: Vec<_> =
            around.filter(|bucket| !is_taken(*bucket) && !self.contains(*bucket)).take(missing).collect();
        free.into_iter().for_each(|bucket| self.take(bucket));
        self
    }

    fn take(&mut self, bucket: u16) {
        match self.0.last_mut() {
            Some((_, end)) if *end == bucket => *end += 1,
            _ => self.0.push((bucket, bucket + 1)),
        }
    }

    fn give_back(&mut self) {
        if let Some((start, end)) = self.0.last_mut() {
            *end -= 1;
            if start == end {
                self.0.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::message::Envelope;

    fn set(buckets: &Buckets) -> BTreeSet<u16> {
        (0..BASIS_POINTS).filter(|bucket| buckets.contains(*bucket)).collect()
    }

    #[test]
    fn widening_moves_no_message_back_and_no_two_canaries_share_one() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..300 {
            let mut canaries: Vec<Buckets> = vec![Buckets::default(); 4];
            for _ in 0..20 {
                let one = random.random_range(0..canaries.len());
                let mut others = canaries.clone();
                let old = others.swap_remove(one);
                let left = BASIS_POINTS - others.iter().map(Buckets::count).sum::<u16>();
                let count = random.random_range(0..=left);
                let is_taken = |bucket| others.iter().any(|other| other.contains(bucket));
                let new = old.clone().resized(count, is_taken);
                assert_eq!((new.count(), set(&new).len()), (count, usize::from(count)));
                match new.count() >= old.count() {
                    true => assert!(set(&old).is_subset(&set(&new)), "a message was moved back"),
                    false => assert!(set(&new).is_subset(&set(&old)), "a message was moved in by narrowing"),
                }
                assert!(others.iter().all(|other| set(other).is_disjoint(&set(&new))), "a bucket has two canaries");
                canaries[one] = new;
            }
        }
    }

    #[test]
    fn a_share_is_met_within_its_binomial_error() {
        let keys = 200_000_u32;
        for share in [1, 100, 1_000, 5_000] {
            let salt = Salt::new("inbound", &[7; 32], u64::from(share));
            let buckets = Buckets::default().resized(share, |_| false);
            let met = (0..keys).filter(|key| buckets.contains(bucket(salt, &key.to_le_bytes()))).count();
            let p = f64::from(share) / f64::from(BASIS_POINTS);
            let (expected, error) = (f64::from(keys) * p, (f64::from(keys) * p * (1.0 - p)).sqrt());
            assert!((met as f64 - expected).abs() < 4.0 * error, "{share}: {met} of {expected} +- {error}");
        }
    }

    #[test]
    fn a_rollout_tries_other_messages_than_the_one_before() {
        let [one, other] = [1, 2].map(|sequence| Salt::new("inbound", &[7; 32], sequence));
        let tried = |salt, key: &u32| bucket(salt, &key.to_le_bytes()) < 1_000;
        let both = (0..100_000_u32).filter(|key| tried(one, key) && tried(other, key)).count();
        // A tenth of a tenth, as chance has it.
        assert!((880..1_120).contains(&both), "{both}");
    }

    #[test]
    fn a_message_without_the_key_is_shared_by_its_content() {
        let salt = Salt::new("inbound", &[7; 32], 1);
        let keys = [CanaryKey::SenderDomain, CanaryKey::RecipientDomain, CanaryKey::Tenant];
        for key in keys {
            let buckets: BTreeSet<u16> = (0..50)
                .map(|number| {
                    let envelope = Envelope::new().recipient("postmaster");
                    let message = Message::builder(format!("Subject: {number}\n\ntext {number} of its own\n"));
                    let message = message.envelope(envelope).tenant("").build();
                    assert_eq!(key.bucket(salt, &message), CanaryKey::Content.bucket(salt, &message), "{key}");
                    key.bucket(salt, &message)
                })
                .collect();
            assert!(buckets.len() > 40, "{key}: {buckets:?}");
        }
        let [one, other] = ["one", "other"].map(|text| {
            let envelope = Envelope::new().recipient("a@home.example").recipient("nobody");
            Message::builder(format!("From: a@news.example\n\n{text}\n")).envelope(envelope).tenant("acme").build()
        });
        for key in keys {
            assert_eq!(key.bucket(salt, &one), key.bucket(salt, &other), "{key}");
        }
    }

    #[test]
    fn the_bucket_of_a_key_is_frozen() {
        let salt = Salt::new("inbound", &[7; 32], 1);
        assert_eq!((salt.to_string().as_str(), bucket(salt, b"a")), ("74afac62f387d905", 5_567));
        assert_ne!(Salt::new("outbound", &[7; 32], 1), salt);
        assert_eq!(Salt::try_from(salt.to_string()), Ok(salt));
    }
}
