//! `switchback new` and the errors of `switchback pack`; packing itself is tested where it is implemented.

use std::fs;

use tempfile::tempdir;

use crate::run::switchback_in;

#[test]
fn a_new_model_has_all_that_packing_needs() {
    let dir = tempdir().unwrap();
    let out = switchback_in(dir.path(), ["new", "bad-links"]).fine();
    assert!(out.contains("switchback pack ./bad-links\n"), "{out}");
    for file in ["switchback.toml", "Cargo.toml", "README.md"] {
        assert!(out.lines().any(|line| line == format!("./bad-links/{file}")), "{out}");
        assert!(fs::read_to_string(dir.path().join("bad-links").join(file)).unwrap().contains("bad"), "{file}");
    }
    let again = switchback_in(dir.path(), ["new", "bad-links"]);
    assert_eq!(again.code, 1);
    assert!(again.err.starts_with("switchback: new: ./bad-links exists and is not empty"), "{again:?}");
}

#[test]
fn an_unfinished_model_is_not_packed() {
    let dir = tempdir().unwrap();
    let ran = switchback_in(dir.path(), ["pack", "."]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("switchback.toml"), "{ran:?}");
    fs::write(dir.path().join("switchback.toml"), "[release]\nname = \"x\"\nversion = \"1.0.0\"\ncolour = 1\n")
        .unwrap();
    let ran = switchback_in(dir.path(), ["pack", "."]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("colour"), "{ran:?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was left behind");
}
