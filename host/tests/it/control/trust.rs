//! A store with a trust list loads nothing that nobody trusted has signed.

use std::path::Path;

use minisign::KeyPair;
use switchback::control::{ControlError, LoadedRelease, Preparation, PromoteError, Refused, Request};
use switchback::release::{Draft, PublicKey, signature_path, trusted_comment};
use switchback::{Digest, Limits, LoadError, LocalRuntime, ReleaseId, Runtime};

use super::support::{Store, file, promote};
use crate::support::{release, shared_cache};

/// A store that trusts one key.
struct Trusting {
    store: Store,
    ada: KeyPair,
    operator: LocalRuntime,
}

impl Trusting {
    fn new() -> Self {
        let (store, ada) = (Store::new(), KeyPair::generate_unencrypted_keypair().unwrap());
        store.control.commit(Request::TrustKey { key: public(&ada), label: "ada".to_owned() }).unwrap();
        let operator = Runtime::builder().cache_dir(shared_cache()).instances(4).build().unwrap();
        Self { store, ada, operator }
    }

    fn load(&self, file: &Path) -> Result<(ReleaseId, LoadedRelease), LoadError> {
        self.operator.load_into(&self.store.control, file)
    }

    fn refused(&self, file: &Path) -> String {
        let before = self.store.control.state().unwrap();
        let error = self.load(file).unwrap_err().to_string();
        assert_eq!(self.store.control.state().unwrap(), before);
        assert!(std::fs::read_dir(self.store.path().join("releases")).unwrap().next().is_none(), "nothing was kept");
        error
    }

    /// Loads a signed release.
    fn signed(&self, case: &str, version: &str) -> ReleaseId {
        let (_dir, path) = file(case, version);
        sign(&self.ada, &path);
        self.load(&path).unwrap().0
    }
}

fn public(pair: &KeyPair) -> PublicKey {
    pair.pk.to_base64().parse().unwrap()
}

fn release_bytes(case: &str, version: &str) -> Vec<u8> {
    release(case, version).to_vec()
}

fn sign(pair: &KeyPair, path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let verified = Draft::new(bytes.clone()).verify(&Limits::default()).unwrap();
    let comment = trusted_comment(verified.id());
    let signature = minisign::sign(None, &pair.sk, &bytes[..], Some(&comment), None).unwrap();
    std::fs::write(signature_path(path), signature.into_string()).unwrap();
}

#[test]
fn what_is_signed_by_a_trusted_key_is_loaded_and_followed() {
    let trusting = Trusting::new();
    let release = trusting.signed("empty", "1.0.0");
    let process = trusting.store.process();
    trusting.store.obeyed(promote(&release));
    assert_eq!(process.slot("inbound").unwrap().live().as_ref(), Some(&release));
    let state = trusting.store.control.state().unwrap();
    assert_eq!(state.releases[&release.digest].signer, Some(public(&trusting.ada).id()));
}

#[test]
fn what_is_not_signed_or_by_somebody_else_is_refused_before_it_is_compiled() {
    let trusting = Trusting::new();
    let eve = KeyPair::generate_unencrypted_keypair().unwrap();
    let (_dir, path) = file("stateful", "1.0.0");
    assert!(trusting.refused(&path).contains("is not signed"), "{}", trusting.refused(&path));
    sign(&eve, &path);
    assert!(trusting.refused(&path).contains(&public(&eve).id().to_string()));
    sign(&trusting.ada, &path);
    std::fs::write(&path, release_bytes("empty", "1.0.0")).unwrap();
    let refused = trusting.refused(&path);
    assert!(refused.contains("sign"), "{refused}");
    assert_eq!((trusting.operator.load_counts().compiled, trusting.operator.load_counts().mapped), (0, 0));
}

