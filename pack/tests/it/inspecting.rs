//! What a release file says.

use switchback::Digest;
use switchback::release::{CONTRACT_VERSION, seal};
use switchback_pack::{Checksum, Inspection, pack_module};

use crate::guest::{KEEP_NUMBER, manifest, module};

fn release() -> Vec<u8> {
    pack_module(&module(KEEP_NUMBER), &0.5_f64.to_le_bytes(), &manifest(0.5)).unwrap()
}

#[test]
fn a_packed_release_says_everything_about_itself() {
    let bytes = release();
    let found = Inspection::read(&bytes);
    assert!(found.is_acceptable(), "{:?}", found.problems);
    assert_eq!(found.id.as_ref().unwrap().to_string(), "tiny@1.2.3");
    assert_eq!(found.digest, Digest::of(&bytes));
    assert_eq!(found.contract.as_deref(), Some("1.0.0"));
    assert_eq!(found.checksum, Checksum::Matches);
    assert_eq!(found.manifest, Some(manifest(0.5)));
    let metadata = found.metadata.as_ref().unwrap();
    assert_eq!((metadata.name.as_deref(), metadata.version.as_deref()), (Some("tiny"), Some("1.2.3")));
    assert_eq!(metadata.processed_by[0].0, "switchback-pack");
    assert!(found.imports.iter().all(|import| import.starts_with("switchback:scoring/")), "{:?}", found.imports);
    assert!(found.exports.contains(&"score".to_owned()));
    assert!(found.code_bytes() > 0 && found.data_bytes() > 0);
}

#[test]
fn nothing_but_our_own_and_the_standard_sections_is_left() {
    let found = Inspection::read(&release());
    let of_modules = found.modules.iter().flat_map(|module| &module.sections);
    for leftover in ["producers", "name", "target_features", "component-type"] {
        assert!(of_modules.clone().all(|section| !section.name.starts_with(leftover)), "{leftover}");
    }
    let last: Vec<_> = found.sections.iter().rev().take(3).map(|section| section.name.as_str()).collect();
    assert_eq!(last, ["switchback:checksum", "switchback:manifest", "switchback:contract"]);
}

#[test]
fn a_changed_byte_shows_and_the_rest_can_still_be_read() {
    let mut bytes = release();
    let at = bytes.windows(9).position(|window| window == b"FROM_DATA").unwrap();
    bytes[at] ^= 1;
    let found = Inspection::read(&bytes);
    assert_eq!(found.checksum, Checksum::Differs);
    assert!(found.manifest.is_some() && !found.is_acceptable());
    assert!(found.problems[0].contains("checksum"), "{:?}", found.problems);
}

#[test]
fn a_file_cut_anywhere_is_described_without_a_panic() {
    let bytes = release();
    for length in (0..bytes.len()).step_by(7) {
        let found = Inspection::read(&bytes[..length]);
        assert!(!found.is_acceptable(), "{length}");
        assert_eq!(found.size_bytes, length);
        assert_ne!(found.checksum, Checksum::Matches, "{length}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_not_shown() {
    let whole = release();
    let other = manifest(0.25).description("another");
    let mut behind = whole.clone();
    behind.extend(seal(Vec::new(), &CONTRACT_VERSION, &other).unwrap());
    let twice = seal(whole.clone(), &CONTRACT_VERSION, &other).unwrap();
    for bytes in [behind, twice] {
        let found = Inspection::read(&bytes);
        assert_eq!((&found.manifest, &found.id, &found.contract), (&None, &None, &None));
        assert_eq!(found.checksum, Checksum::Absent);
        assert!(found.problems[0].contains("more than one section"), "{:?}", found.problems);
    }
}

#[test]
fn an_inspection_is_json() {
    let json = serde_json::to_value(Inspection::read(&release())).unwrap();
    assert_eq!(json["checksum"], "matches");
    assert_eq!(json["id"]["name"], "tiny");
}
