//! Releases of a store, compared by name.

use serde_json::Value;

use super::corpus;
use crate::model::release;
use crate::operate::store::Store;

#[test]
fn releases_of_a_store_are_compared_by_name_or_digest() {
    let (store, dir) = (Store::with(&["1.0.0", "1.1.0"]), corpus());
    let mail = dir.path().display().to_string();
    let report = store.json(["compare", "linear@1.0.0", "linear@1.1.0", &mail, "--json"]);
    assert_eq!(report["flips"]["newly_flagged"], 3);
    let digest = report["after"]["release"]["digest"].as_str().unwrap();
    let by_digest = store.json(["compare", "linear@1.0.0", &digest[..12], &mail, "--json"]);
    assert_eq!(by_digest["flips"], report["flips"]);
    // A candidate that is not loaded yet beside the one that is.
    let with_file = store.json(["compare", "linear@1.0.0", &release("2.0.0"), &mail, "--json"]);
    assert_eq!(with_file["after"]["release"]["version"], "2.0.0");
    let processes = store.json(["status", "--json"])["processes"].clone();
    assert_eq!(processes, Value::Array(Vec::new()), "it leaves when it is done");
}

#[test]
fn what_the_store_does_not_have_is_refused_with_what_it_has() {
    let (store, dir) = (Store::with(&["1.0.0"]), corpus());
    let mail = dir.path().display().to_string();
    let refused = store.refused(["compare", "linear@1.0.0", "linear@3.0.0", &mail]);
    assert!(refused.contains("there is no release `linear@3.0.0`") && refused.contains("linear@1.0.0"), "{refused}");
    let twice = store.run(["compare", "linear@1.0.0", &release("1.0.0"), &mail]);
    assert!(twice.code == 2 && twice.err.contains("twice"), "{twice:?}");
    let nowhere = crate::run::switchback(["compare", "linear@1.0.0", "linear@1.1.0", &mail]);
    assert!(nowhere.code == 2 && nowhere.err.contains("--store"), "{nowhere:?}");
}
