//! Why a release is not trusted.

use switchback_model::release::{Digest, InvalidSignature, KeyId, ReleaseId, SignatureError};

use super::named;

/// Why a release may not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// There is no signature.
    #[error(
        "it is not signed, and only signed releases are accepted: put its author's .minisig file beside it, or sign it"
    )]
    Unsigned,
    /// What should be a signature is none.
    #[error(transparent)]
    Invalid(#[from] InvalidSignature),
    /// The key is not in the trust list.
    #[error("it is signed by key {id}, which is not trusted here: if you know whose it is, add it to the trust list")]
    KeyUnknown {
        /// The key that claims to have signed.
        id: KeyId,
    },
    /// The key was revoked.
    #[error(
        "it is signed by {}, which was revoked: ask its author for a signature by another key",
        named(*id, label)
    )]
    KeyRevoked {
        /// The key that claims to have signed.
        id: KeyId,
        /// Whose it was.
        label: String,
    },
    /// The release was revoked.
    #[error("sha256:{digest} was revoked: use another version")]
    DigestRevoked {
        /// The release.
        digest: Digest,
    },
    /// The signature does not vouch for the file.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The signature matches the file and says that it is another release.
    #[error(
        "the signature is for another release: it says {comment:?}, this is {release} sha256:{}; ask whoever signed it",
        release.digest
    )]
    OtherRelease {
        /// What the signer said.
        comment: String,
        /// What it is.
        release: ReleaseId,
    },
}
