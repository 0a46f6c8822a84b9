//! What is no release is refused before anything is compiled, with a message that says why.

use std::io;

use switchback::release::{CHECKSUM_SECTION, MANIFEST_SECTION, Refusal, seal};
use switchback::runtime::LoadFault;
use switchback::{Digest, Limits, Runtime};

use crate::support::{load_bytes, manifest, release, runtime};

/// Loads bytes that must be refused, and checks that nothing was compiled for it.
fn refusal_of(bytes: &[u8]) -> Refusal {
    let runtime = Runtime::builder().instances(1).build().unwrap();
    refusal_by(&runtime, bytes)
}

fn refusal_by(runtime: &Runtime, bytes: &[u8]) -> Refusal {
    let error = load_bytes(runtime, bytes).unwrap_err();
    assert_eq!(runtime.load_counts().compiled, 0, "compiled before it was refused: {error}");
    match error.fault {
        LoadFault::Refused(refusal) => refusal,
        other => panic!("not refused, but {other}"),
    }
}

#[test]
fn a_file_that_is_not_wasm_is_refused() {
    for bytes in [&b""[..], b"\0as", b"hello, world", b"\x7fELF\x02\x01\x01\0"] {
        assert!(matches!(refusal_of(bytes), Refusal::NotWasm));
    }
}

#[test]
fn a_core_module_is_refused() {
    assert!(matches!(refusal_of(b"\0asm\x01\0\0\0"), Refusal::CoreModule));
}

#[test]
fn a_component_that_was_not_packed_is_refused() {
    assert!(matches!(refusal_of(b"\0asm\x0d\0\x01\0"), Refusal::NotPacked));
}

#[test]
fn a_truncated_release_is_refused_wherever_it_is_cut() {
    let whole = release("empty", "1.0.0");
    let runtime = Runtime::builder().instances(1).build().unwrap();
    let step = (whole.len() / 97).max(1);
    for cut in (0..whole.len()).step_by(step).chain(whole.len() - 80..whole.len()) {
        refusal_by(&runtime, &whole[..cut]);
    }
}

#[test]
fn a_flipped_bit_is_noticed_wherever_it_is() {
    let whole = release("empty", "1.0.0");
    let runtime = Runtime::builder().instances(1).build().unwrap();
    let step = (whole.len() / 97).max(1);
    for at in (0..whole.len()).step_by(step).chain(whole.len() - 80..whole.len()) {
        let mut flipped = whole.to_vec();
        flipped[at] ^= 1 << (at % 8);
        refusal_by(&runtime, &flipped);
    }
}

#[test]
fn bytes_after_the_checksum_are_refused() {
    let mut longer = release("empty", "1.0.0").to_vec();
    // A custom section without a name: a component as valid as before.
    longer.extend([0, 1, 0]);
    assert!(matches!(refusal_of(&longer), Refusal::Damaged(_)));
}

#[test]
fn a_newer_contract_is_refused_with_both_versions() {
    for version in ["1.2.0", "2.0.0", "0.9.0", "1.0.0-rc1", "1.0.0+mine", "1.0.1-alpha"] {
        let sealed = seal(unsealed(), &version.parse().unwrap(), &manifest("empty", "1.0.0")).unwrap();
        let refusal = refusal_of(&sealed);
        assert!(matches!(refusal, Refusal::OtherContract { .. }), "{refusal}");
        assert!(refusal.to_string().contains(version) && refusal.to_string().contains("1.1.0"), "{refusal}");
    }
}

#[test]
fn an_import_outside_the_contract_is_refused_by_name() {
    for import in ["wasi:cli/environment@0.2.0", "switchback:scoring/message@2.0.0", "switchback:scoring/clock@1.0.0"] {
        let mut component = b"\0asm\x0d\0\x01\0".to_vec();
        component.extend(wat_import(import));
        let sealed = seal(component, &"1.0.0".parse().unwrap(), &manifest("empty", "1.0.0")).unwrap();
        let refusal = refusal_of(&sealed);
        assert!(matches!(&refusal, Refusal::Import(name) if name == import), "{refusal}");
    }
}

#[test]
fn a_second_manifest_is_refused_wherever_it_stands() {
    let other = manifest("empty", "6.6.6").to_json().unwrap();
    let mut before = unsealed();
    append_section(&mut before, MANIFEST_SECTION, &other);
    let before = seal(before, &"1.0.0".parse().unwrap(), &manifest("empty", "1.0.0")).unwrap();
    // Behind the checksum, with a last section that ends as the checksum does.
    let whole = release("empty", "1.0.0");
    let mut behind = whole.to_vec();
    append_section(&mut behind, MANIFEST_SECTION, &other);
    append_section(&mut behind, "x", &whole[whole.len() - 32..]);
    for bytes in [before, behind] {
        let refusal = refusal_of(&bytes);
        assert!(matches!(&refusal, Refusal::Layout(_)), "{refusal}");
        assert!(refusal.to_string().contains("more than one section `switchback:manifest`"), "{refusal}");
    }
}

