//! The page on manifests.

use std::fs;

use switchback_pack::{MANIFEST_FILE, Source};

/// `docs/manifest.md`.
const PAGE: &str = include_str!("../../../docs/manifest.md");

/// The manifest on the page.
fn example() -> &'static str {
    PAGE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap()
}

fn read(manifest: &str) -> Result<Source, String> {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("self-test")).unwrap();
    for file in ["weights.bin", "self-test/phish.eml", "self-test/chinese.eml"] {
        fs::write(dir.path().join(file), "").unwrap();
    }
    fs::write(dir.path().join(MANIFEST_FILE), manifest).unwrap();
    Source::read(dir.path()).map_err(|error| error.to_string())
}

#[test]
fn the_manifest_on_the_page_is_one() {
    assert_eq!(read(example()).unwrap().name().as_str(), "newsletters");
}

#[test]
fn every_key_and_every_group_is_on_the_page() {
    for place in [
        "[release]",
        "[build]",
        "[limits]",
        "[card]",
        "[[self_test]]",
        "envelope = {",
        "client = {",
        "authentication = {",
    ] {
        let joint = if place.ends_with('{') { " no_such_key = 1, " } else { "\nno_such_key = 1\n" };
        let error = read(&example().replacen(place, &format!("{place}{joint}"), 1)).unwrap_err();
        let (_, expected) = error.split_once("expected ").unwrap_or_else(|| panic!("{place}: {error}"));
        for key in expected.split('`').skip(1).step_by(2) {
            assert!(example().contains(&format!("{key} = ")), "{place}: {key}");
        }
    }
    for table in ["release", "build", "limits", "card"] {
        assert!(example().contains(&format!("[{table}]")));
    }
    // A group that does not exist is answered with those that do.
    let error = read(&example().replacen("[\"subject\"", "[\"no-such-group\"", 1)).unwrap_err();
    let (_, groups) = error.trim_end().split_once("there are: ").unwrap();
    let groups: Vec<_> = groups.split(", ").collect();
    assert_eq!(groups.len(), 16, "{error}");
    for group in groups {
        assert!(PAGE.contains(&format!("| `{group}` |")), "{group}");
    }
}
