//! Draft -> Verified: every check that needs no compiler.

use std::sync::Arc;

use semver::Version;

use super::digest::Digest;
use super::file::{CONTRACT_VERSION, Outline, Seal};
use super::id::{ReleaseId, VERSION_BYTES_MAX};
use super::manifest::Manifest;
use super::profile::{self, Code};
use super::refusal::Refusal;
use crate::beginning::beginning;
use crate::contain::contained;
use crate::limits::Limits;

/// The interfaces that a model may import, without their version.
const OFFERED: [&str; 3] = ["switchback:scoring/message", "switchback:scoring/assessment", "switchback:scoring/log"];

/// Characters of a foreign import's name that are shown.
const IMPORT_CHARS_SHOWN: usize = 256;

/// The exported function that scores. Without it there is nothing to call.
const SCORE_EXPORT: &str = "score";

/// Bytes that claim to be a release. Nothing is known of them.
#[derive(Debug)]
pub struct Draft {
    bytes: Arc<Vec<u8>>,
}

impl Draft {
    /// Takes bytes that claim to be a release. Whoever needs them afterwards keeps an `Arc` of them.
    pub fn new(bytes: impl Into<Arc<Vec<u8>>>) -> Self {
        Self { bytes: bytes.into() }
    }

    /// Checks, in this order and stopping at the first that fails: size, that it is a component, that
    /// it is whole, its contract version, its manifest and the limits that it asks for, that it
    /// imports the contract and nothing else, and that it is valid and holds nothing that no release needs.
    ///
    /// # Errors
    /// [`Refusal`], for the first check that fails.
    pub fn verify(self, limits: &Limits) -> Result<Verified, Refusal> {
        self.verify_unless_known(limits, |_| false)
    }

    /// [`verify`](Self::verify), but for the validity of a release that is known by its digest: whoever has compiled it
    /// checked that. Whoever compiles it again checks it first ([`Verified::check_code`]).
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    #[doc(hidden)]
    pub fn verify_unless_known(
        self,
        limits: &Limits,
        is_known: impl FnOnce(&Digest) -> bool,
    ) -> Result<Verified, Refusal> {
        let bytes = self.bytes;
        let (id, manifest, code) = in_words(|| check(&bytes, limits, is_known))?;
        Ok(Verified { id, manifest, bytes, code })
    }
}

/// A panic of what reads a release is an error of this release.
fn in_words<T>(read: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    contained(read).unwrap_or_else(|said| Err(Refusal::Invalid(format!("reading it ended in a panic: {said}"))))
}

fn check(
    bytes: &[u8],
    limits: &Limits,
    is_known: impl FnOnce(&Digest) -> bool,
) -> Result<(ReleaseId, Manifest, Code), Refusal> {
    if bytes.len() as u64 > limits.release_bytes_max {
        return Err(Refusal::Oversized { bytes_max: limits.release_bytes_max });
    }
    check_is_component(bytes)?;
    let outline = Outline::read(bytes);
    let Seal { contract, manifest, .. } = outline.seal()?;
    let (is_intact, digest) = outline.seal()?.check(bytes);
    if !is_intact {
        return Err(Refusal::Damaged("its checksum does not match its content".to_owned()));
    }
    check_contract(contract)?;
    let manifest = Manifest::from_json(manifest)?;
    check_limits(&manifest, limits)?;
    check_interfaces(&outline)?;
    let code = if is_known(&digest) { Code::Known } else { Code::Checked };
    profile::check(bytes, &limits.of_release(&manifest.limits), code)?;
    let id = ReleaseId { name: manifest.name.clone(), version: Arc::new(manifest.version.clone()), digest };
    Ok((id, manifest, code))
}

/// A release that passed every check that needs no compiler. Only a `Verified` can be loaded.
#[derive(Clone, Debug)]
pub struct Verified {
    id: ReleaseId,
    manifest: Manifest,
    bytes: Arc<Vec<u8>>,
    code: Code,
}

impl Verified {
    /// Checks that it is valid, unless that was done: for whoever is about to compile it.
    ///
    /// # Errors
    /// As [`Draft::verify`].
    #[doc(hidden)]
    pub fn check_code(&self, limits: &Limits) -> Result<(), Refusal> {
        match self.code {
            Code::Checked => Ok(()),
            Code::Known => {
                in_words(|| profile::check(&self.bytes, &limits.of_release(&self.manifest.limits), Code::Checked))
            }
        }
    }

