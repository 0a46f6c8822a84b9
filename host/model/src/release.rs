//! Release files: what is in them, what makes one acceptable.
//!
//! A release goes [`Draft`] (bytes that claim to be one) -> [`Verified`] (everything that can be checked
//! without compiling was) -> loaded, which only the sandbox can do, and only to a [`Verified`].

mod digest;
mod draft;
mod file;
mod id;
mod manifest;
mod profile;
mod reads;
mod refusal;
mod signature;

pub use digest::{Digest, InvalidDigest};
pub use draft::{Draft, Verified};
pub use file::{CHECKSUM_SECTION, CONTRACT_SECTION, CONTRACT_VERSION, MANIFEST_SECTION, Outline, Seal, Unsealed, seal};
pub use id::{
    InvalidModelName, InvalidVersion, MODEL_NAME_BYTES_MAX, ModelName, ReleaseId, VERSION_BYTES_MAX, parse_version,
    read_version,
};
pub use manifest::{Card, InvalidManifest, Manifest, ManifestLimits, SELF_TESTS_MAX, Scale, SelfTest};
#[doc(hidden)]
pub use profile::CODE_RULES;
pub use reads::Reads;
pub use refusal::Refusal;
pub use signature::{
    InvalidKeyId, InvalidPublicKey, InvalidSignature, KeyId, PublicKey, Signature, SignatureError, trusted_comment,
};
