use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::*;

const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

/// A part of a file that a generator puts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Contract,
    Manifest,
    /// With the SHA-256 of what is before it.
    Checksum,
    /// Of ours by its name, and unknown.
    Unknown,
    /// Anybody's; its bytes end with those of the checksum before it, if there is one.
    Foreign,
    /// A core module with a section in it that is called as the manifest is.
    Module,
}

const PARTS: [Part; 6] = [Part::Contract, Part::Manifest, Part::Checksum, Part::Unknown, Part::Foreign, Part::Module];

fn file_of(parts: &[Part]) -> Vec<u8> {
    let mut file = EMPTY.to_vec();
    let mut last_checksum = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Contract => append_section(&mut file, CONTRACT_SECTION, format!("1.0.{at}").as_bytes()),
            Part::Manifest => append_section(&mut file, MANIFEST_SECTION, format!("{{\"at\":{at}}}").as_bytes()),
            Part::Checksum => {
                last_checksum = Digest::of(&file).as_bytes().to_vec();
                append_section(&mut file, CHECKSUM_SECTION, &last_checksum);
            }
            Part::Unknown => append_section(&mut file, "switchback:colour", b"red"),
            Part::Foreign => append_section(&mut file, "note", &last_checksum),
            Part::Module => {
                let mut module = b"\0asm\x01\0\0\0".to_vec();
                append_section(&mut module, MANIFEST_SECTION, b"{}");
                file.extend([1, u8::try_from(module.len()).unwrap()]);
                file.extend(module);
            }
        }
    }
    file
}

#[test]
fn a_file_is_sealed_in_exactly_one_way_whatever_the_order_of_its_sections() {
    let mut random = ChaCha8Rng::seed_from_u64(13);
    let mut sealed = 0;
    for round in 0..20_000 {
        let mut parts: Vec<_> = (0..random.random_range(0..6)).map(|_| PARTS[random.random_range(0..6)]).collect();
        if round % 3 == 0 {
            parts.extend([Part::Contract, Part::Manifest, Part::Checksum]);
        }
        let file = file_of(&parts);
        let outline = Outline::read(&file);
        assert_eq!(outline.broken(), None, "{parts:?}");
        let count = |part: Part| parts.iter().filter(|one| **one == part).count();
        let expected = parts.ends_with(&[Part::Contract, Part::Manifest, Part::Checksum])
            && [Part::Contract, Part::Manifest, Part::Checksum].map(count) == [1; 3]
            && count(Part::Unknown) == 0;
        let found = outline.seal();
        assert_eq!(found.is_ok(), expected, "{parts:?}: {found:?}");
        if let Ok(seal) = found {
            assert!(seal.is_intact(&file), "{parts:?}");
            sealed += 1;
        }
        // What is shown is what would be obeyed, or nothing.
        assert_eq!(outline.only(MANIFEST_SECTION).is_some(), count(Part::Manifest) == 1, "{parts:?}");
    }
    assert!(sealed > 500, "the generator made hardly any sealed file: {sealed}");
}

#[test]
fn each_way_in_which_a_file_is_not_sealed_has_its_reason() {
    use Part::{Checksum, Contract, Foreign, Manifest, Unknown};
    let reasons: [(&[Part], Unsealed); 7] = [
        (&[], Unsealed::Missing(CONTRACT_SECTION)),
        (&[Contract, Manifest], Unsealed::Missing(CHECKSUM_SECTION)),
        (&[Contract, Manifest, Manifest, Checksum], Unsealed::Repeated(MANIFEST_SECTION)),
        (&[Contract, Manifest, Checksum, Manifest, Foreign], Unsealed::Repeated(MANIFEST_SECTION)),
        (&[Contract, Unknown, Manifest, Checksum], Unsealed::Unknown("switchback:colour".to_owned())),
        (&[Manifest, Contract, Checksum], Unsealed::Misplaced),
        (&[Contract, Manifest, Checksum, Foreign], Unsealed::Behind),
    ];
    for (parts, reason) in reasons {
        assert_eq!(Outline::read(&file_of(parts)).seal(), Err(reason), "{parts:?}");
    }
    let whole = file_of(&[Contract, Manifest, Checksum]);
    let cut = Outline::read(&whole[..whole.len() - 1]).seal();
    assert!(matches!(cut, Err(Unsealed::Broken(_))), "{cut:?}");
}

#[test]
fn a_length_that_is_written_longer_than_it_needs_to_be_moves_nothing() {
    let mut file = file_of(&[Part::Contract, Part::Manifest]);
    let before = file.len();
    let checksum = Digest::of(&file);
    let name = CHECKSUM_SECTION.as_bytes();
    let length = u8::try_from(1 + name.len() + 32).unwrap();
    file.extend([0, length | 0x80, 0x80, 0x80, 0, u8::try_from(name.len()).unwrap()]);
    file.extend(name);
    file.extend(checksum.as_bytes());
    let outline = Outline::read(&file);
    let seal = outline.seal().unwrap();
    assert_eq!(seal.covers_bytes, before);
    assert!(seal.is_intact(&file));
}
