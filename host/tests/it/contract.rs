//! A released contract is never edited.

use switchback::Digest;

use crate::support::root;

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
