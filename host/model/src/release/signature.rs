//! Signatures of release files, in [minisign]'s format.
//!
//! The signature of `phish.wasm` is a text of four lines in `phish.wasm.minisig` beside it:
//!
//! ```text
//! untrusted comment: anything
//! base64(algorithm, key id, signature of the file's BLAKE2b-512 hash)
//! trusted comment: switchback release phish@2.0.0 sha256:...
//! base64(signature of the first signature and the trusted comment)
//! ```
//!
//! Only the pre-hashed algorithm `ED` is accepted. The legacy one, `Ed`, signs a file's bytes instead of their hash,
//! and the letters that tell the two apart are signed by nobody: where both are accepted, the legacy signature of a
//! file of 64 bytes is also one of every file with that hash. minisign has not made legacy signatures, unless asked
//! to, since 0.10.
//!
//! [minisign]: https://jedisct1.github.io/minisign/

mod key;
mod key_id;
mod line;

use std::fmt;
use std::str::FromStr;

pub use key::{InvalidPublicKey, PublicKey};
pub use key_id::{InvalidKeyId, KeyId};

use self::line::{Line, comment};
use super::digest::Digest;
use super::id::ReleaseId;

/// What every line that nothing protects starts with.
const UNTRUSTED: &str = "untrusted comment: ";

/// What the line that the global signature protects starts with.
const TRUSTED: &str = "trusted comment: ";

/// What a trusted comment starts with that names a release.
const RELEASE: &str = "switchback release ";

/// The text of a `.minisig` file, read but believed in nothing.
#[derive(Clone)]
pub struct Signature {
    is_legacy: bool,
    key_id: KeyId,
    inner: minisign_verify::Signature,
}

impl Signature {
    /// Which key claims to have made it.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What the signer said of the file. To be believed once [`PublicKey::verify`] passed, and not before.
    pub fn trusted_comment(&self) -> &str {
        self.inner.trusted_comment()
    }

    /// Whether it is made by the legacy algorithm, which [`PublicKey::verify`] does not accept.
    pub fn is_legacy(&self) -> bool {
        self.is_legacy
    }

    /// Whether the trusted comment names a release, and another one than this. A comment of any other form, such as
    /// minisign's own, names none.
    pub fn names_another_than(&self, release: &ReleaseId) -> bool {
        self.trusted_comment().starts_with(RELEASE) && self.trusted_comment() != trusted_comment(release)
    }

    /// The digest of the file for which the trusted comment says that it was made, if it says so.
    pub(crate) fn claimed_digest(&self) -> Option<Digest> {
        self.trusted_comment().strip_prefix(RELEASE)?.rsplit_once(" sha256:")?.1.parse().ok()
    }
}

/// The trusted comment of a release's signature: `switchback release phish@2.0.0 sha256:...`.
pub fn trusted_comment(release: &ReleaseId) -> String {
    format!("{RELEASE}{release} sha256:{}", release.digest)
}

impl FromStr for Signature {
    type Err = InvalidSignature;

    /// Reads the text of a `.minisig` file. Line ends may be Windows's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim_end();
        if text.is_empty() {
            return Err(InvalidSignature::Empty);
        }
        let mut lines = text.lines();
        comment(lines.next(), UNTRUSTED).ok_or_else(|| InvalidSignature::no_signature(text))?;
        let signature = Line::<74>::decode(lines.next().ok_or(InvalidSignature::Truncated { lines: 1 })?)
            .map_err(|bytes| InvalidSignature::SignatureLine { bytes })?;
        let trusted = lines.next().ok_or(InvalidSignature::Truncated { lines: 2 })?;
        comment(Some(trusted), TRUSTED).ok_or(InvalidSignature::TrustedComment)?;
        Line::<64>::decode(lines.next().ok_or(InvalidSignature::Truncated { lines: 3 })?)
            .map_err(|bytes| InvalidSignature::GlobalLine { bytes })?;
        if lines.next().is_some() {
            return Err(InvalidSignature::MoreLines);
        }
        let is_legacy = match signature.algorithm() {
            [b'E', b'D'] => false,
            [b'E', b'd'] => true,
            other => return Err(InvalidSignature::Algorithm(other)),
        };
        // Every cause that it knows was told apart above.
        let inner = minisign_verify::Signature::decode(text).map_err(|_| InvalidSignature::NoSignature)?;
        Ok(Self { is_legacy, key_id: signature.key_id(), inner })
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature(by {}: {:?})", self.key_id, self.trusted_comment())
    }
}

/// A text that is no signature in minisign's format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSignature {
    /// There is nothing in it.
    #[error("the signature is empty: fetch it again")]
    Empty,
    /// It is something else.
    #[error(
        "this is no signature: one starts with the line `untrusted comment: ...`; expected is the .minisig file of `switchback sign` or minisign"
    )]
    NoSignature,
    /// An editor put a byte order mark before it.
    #[error("the signature starts with a byte order mark, which an editor put there: fetch it again")]
    ByteOrderMark,
    /// It ends too early.
    #[error("the signature is cut off after line {lines} of 4: fetch it again")]
    Truncated {
        /// How many lines there are.
        lines: usize,
    },
    /// Its second line is damaged.
    #[error("line 2, the signature itself, is {}: fetch it again", line::found(*bytes, 74))]
    SignatureLine {
        /// How many bytes it holds; none if it is not base64.
        bytes: Option<usize>,
    },
    /// Its third line is another.
    #[error("line 3 does not start with `trusted comment: `: lines are missing or in the wrong order; fetch it again")]
    TrustedComment,
    /// Its fourth line is damaged.
    #[error("line 4, the signature of the trusted comment, is {}: fetch it again", line::found(*bytes, 64))]
    GlobalLine {
        /// How many bytes it holds; none if it is not base64.
        bytes: Option<usize>,
    },
    /// There is text that no signature protects.
    #[error("the signature goes on after its 4 lines: nothing protects what follows; fetch it again")]
    MoreLines,
    /// It names an algorithm that minisign does not have.
    #[error("its algorithm is {}, which minisign does not have: fetch it again", line::printable(*.0))]
    Algorithm([u8; 2]),
}

