//! Release files: what is in them, what makes one acceptable.
//!
//! A release goes [`Draft`] (bytes that claim to be one) -> [`Verified`] (everything that can be checked
//! without compiling was) -> loaded, which only the sandbox can do, and only to a [`Verified`].

mod digest;
mod draft;
mod file;
mod id;
mod manifest;
mod reads;
mod signature;

pub use digest::{Digest, InvalidDigest};
pub use draft::{CONTRACT_VERSION, Draft, Refusal, Verified};
pub use file::{CHECKSUM_SECTION, CONTRACT_SECTION, MANIFEST_SECTION, seal};
pub use id::{InvalidModelName, MODEL_NAME_BYTES_MAX, ModelName, ReleaseId};
pub use manifest::{Card, InvalidManifest, Manifest, ManifestLimits, SELF_TESTS_MAX, Scale, SelfTest};
pub use reads::Reads;
pub use signature::{
    InvalidKeyId, InvalidPublicKey, InvalidSignature, KeyId, PublicKey, Signature, SignatureError, UnreadableSignature,
    read_signature, signature_path, trusted_comment,
};