#[test]
fn a_section_of_ours_that_nobody_knows_is_refused() {
    let mut unknown = unsealed();
    append_section(&mut unknown, "switchback:policy", b"deliver");
    let sealed = seal(unknown, &"1.0.0".parse().unwrap(), &manifest("empty", "1.0.0")).unwrap();
    assert!(matches!(refusal_of(&sealed), Refusal::Layout(_)));
}

#[test]
fn a_component_within_a_component_is_refused() {
    let mut component = unsealed();
    component.extend([4, 8]);
    component.extend(b"\0asm\x0d\0\x01\0");
    let sealed = seal(component, &"1.0.0".parse().unwrap(), &manifest("empty", "1.0.0")).unwrap();
    let refusal = refusal_of(&sealed);
    assert!(matches!(&refusal, Refusal::Needless(what) if what.contains("component within")), "{refusal}");
}

#[test]
fn a_version_without_end_is_refused_with_a_short_message() {
    // As its author could write it: sealed by hand, because sealing refuses it too.
    let json = String::from_utf8(manifest("empty", "1.0.0").to_json().unwrap()).unwrap();
    let endless = json.replace("1.0.0", &format!("1.0.0-{}", "a".repeat(200_000)));
    let mut component = unsealed();
    append_section(&mut component, "switchback:contract", b"1.0.0");
    append_section(&mut component, MANIFEST_SECTION, endless.as_bytes());
    let checksum = Digest::of(&component);
    append_section(&mut component, CHECKSUM_SECTION, checksum.as_bytes());
    let refusal = refusal_of(&component).to_string();
    assert!(refusal.contains("at most 128") && refusal.len() < 500, "{refusal}");
}

#[test]
fn a_component_without_score_is_refused() {
    let sealed = seal(b"\0asm\x0d\0\x01\0".to_vec(), &"1.0.0".parse().unwrap(), &manifest("empty", "1.0.0")).unwrap();
    assert!(matches!(refusal_of(&sealed), Refusal::NoScoreExport));
}

#[test]
fn an_oversized_release_is_refused() {
    let whole = release("empty", "1.0.0");
    let mut limits = Limits::default();
    limits.release_bytes_max = whole.len() as u64 - 1;
    let runtime = Runtime::builder().limits(limits).instances(1).build().unwrap();
    assert!(matches!(refusal_by(&runtime, &whole), Refusal::Oversized { .. }));
}

#[test]
fn a_limit_above_the_hosts_cap_is_refused_by_name() {
    let whole = release("empty", "1.0.0");
    let mut limits = Limits::default();
    limits.memory_bytes_max = 4 << 20;
    let runtime = Runtime::builder().limits(limits).instances(1).build().unwrap();
    let refusal = refusal_by(&runtime, &whole);
    assert!(matches!(refusal, Refusal::LimitAboveCap { limit: "memory_bytes_max", .. }), "{refusal}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = runtime().load("/nowhere/phish-1.0.0.wasm").unwrap_err();
    assert!(error.to_string().contains("/nowhere/phish-1.0.0.wasm"), "{error}");
}

#[test]
fn a_self_test_that_scores_otherwise_keeps_a_release_out() {
    let mut wrong = manifest("empty", "9.9.9");
    wrong.self_tests[0].score = 0.500_000_000_000_000_1;
    let sealed = seal(unsealed(), &"1.0.0".parse().unwrap(), &wrong).unwrap();
    let error = load_bytes(&runtime(), &sealed).unwrap_err();
    assert!(matches!(&error.fault, LoadFault::SelfTest { test, .. } if test == "behaves"), "{error}");
}

/// The release of the empty model without what sealing added. Sections are found by their names.
fn unsealed() -> Vec<u8> {
    let whole = release("empty", "1.0.0");
    let contract = b"switchback:contract";
    let name = whole.windows(contract.len()).rposition(|window| window == contract).unwrap();
    assert!(whole.windows(CHECKSUM_SECTION.len()).rposition(|w| w == CHECKSUM_SECTION.as_bytes()).unwrap() > name);
    // Before the name: its length, the section's length, the section's number; one byte each.
    whole[..name - 3].to_vec()
}

/// Appends a custom section.
fn append_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut content = leb(name.len());
    content.extend(name.as_bytes());
    content.extend(data);
    component.push(0);
    component.extend(leb(content.len()));
    component.extend(content);
}

/// A number in LEB128.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The import section of a component that imports an empty instance under a name (component model,
/// `Binary.md`): a type section with one instance type, and an import of it.
fn wat_import(name: &str) -> Vec<u8> {
    let mut bytes = vec![7, 3, 1, 0x42, 0];
    let mut import = vec![1, 0, u8::try_from(name.len()).unwrap()];
    import.extend(name.as_bytes());
    import.extend([5, 0]);
    bytes.extend([10, u8::try_from(import.len()).unwrap()]);
    bytes.extend(import);
    bytes
}

#[test]
fn a_file_that_cannot_be_read_says_why_as_its_source() {
    use std::error::Error as _;
    let runtime = runtime();
    for (path, kind) in [("/nonexistent.wasm", io::ErrorKind::NotFound), ("/", io::ErrorKind::IsADirectory)] {
        let error = runtime.load(path).unwrap_err();
        let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.kind(), kind);
        assert!(error.to_string().starts_with(&format!("load {path}: ")), "{error}");
    }
}
