//! What `switchback new` prints, the README of the folder that it makes, the examples of its help and of that of `pack`, and how to
//! copy an example model.

use std::fs;
use std::path::Path;

use super::page::{Step, steps};
use super::place::Place;
use crate::run::switchback;

#[test]
fn what_new_prints_and_the_readme_that_it_writes_hold_as_they_stand() {
    let mut place = Place::new();
    let (made, printed) = place.run("switchback new as-it-stands --in \"it's here\"");
    assert!(made, "{printed}");
    place.lock("it's here/as-it-stands");
    let (_, next) = printed.split_once("\nnext:\n").unwrap();
    assert_eq!(next.lines().count(), 2, "{printed}");
    for line in next.lines() {
        let (done, said) = place.run(line.trim());
        assert!(done, "{line}: {said}");
    }

    place.run("cd it's here/as-it-stands");
    let readme = fs::read_to_string(place.folder().join("README.md")).unwrap();
    let steps = steps(&readme);
    assert!(steps.iter().any(|step| matches!(step, Step::Type(typed) if typed.command.starts_with("switchback pack"))));
    for step in &steps {
        place.follow(step);
    }
    for tool in ["cargo fmt --check", "cargo clippy --all-targets -- -D warnings"] {
        let (clean, said) = place.run(tool);
        assert!(clean, "{tool}: {said}");
    }
    let attributes = fs::read_to_string(place.folder().join(".gitattributes")).unwrap();
    assert!(attributes.contains("*.eml -text\n"), "{attributes}");
}

#[test]
fn an_example_is_copied_as_the_readme_beside_it_says() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").canonicalize().unwrap();
    let mut place = Place::new();
    std::os::unix::fs::symlink(&plugins, place.folder().join("plugins")).unwrap();
    for step in steps(&fs::read_to_string(plugins.join("README.md")).unwrap()) {
        place.follow(&step);
        if matches!(&step, Step::Type(typed) if typed.command == "switchback new my-rules") {
            place.lock("my-rules");
        }
    }
}

/// The examples in the help of a command.
fn examples(command: &str) -> Vec<String> {
    let help = switchback([command, "--help"]).fine();
    let (_, examples) = help.split_once("\nExamples:\n").unwrap();
    let lines = examples.lines().take_while(|line| !line.is_empty()).map(str::trim);
    // What it is for is behind it, some way off.
    lines.map(|line| line.split_once("  ").map_or(line, |(example, _)| example).to_owned()).collect()
}

#[test]
fn the_examples_in_the_help_of_new_and_pack_work() {
    let mut place = Place::new();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::os::unix::fs::symlink(checkout, place.home().join("switchback")).unwrap();
    let mut ran = 0;
    for example in examples("new").into_iter().chain(examples("pack")) {
        // The release that was handed out is the one that was packed.
        if let Some((_, release)) = example.split_once(" --verify ") {
            place.run(&format!("cp out.wasm {release}"));
        }
        // A release is a component, too.
        if example.contains(" --component model.wasm") {
            place.run("cp out.wasm model.wasm");
        }
        if example.contains(" --onnx model.onnx") {
            let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/onnx/model.onnx");
            fs::copy(model, place.folder().join("model.onnx")).unwrap();
            let bindings = "[release]\nname = \"a\"\nversion = \"1.0.0\"\n[onnx.inputs.indices]\nfeatures = [\"words\"]\nbits = 15\n";
            fs::write(place.folder().join("switchback.toml"), bindings).unwrap();
        }
        // The model in this folder.
        let typed = if example == "switchback pack" { format!("(cd my-model; {example})") } else { example.clone() };
        let (done, said) = place.run(&typed);
        assert!(done, "{example}: {said}");
        if ran == 0 {
            assert_eq!(example, "switchback new newsletters");
            place.lock("newsletters");
            place.run("ln -s newsletters my-model");
        }
        ran += 1;
    }
    assert!(ran >= 7, "{ran}");
}
