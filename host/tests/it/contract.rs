//! A released contract is never edited.

use switchback::Digest;

use crate::support::{root, runtime};

#[test]
fn a_released_contract_has_not_changed_by_a_byte() {
    let wit = root().join("wit");
    let released = std::fs::read_to_string(wit.join("RELEASED")).unwrap();
    assert!(released.lines().count() > 0);
    for line in released.lines() {
        let (digest, file) = line.split_once("  ").unwrap();
        let found = Digest::of(&std::fs::read(wit.join(file)).unwrap()).to_string();
        assert_eq!(found, digest, "{file} was edited: add to the contract in a new version instead");
    }
}

#[test]
fn every_contract_is_listed_as_released() {
    let wit = root().join("wit");
    let released = std::fs::read_to_string(wit.join("RELEASED")).unwrap();
    for version in std::fs::read_dir(&wit).unwrap().map(|entry| entry.unwrap()).filter(|e| e.path().is_dir()) {
        for file in std::fs::read_dir(version.path()).unwrap().map(|entry| entry.unwrap()) {
            let name = format!("{}/{}", version.file_name().display(), file.file_name().display());
            assert!(released.contains(&name), "{name} is not in wit/RELEASED");
        }
    }
}

#[test]
fn a_component_of_every_released_contract_scores_as_it_always_did() {
    let contracts = root().join("host/tests/it/contracts");
    let released = std::fs::read_to_string(root().join("wit/RELEASED")).unwrap();
    for line in released.lines() {
        let version = line.split_once("  ").unwrap().1.split('/').next().unwrap();
        // Built when the contract was released, and kept as bytes. Loading runs the self-tests inside: messages with
        // the scores that they had then, equal bit for bit.
        let component = contracts.join(format!("{version}.wasm"));
        runtime().load(&component).unwrap();
    }
}