    /// What it is.
    pub fn id(&self) -> &ReleaseId {
        &self.id
    }

    /// What it says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The whole release file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[doc(hidden)]
    pub fn into_parts(self) -> (ReleaseId, Manifest) {
        (self.id, self.manifest)
    }
}

/// The preamble of WebAssembly (core specification, section 5.5.16; component model, `Binary.md`): four
/// magic bytes, a 16-bit version and a 16-bit layer, which is 0 for a module and 1 for a component.
fn check_is_component(bytes: &[u8]) -> Result<(), Refusal> {
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => Ok(()),
        Some([0, b'a', b's', b'm', _, _, 0, 0]) => Err(Refusal::CoreModule),
        _ => Err(Refusal::NotWasm),
    }
}

fn check_contract(section: &[u8]) -> Result<(), Refusal> {
    let text = std::str::from_utf8(section).ok().filter(|text| text.len() <= VERSION_BYTES_MAX);
    let version = text.and_then(|text| Version::parse(text).ok());
    let version = version.ok_or_else(|| Refusal::Damaged("what it calls its contract version is none".to_owned()))?;
    if !is_spoken(&version) {
        return Err(Refusal::OtherContract { release: version, host: CONTRACT_VERSION });
    }
    Ok(())
}

/// Whether this host speaks a version of the contract. A pre-release or a build of a version is another contract than
/// the version itself.
fn is_spoken(version: &Version) -> bool {
    version.pre.is_empty()
        && version.build.is_empty()
        && version.major == CONTRACT_VERSION.major
        && *version <= CONTRACT_VERSION
}

fn check_limits(manifest: &Manifest, limits: &Limits) -> Result<(), Refusal> {
    let caps = limits.manifest_caps();
    match manifest.limits.named().into_iter().zip(caps).find(|((_, asked), cap)| asked.is_some_and(|a| a > *cap)) {
        Some(((limit, Some(asked)), cap)) => Err(Refusal::LimitAboveCap { limit, asked, cap }),
        _ => Ok(()),
    }
}

fn check_interfaces(outline: &Outline<'_>) -> Result<(), Refusal> {
    let offered = |import: &str| {
        let (interface, version) = import.split_once('@').unwrap_or((import, ""));
        OFFERED.contains(&interface) && Version::parse(version).is_ok_and(|version| is_spoken(&version))
    };
    if let Some(import) = outline.imports().iter().find(|import| !offered(import)) {
        return Err(Refusal::Import(beginning(import, IMPORT_CHARS_SHOWN)));
    }
    if !outline.exports().contains(&SCORE_EXPORT) {
        return Err(Refusal::NoScoreExport);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::file::seal;
    use super::super::manifest::{Card, ManifestLimits, Scale, SelfTest};
    use super::super::reads::Reads;
    use super::*;

    /// A release whose function returns nothing, where it says that it returns a number.
    fn with_invalid_code() -> Draft {
        let component = wat::parse_str(
            r#"(component
                (core module $model (func (export "score") (result i32)))
                (core instance $model (instantiate $model))
                (func (export "score") (result s32) (canon lift (core func $model "score"))))"#,
        );
        let manifest = Manifest {
            name: "invalid".parse().unwrap(),
            version: Version::new(1, 0, 0),
            scale: Scale::LogOdds,
            description: String::new(),
            reads: Reads::SUBJECT,
            limits: ManifestLimits::default(),
            card: Card::default(),
            self_tests: vec![SelfTest::new("a", [0, 255], 0.25)],
        };
        Draft::new(seal(component.unwrap(), &CONTRACT_VERSION, &manifest).unwrap())
    }

    #[test]
    fn the_code_of_a_known_release_is_checked_before_it_is_compiled_again_and_not_sooner() {
        let limits = Limits::default();
        let refused = |result: Result<(), Refusal>| matches!(result, Err(Refusal::Invalid(_)));
        assert!(refused(with_invalid_code().verify(&limits).map(drop)));
        assert!(refused(with_invalid_code().verify_unless_known(&limits, |_| false).map(drop)));
        let mut asked = None;
        let known = with_invalid_code().verify_unless_known(&limits, |digest| asked.insert(*digest) == digest);
        let known = known.unwrap();
        assert_eq!(asked, Some(known.id().digest));
        assert!(refused(known.check_code(&limits)));
    }
}
