//! What a release file holds and what makes one acceptable: its manifest, its checks, its signature.

pub use switchback_model::limits::{InvalidLimit, Limits};
pub use switchback_model::release::{
    CHECKSUM_SECTION, CONTRACT_SECTION, CONTRACT_VERSION, Card, Digest, Draft, InvalidDigest, InvalidKeyId,
    InvalidManifest, InvalidModelName, InvalidPublicKey, InvalidSignature, InvalidVersion, KeyId, MANIFEST_SECTION,
    MODEL_NAME_BYTES_MAX, Manifest, ManifestLimits, ModelName, Outline, PublicKey, Reads, Refusal, ReleaseId,
    SELF_TESTS_MAX, Scale, Seal, SelfTest, Signature, SignatureError, Unsealed, VERSION_BYTES_MAX, Verified,
    parse_version, read_version, seal, trusted_comment,
};
pub use switchback_system::release_file::{UnreadableSignature, read_release, read_signature, signature_path};