#[test]
fn what_was_revoked_is_refused() {
    let trusting = Trusting::new();
    let (_dir, path) = file("empty", "1.0.0");
    sign(&trusting.ada, &path);
    let digest = Digest::of(&release_bytes("empty", "1.0.0"));
    trusting.store.control.commit(Request::RevokeDigest { digest }).unwrap();
    assert!(trusting.refused(&path).contains("revoked"));
    let (_dir, other) = file("stateful", "1.0.0");
    sign(&trusting.ada, &other);
    trusting.store.control.commit(Request::RevokeKey { key: public(&trusting.ada).id() }).unwrap();
    assert!(trusting.refused(&other).contains("revoked"));
    let again = Request::TrustKey { key: public(&trusting.ada), label: "ada".to_owned() };
    let error = trusting.store.control.commit(again).unwrap_err();
    assert!(matches!(error, ControlError::Refused(Refused::Trust(_))), "{error}");
}

/// Something done to a signed release in the store, between its load and a filter's start.
type Tampering = fn(&Path, &Trusting);

#[test]
fn a_filter_loads_nothing_of_the_store_that_was_tampered_with() {
    let cases: [(&str, Tampering, &str); 8] = [
        ("the signature is gone", |file, _| std::fs::remove_file(signature_path(file)).unwrap(), "is not signed"),
        ("the signature is empty", |file, _| std::fs::write(signature_path(file), "").unwrap(), "signature"),
        (
            "the signature is another key's",
            |file, _| sign(&KeyPair::generate_unencrypted_keypair().unwrap(), file),
            "key",
        ),
        ("a bit of the file is flipped", |file, _| flip(file, 100), "damaged"),
        ("the file is cut", |file, _| cut(file), "damaged"),
        (
            "the file is another release's",
            |file, _| std::fs::write(file, release_bytes("stateful", "3.0.0")).unwrap(),
            "it holds hostile@3.0.0",
        ),
        ("the file is gone", |file, _| std::fs::remove_file(file).unwrap(), "No such file"),
        ("its key was revoked", |_, trusting| revoke(trusting), "revoked"),
    ];
    for (what, tamper, says) in cases {
        let trusting = Trusting::new();
        let release = trusting.signed("empty", "1.0.0");
        trusting.store.control.promote(promote(&release)).unwrap();
        let file = trusting.store.path().join("releases").join(format!("{}.wasm", release.digest));
        tamper(&file, &trusting);
        let process = trusting.store.process();
        assert_eq!(process.slot("inbound").unwrap().live(), None, "{what}");
        let registered = trusting.store.control.processes().unwrap().remove(0);
        let Some(Preparation::Failed { why }) = registered.preparation(&release.digest) else {
            panic!("{what}: {registered:?}")
        };
        assert!(why.contains(says), "{what}: {why}");
    }
}

fn flip(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

fn cut(file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
}

fn revoke(trusting: &Trusting) {
    trusting.store.control.commit(Request::RevokeKey { key: public(&trusting.ada).id() }).unwrap();
}

#[test]
fn what_was_loaded_before_there_was_a_trust_list_is_not_promoted_until_it_is_signed() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    store.control.promote(promote(&releases[0])).unwrap();
    let ada = KeyPair::generate_unencrypted_keypair().unwrap();
    store.control.commit(Request::TrustKey { key: public(&ada), label: "ada".to_owned() }).unwrap();
    let error = store.control.promote(promote(&releases[1])).unwrap_err();
    assert!(matches!(error, PromoteError::Control(ControlError::Refused(Refused::Untrusted(_)))), "{error}");
    let trusting =
        Trusting { ada, operator: Runtime::builder().cache_dir(shared_cache()).instances(4).build().unwrap(), store };
    assert_eq!(trusting.signed("stateful", "1.1.0"), releases[1]);
    let process = trusting.store.process();
    trusting.store.obeyed(promote(&releases[1]));
    assert_eq!(process.slot("inbound").unwrap().live().as_ref(), Some(&releases[1]));
    // A revert never asks.
    trusting.store.control.commit(super::support::revert()).unwrap();
}
