//! Whose releases are loaded: keys that vouch for them, and what was taken back.

mod untrusted;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use switchback_model::release::{Digest, KeyId, PublicKey, ReleaseId, Signature};

use crate::limits::KEY_LABEL_CHARS_MAX;

pub use untrusted::Untrusted;

/// The keys whose signatures a store accepts, and the keys and releases that it no longer does.
///
/// As long as no key was ever trusted, nothing has to be signed. From the first on everything has to be, for good:
/// when every key is revoked, nothing is accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrustList {
    keys: BTreeMap<KeyId, TrustedKey>,
    revoked_keys: BTreeMap<KeyId, TrustedKey>,
    revoked_digests: BTreeSet<Digest>,
}

/// A key of a trust list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TrustedKey {
    /// What verifies its signatures.
    pub key: PublicKey,
    /// Whose it is, for people; may be empty.
    pub label: String,
}

impl TrustList {
    /// Whether releases have to be signed: once any key was trusted, be it revoked since.
    pub fn is_set(&self) -> bool {
        !self.keys.is_empty() || !self.revoked_keys.is_empty()
    }

    /// The keys whose signatures are accepted, by id.
    pub fn keys(&self) -> &BTreeMap<KeyId, TrustedKey> {
        &self.keys
    }

    /// The keys whose signatures no longer are.
    pub fn revoked_keys(&self) -> &BTreeMap<KeyId, TrustedKey> {
        &self.revoked_keys
    }

    /// The releases that are refused whoever signed them.
    pub fn revoked_digests(&self) -> &BTreeSet<Digest> {
        &self.revoked_digests
    }

    /// Accepts signatures of a key from now on.
    ///
    /// # Errors
    /// If the key is in the list already, under whatever id, or was revoked; if its id is another key's; if the label
    /// is not a short line of text.
    pub fn trust(&mut self, key: PublicKey, label: &str) -> Result<(), TrustRefused> {
        let id = key.id();
        if label.chars().count() > KEY_LABEL_CHARS_MAX || label.chars().any(char::is_control) {
            return Err(TrustRefused::Label { id });
        }
        if let Some((revoked, known)) = find(&self.revoked_keys, &key) {
            return Err(TrustRefused::KeyRevoked { id: revoked, label: known.label.clone() });
        }
        if let Some((known, entry)) = find(&self.keys, &key) {
            return Err(TrustRefused::KeyTrusted { id: known, label: entry.label.clone() });
        }
        if self.keys.contains_key(&id) || self.revoked_keys.contains_key(&id) {
            return Err(TrustRefused::IdTaken { id });
        }
        self.keys.insert(id, TrustedKey { key, label: label.to_owned() });
        Ok(())
    }

    /// Accepts no signature of a key from now on, whenever it was made. There is no way back.
    ///
    /// # Errors
    /// If the key is not in the list, or was revoked before.
    pub fn revoke_key(&mut self, id: KeyId) -> Result<(), TrustRefused> {
        let Some(entry) = self.keys.remove(&id) else {
            return Err(match self.revoked_keys.get(&id) {
                Some(entry) => TrustRefused::KeyRevoked { id, label: entry.label.clone() },
                None => TrustRefused::KeyUnknown { id },
            });
        };
        self.revoked_keys.insert(id, entry);
        Ok(())
    }

    /// Refuses a release from now on, whoever signed it. There is no way back.
    ///
    /// # Errors
    /// If it was revoked before.
    pub fn revoke_digest(&mut self, digest: Digest) -> Result<(), TrustRefused> {
        match self.revoked_digests.insert(digest) {
            true => Ok(()),
            false => Err(TrustRefused::DigestRevoked { digest }),
        }
    }

    /// Whether a release may be used: the whole file's bytes, whose digest `release` has, and the text of its
    /// signature file if there is one. Says whose signature it is; none where nothing has to be signed, which then is
    /// not looked at.
    ///
    /// Costs one pass over the bytes.
    ///
    /// # Errors
    /// [`Untrusted`], for the first reason found.
    pub fn check(
        &self,
        release: &ReleaseId,
        bytes: &[u8],
        signature: Option<&str>,
    ) -> Result<Option<KeyId>, Untrusted> {
        if self.revoked_digests.contains(&release.digest) {
            return Err(Untrusted::DigestRevoked { digest: release.digest });
        }
        if !self.is_set() {
            return Ok(None);
        }
        let signature: Signature = signature.ok_or(Untrusted::Unsigned)?.parse()?;
        self.key(signature.key_id())?.verify(bytes, &signature)?;
        if signature.names_another_than(release) {
            let comment = signature.trusted_comment().to_owned();
            return Err(Untrusted::OtherRelease { comment, release: release.clone() });
        }
        Ok(Some(signature.key_id()))
    }

    /// The key of this id, if its signatures are accepted.
    fn key(&self, id: KeyId) -> Result<&PublicKey, Untrusted> {
        if let Some(revoked) = self.revoked_keys.get(&id) {
            return Err(Untrusted::KeyRevoked { id, label: revoked.label.clone() });
        }
        self.keys.get(&id).map(|trusted| &trusted.key).ok_or(Untrusted::KeyUnknown { id })
    }
}

/// The entry of the same key, under whatever id: two names for one key, and revoking one would leave the other.
fn find<'a>(keys: &'a BTreeMap<KeyId, TrustedKey>, key: &PublicKey) -> Option<(KeyId, &'a TrustedKey)> {
    keys.iter().find(|(_, entry)| entry.key.is_same_key(key)).map(|(id, entry)| (*id, entry))
}

/// A key as a sentence names it.
fn named(id: KeyId, label: &str) -> String {
    if label.is_empty() { format!("key {id}") } else { format!("key {id} ({label})") }
}

