//! docs/scikit-learn.md, from its beginning to its end, and what docs/onnx.md shows.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::page::{Step, block, steps};
use super::place::Place;
use crate::model::mail;

const SCIKIT_LEARN: &str = include_str!("../../../../docs/scikit-learn.md");
const ONNX: &str = include_str!("../../../../docs/onnx.md");

/// What sets up a machine: where this runs, `cargo xtask test` has done it.
const SET_UP: [&str; 2] = ["python3 -m venv venv", "venv/bin/pip install scikit-learn skl2onnx"];

/// The environment of Python's packages.
fn environment() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(beside, PathBuf::from);
    let folder = target.join("tools/onnx");
    let works = Command::new(folder.join("bin/python")).args(["-c", "import skl2onnx"]).output();
    let works = works.is_ok_and(|run| run.status.success());
    if !works {
        eprintln!("SKIPPED: the page on scikit-learn needs its Python packages; `cargo xtask test` installs them");
    }
    works.then(|| folder.canonicalize().unwrap())
}

#[test]
fn whoever_follows_the_pages_has_a_release() {
    let Some(environment) = environment() else { return };
    let mut place = Place::new();
    let folder = place.folder().to_owned();
    symlink(environment, folder.join("venv")).unwrap();
    fs::write(folder.join("train.py"), block(SCIKIT_LEARN, "## Train", "import email")).unwrap();
    for (name, subjects) in [
        ("ham", ["Minutes of Tuesday", "The patch for the parser", "Lunch on Friday", "Your order has been sent"]),
        ("spam", ["URGENT: your password", "Win money now", "Cheap money offer", "Your account is locked"]),
    ] {
        fs::create_dir(folder.join(name)).unwrap();
        for (number, subject) in subjects.iter().enumerate() {
            fs::write(folder.join(format!("{name}/{number}.eml")), mail(subject, "ada@example.org", 500)).unwrap();
        }
    }
    let mut typed_count = 0;
    for step in steps(SCIKIT_LEARN).iter().chain(&steps(ONNX)) {
        if let Step::Type(typed) = step {
            typed_count += 1;
            if SET_UP.contains(&typed.command.as_str()) {
                continue;
            }
        }
        place.follow(step);
    }
    assert_eq!(typed_count, 7);
}