impl InvalidSignature {
    fn no_signature(text: &str) -> Self {
        if text.starts_with('\u{feff}') { Self::ByteOrderMark } else { Self::NoSignature }
    }
}

impl PublicKey {
    /// Checks that the owner of this key signed exactly these bytes, and the signature's trusted comment. Costs one
    /// pass over the bytes.
    ///
    /// # Errors
    /// [`SignatureError`]; nothing that the signature says is to be believed then.
    pub fn verify(&self, bytes: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        if signature.is_legacy() {
            return Err(SignatureError::Legacy { key: signature.key_id });
        }
        if signature.key_id != self.id() {
            return Err(SignatureError::OtherKey { signed_by: signature.key_id, key: self.id() });
        }
        self.inner().verify(bytes, &signature.inner, false).map_err(|_| match signature.claimed_digest() {
            Some(signed) if signed != Digest::of(bytes) => {
                SignatureError::OtherFile { signed, found: Digest::of(bytes) }
            }
            Some(_) => SignatureError::Forged { key: self.id() },
            None => SignatureError::Mismatch { key: self.id() },
        })
    }
}

/// Why a signature does not vouch for a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// It is made by the legacy algorithm.
    #[error(
        "the signature by key {key} is of minisign's legacy kind, which does not hash the file first: sign it again, with `switchback sign` or minisign 0.10 or newer without -l"
    )]
    Legacy {
        /// The key that claims to have made it.
        key: KeyId,
    },
    /// It is made by another key.
    #[error("it is signed by key {signed_by}, not by key {key}: use the public key that belongs to the signature")]
    OtherKey {
        /// The key that claims to have made the signature.
        signed_by: KeyId,
        /// The key that was asked for.
        key: KeyId,
    },
    /// It does not match, and says itself that it is for another file.
    #[error(
        "this is not the file that was signed: the signature is for sha256:{signed}, the file is sha256:{found}; fetch file and signature again from where they were published"
    )]
    OtherFile {
        /// The digest that the signature's comment names.
        signed: Digest,
        /// The digest of the file.
        found: Digest,
    },
    /// It does not match, although it says that it is for this file.
    #[error(
        "the signature is not one of key {key}, although it says so: the signature or its trusted comment was altered, or somebody else made it; fetch it again from where it was published"
    )]
    Forged {
        /// The key that claims to have made it.
        key: KeyId,
    },
    /// It does not match, and says nothing of the file.
    #[error(
        "the signature by key {key} does not match: the file, the signature or its trusted comment was altered after signing; fetch both again from where they were published"
    )]
    Mismatch {
        /// The key that claims to have made it.
        key: KeyId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the documentation of minisign-verify: another implementation's signature of `test`.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
        trusted comment: timestamp:1633700835\tfile:test\tprehashed\n\
        wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==\n";

    fn release() -> ReleaseId {
        let version = std::sync::Arc::new("2.0.0".parse().unwrap());
        ReleaseId { name: "phish".parse().unwrap(), version, digest: Digest::of(b"test") }
    }

    #[test]
    fn a_known_signature_verifies_and_says_who_and_what() {
        let key: PublicKey = KEY.parse().unwrap();
        let signature: Signature = SIGNATURE.parse().unwrap();
        assert_eq!(key.verify(b"test", &signature), Ok(()));
        assert_eq!(signature.key_id(), key.id());
        assert_eq!(signature.trusted_comment(), "timestamp:1633700835\tfile:test\tprehashed");
        assert!(!signature.is_legacy());
        assert_eq!(key.verify(b"Test", &signature), Err(SignatureError::Mismatch { key: key.id() }));
    }

    #[test]
    fn a_key_answers_for_its_own_signatures_alone() {
        let mut line = KEY.to_owned();
        line.replace_range(5..6, "B");
        let other: PublicKey = line.parse().unwrap();
        let signature: Signature = SIGNATURE.parse().unwrap();
        let refused = SignatureError::OtherKey { signed_by: signature.key_id(), key: other.id() };
        assert_eq!(other.verify(b"test", &signature), Err(refused));
    }

    #[test]
    fn line_ends_of_windows_change_nothing() {
        let key: PublicKey = KEY.parse().unwrap();
        let signature: Signature = SIGNATURE.replace('\n', "\r\n").parse().unwrap();
        assert_eq!(key.verify(b"test", &signature), Ok(()));
        assert!(!signature.trusted_comment().ends_with('\r'));
    }

    #[test]
    fn a_trusted_comment_names_name_version_and_digest() {
        let digest = Digest::of(b"test");
        assert_eq!(trusted_comment(&release()), format!("switchback release phish@2.0.0 sha256:{digest}"));
        let with = |comment: &str| -> Signature {
            let (before, rest) = SIGNATURE.split_once("timestamp").unwrap();
            format!("{before}{comment}\n{}", rest.split_once('\n').unwrap().1).parse().unwrap()
        };
        assert_eq!(with(&trusted_comment(&release())).claimed_digest(), Some(digest));
        assert!(!with(&trusted_comment(&release())).names_another_than(&release()));
        assert!(!with("made by hand").names_another_than(&release()));
        assert!(with("switchback release phish@2.0.1 sha256:0").names_another_than(&release()));
        assert!(with(&format!("{} ", trusted_comment(&release()))).names_another_than(&release()));
    }
}
