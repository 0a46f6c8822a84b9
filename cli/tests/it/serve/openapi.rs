//! The description of the HTTP interface, held against the program that runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::door::{Answer, Door};
use crate::model::mail;
use crate::schema::violation;

/// The description.
fn document(door: &Door) -> Value {
    let answer = door.get("/openapi.json");
    assert_eq!(answer.status, 200);
    answer.json()
}

/// Checks a response against what is described of it.
#[track_caller]
fn check(document: &Value, method: &str, path: &str, answer: &Answer) {
    let reply = &document["paths"][path][method]["responses"][answer.status.to_string()];
    let content = reply["content"].as_object().unwrap_or_else(|| panic!("{path} is not to answer {answer:?}"));
    let (kind, says) = content.iter().next().unwrap();
    assert!(answer.head.contains(&format!("content-type: {kind}")), "{path}: {answer:?}");
    if kind == "application/json" {
        let schema = json!({ "allOf": [says["schema"]], "$defs": document["components"]["schemas"] });
        let schema = schema.to_string().replace("#/components/schemas/", "#/$defs/");
        let violation = violation(&serde_json::from_str(&schema).unwrap(), &answer.json());
        assert_eq!(violation, None, "{path}: {answer:?}");
    }
}

#[test]
fn every_path_answers_as_is_described() {
    let (_store, door) = Door::open();
    let document = document(&door);
    assert_eq!(document["openapi"], "3.1.0");
    let large = mail("large", "a@b.example", 4_000);
    let trap = mail("trap", "a@b.example", crate::model::TRAPS_AT_BYTES);
    let mut asked = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            asked.insert((path.as_str(), method.as_str()));
            let answers = match method.as_str() {
                "get" => vec![door.get(path)],
                _ => vec![
                    door.post(path, &[("IP", b"192.0.2.7"), ("From", b"a@b.example")], &large),
                    door.post(path, &[], &trap),
                    door.post(path, &[("User", b"ada")], &large),
                    door.post(path, &[("File", b"x")], &large),
                    door.post(path, &[("Compression", b"zstd")], &large),
                    door.post(path, &[("Content-Length", b"3000000000")], b""),
                ],
            };
            answers.iter().for_each(|answer| check(&document, method, path, answer));
        }
    }
    let expected = [
        ("/checkv2", "post"),
        ("/healthz", "get"),
        ("/metrics", "get"),
        ("/openapi.json", "get"),
        ("/readyz", "get"),
        ("/v1/score", "post"),
    ];
    assert_eq!(asked, BTreeSet::from(expected));
}

#[test]
fn a_description_that_is_wrong_is_noticed() {
    let (_store, door) = Door::open();
    let mut document = document(&door);
    let answer = door.get("/readyz");
    check(&document, "get", "/readyz", &answer);
    let properties = &mut document["components"]["schemas"]["Ready"]["properties"];
    properties["is_ready"] = json!({ "type": "string" });
    let wrong = std::panic::catch_unwind(|| check(&document, "get", "/readyz", &answer));
    assert!(wrong.is_err());
}