/// Why a trust list was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustRefused {
    /// The key is in the list.
    #[error("{} is trusted already", named(*id, label))]
    KeyTrusted {
        /// The id under which it is.
        id: KeyId,
        /// Whose it is.
        label: String,
    },
    /// The key was revoked.
    #[error(
        "{} was revoked, and that cannot be taken back: make a new one",
        named(*id, label)
    )]
    KeyRevoked {
        /// The id under which it was.
        id: KeyId,
        /// Whose it was.
        label: String,
    },
    /// The id belongs to another key.
    #[error(
        "there is another key with the id {id} in the trust list, which does not happen by chance: ask whoever gave you this one"
    )]
    IdTaken {
        /// The id.
        id: KeyId,
    },
    /// The key is not in the list.
    #[error("key {id} is not in the trust list, so there is nothing to revoke")]
    KeyUnknown {
        /// The id.
        id: KeyId,
    },
    /// The release was revoked before.
    #[error("sha256:{digest} is revoked already")]
    DigestRevoked {
        /// The digest.
        digest: Digest,
    },
    /// The label is none.
    #[error("the label of key {id} is not one line of at most {KEY_LABEL_CHARS_MAX} characters: give a shorter one")]
    Label {
        /// The key.
        id: KeyId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that nobody owns, with this id and material.
    fn key(id: u8, material: u8) -> PublicKey {
        use base64::Engine as _;
        let bytes = [&b"Ed"[..], &[id; 8], &[material; 32]].concat();
        base64::engine::general_purpose::STANDARD.encode(bytes).parse().unwrap()
    }

    fn release() -> ReleaseId {
        ReleaseId::new("phish".parse().unwrap(), semver::Version::new(2, 0, 0), Digest::of(b"release"))
    }

    #[test]
    fn without_keys_anything_passes_but_what_was_revoked() {
        let mut list = TrustList::default();
        assert!(!list.is_set());
        assert_eq!(list.check(&release(), b"release", None), Ok(None));
        assert_eq!(list.check(&release(), b"release", Some("rubbish")), Ok(None));
        list.revoke_digest(release().digest).unwrap();
        assert!(!list.is_set(), "revoking a release demands no signatures of others");
        let refused = list.check(&release(), b"release", None);
        assert_eq!(refused, Err(Untrusted::DigestRevoked { digest: release().digest }));
    }

    #[test]
    fn a_list_whose_keys_are_all_revoked_still_demands_signatures() {
        let mut list = TrustList::default();
        list.trust(key(1, 1), "ada").unwrap();
        list.revoke_key(key(1, 1).id()).unwrap();
        assert!(list.is_set() && list.keys().is_empty());
        assert_eq!(list.check(&release(), b"release", None), Err(Untrusted::Unsigned));
    }

    #[test]
    fn a_key_is_trusted_once_and_revoked_for_good() {
        let mut list = TrustList::default();
        let id = key(1, 1).id();
        assert_eq!(list.revoke_key(id), Err(TrustRefused::KeyUnknown { id }));
        list.trust(key(1, 1), "ada").unwrap();
        let before = list.clone();
        assert_eq!(list.trust(key(1, 1), "eve"), Err(TrustRefused::KeyTrusted { id, label: "ada".into() }));
        assert_eq!(list.trust(key(1, 2), "eve"), Err(TrustRefused::IdTaken { id }));
        // The same key under another name: whoever revokes one would still trust the other.
        assert_eq!(list.trust(key(2, 1), "eve"), Err(TrustRefused::KeyTrusted { id, label: "ada".into() }));
        assert_eq!(list, before, "a refusal changes nothing");
        list.revoke_key(id).unwrap();
        let revoked = TrustRefused::KeyRevoked { id, label: "ada".into() };
        assert_eq!(list.revoke_key(id), Err(revoked.clone()));
        assert_eq!(list.trust(key(1, 1), "ada"), Err(revoked.clone()));
        assert_eq!(list.trust(key(2, 1), "ada"), Err(revoked));
        assert_eq!(list.trust(key(1, 2), "ada"), Err(TrustRefused::IdTaken { id }));
        list.trust(key(2, 2), "ada's new key").unwrap();
        assert_eq!((list.keys().len(), list.revoked_keys().len()), (1, 1));
    }

    #[test]
    fn a_release_is_revoked_once() {
        let mut list = TrustList::default();
        let digest = release().digest;
        list.revoke_digest(digest).unwrap();
        assert_eq!(list.revoke_digest(digest), Err(TrustRefused::DigestRevoked { digest }));
    }

    #[test]
    fn a_label_is_one_short_line() {
        let mut list = TrustList::default();
        for label in ["two\nlines", "\x1b[2J", &"x".repeat(129)] {
            assert_eq!(list.trust(key(1, 1), label), Err(TrustRefused::Label { id: key(1, 1).id() }));
        }
        list.trust(key(1, 1), "").unwrap();
        list.trust(key(2, 2), &"ü".repeat(128)).unwrap();
    }

    #[test]
    fn a_list_reads_back_from_its_json() {
        let mut list = TrustList::default();
        list.trust(key(1, 1), "ada").unwrap();
        list.trust(key(2, 2), "grace").unwrap();
        list.revoke_key(key(1, 1).id()).unwrap();
        list.revoke_digest(release().digest).unwrap();
        let json = serde_json::to_value(&list).unwrap();
        assert_eq!(json["keys"]["0202020202020202"]["label"], "grace");
        assert_eq!(json["revoked_keys"]["0101010101010101"]["key"], key(1, 1).to_string());
        assert_eq!(serde_json::from_value::<TrustList>(json).unwrap(), list);
    }
}
