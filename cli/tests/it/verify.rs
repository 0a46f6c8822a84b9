//! `switchback verify`: what can lie where a signed release, its signature or its key should.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::keygen::{Keys, signature_of};
use crate::model::release;
use crate::run::switchback;

/// What somebody did, and what is said of it.
type Case = (&'static str, &'static dyn Fn(&Path), &'static str);

/// Puts other bytes in the place of a file.
fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Puts a link in the place of a file.
fn link(path: &Path, to: impl AsRef<Path>) {
    fs::remove_file(path).unwrap();
    symlink(to, path).unwrap();
}

const WRONG_SIGNATURES: &[Case] = &[
    ("removed", &|path| fs::remove_file(path).unwrap(), "it is not signed"),
    ("empty", &|path| fs::write(path, "").unwrap(), "the signature is empty"),
    ("cut", &|path| edit(path, |bytes| bytes.truncate(200)), "the signature is cut off"),
    ("binary", &|path| fs::write(path, [0xff; 99]).unwrap(), "it is not text"),
    ("huge", &|path| edit(path, |bytes| bytes.resize(20_000, b' ')), "larger than 16384 bytes"),
    (
        "a folder",
        &|path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap()
        },
        "it is a folder",
    ),
    ("a device", &|path| link(path, "/dev/zero"), "it is a folder or a device"),
    ("a link to nothing", &|path| link(path, "/nowhere/x.minisig"), "No such file"),
    ("a link to itself", &|path| link(path, path), "symbolic links"),
    (
        "a link to another's",
        &|path| link(path, path.with_file_name("linear-2.0.0.wasm.minisig")),
        "not the file that was signed",
    ),
    ("the release itself", &|path| fs::copy(release("1.0.0"), path).map(drop).unwrap(), "it is not text"),
    (
        "the public key",
        &|path| fs::copy(path.with_file_name("k.pub"), path).map(drop).unwrap(),
        "42 bytes long instead of 74",
    ),
    (
        "UTF-16",
        &|path| edit(path, |bytes| *bytes = bytes.iter().flat_map(|&b| [b, 0]).collect()),
        "this is no signature",
    ),
];

const WRONG_FILES: &[Case] = &[
    (
        "another release in its place",
        &|path| fs::copy(release("2.0.0"), path).map(drop).unwrap(),
        "not the file that was signed",
    ),
    ("a flipped bit", &|path| edit(path, |bytes| bytes[999] ^= 1), "it is damaged"),
    ("a byte less", &|path| edit(path, |bytes| bytes.truncate(bytes.len() - 1)), "it is damaged"),
    ("more bytes", &|path| edit(path, |bytes| bytes.extend([0, 1, 0])), "it is damaged"),
    ("empty", &|path| fs::write(path, "").unwrap(), "it is not WebAssembly"),
    ("removed", &|path| fs::remove_file(path).unwrap(), "No such file"),
    (
        "a folder",
        &|path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap()
        },
        "Is a directory",
    ),
    ("a device", &|path| link(path, "/dev/zero"), "larger than 33554432 bytes"),
    ("a link to another", &|path| link(path, release("2.0.0")), "not the file that was signed"),
];

const WRONG_KEYS: &[Case] = &[
    ("removed", &|path| fs::remove_file(path).unwrap(), "cannot read"),
    ("empty", &|path| fs::write(path, "").unwrap(), "the public key is empty"),
    ("the secret key", &|path| fs::copy(path.with_extension("key"), path).map(drop).unwrap(), "this is a secret key"),
    (
        "a signature",
        &|path| fs::copy(path.with_file_name("linear-1.0.0.wasm.minisig"), path).map(drop).unwrap(),
        "this is a signature",
    ),
    ("huge", &|path| link(path, "/dev/zero"), "larger than 8192 bytes"),
    ("binary", &|path| fs::write(path, [0xff; 9]).unwrap(), "it is not text"),
    (
        "a folder",
        &|path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap()
        },
        "Is a directory",
    ),
    ("another's", &|path| fs::copy(path.with_file_name("eve.pub"), path).map(drop).unwrap(), ", not by key "),
];

/// A folder with two signed releases, the keys that signed them, and Eve's key.
fn world() -> Keys {
    let keys = Keys::without_password();
    for version in ["1.0.0", "2.0.0"] {
        keys.verify(&keys.signed(version)).fine();
    }
    fs::copy(Keys::without_password().path("k.pub"), keys.path("eve.pub")).unwrap();
    keys
}

fn refused(cases: &[Case], file: &str) {
    for (what, change, says) in cases {
        let keys = world();
        change(&keys.path(file));
        let ran = keys.verify(&keys.path("linear-1.0.0.wasm"));
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{what}: {ran:?}");
        assert!(ran.err.contains(says), "{what}: {ran:?} does not say {says}");
        assert!(
            ran.err.contains(&keys.path(file).display().to_string()) || ran.err.contains("linear-1.0.0.wasm"),
            "{ran:?}"
        );
        assert_eq!(ran.err.lines().count(), 1, "{what}: {ran:?}");
    }
}

#[test]
fn a_wrong_signature_is_refused_and_named() {
    refused(WRONG_SIGNATURES, "linear-1.0.0.wasm.minisig");
}

#[test]
fn a_wrong_file_is_refused_and_named() {
    refused(WRONG_FILES, "linear-1.0.0.wasm");
}

#[test]
fn a_wrong_key_is_refused_and_named() {
    refused(WRONG_KEYS, "k.pub");
}

#[test]
fn a_link_to_a_signed_release_is_looked_at_by_its_own_name() {
    let keys = world();
    let [current, linked] = ["current.wasm", "current.wasm.minisig"].map(|name| keys.path(name));
    symlink("linear-1.0.0.wasm", &current).unwrap();
    assert!(keys.verify(&current).err.contains("current.wasm: it is not signed"));
    symlink("linear-1.0.0.wasm.minisig", linked).unwrap();
    keys.verify(&current).fine();
}

#[test]
fn every_file_is_looked_at_although_one_fails() {
    let keys = world();
    let [one, two] = ["linear-1.0.0.wasm", "linear-2.0.0.wasm"].map(|name| keys.path(name));
    fs::remove_file(signature_of(&one)).unwrap();
    let args = [Path::new("verify"), Path::new("-p"), &keys.path("k.pub"), &one, &two];
    let ran = switchback(args);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("linear-1.0.0.wasm: it is not signed"), "{ran:?}");
    assert!(ran.out.contains("linear-2.0.0.wasm  linear@2.0.0  key "), "{ran:?}");
}
