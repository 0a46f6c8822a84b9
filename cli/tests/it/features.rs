//! `switchback features`.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use switchback::Message;
use switchback::message::{Fact, FeatureKind, Features};
use tempfile::{TempDir, tempdir};

use crate::run::switchback_in;

/// Two messages, one of them with a non-ASCII name and everything that has features, and a file that is none.
fn mail() -> TempDir {
    let dir = tempdir().unwrap();
    let full = "From: Ann <ann@x.example>\nSubject: Pay now\n\nDear friend, see http://192.0.2.7/x and more\n";
    fs::write(dir.path().join("a.eml"), full).unwrap();
    fs::write(dir.path().join("é.eml"), "Subject: hi\n\n").unwrap();
    dir
}

/// What the library finds, as `--jsonl` has it.
fn expected(name: &str, mail: &[u8], kinds: &[FeatureKind]) -> Value {
    let message = Message::parse(mail);
    // As a number of 32 bits is written: `json!` would make one of 64 of it first.
    let written = |fact| serde_json::from_str(&format!("{:?}", message.facts().get(fact))).unwrap();
    let by_name = Fact::ALL.map(|fact| (fact.name().to_owned(), written(fact)));
    let mut line = json!({
        "message": name, "sha256": message.sha256_hex(), "truncated": false, "structure": **message.structure().features(),
        "facts": Value::Object(by_name.into_iter().collect()),
    });
    for kind in kinds {
        let fields = Features::FIELDS.into_iter().zip(message.features(*kind).fields());
        line[kind.name()] = Value::Object(fields.map(|(name, field)| (name.to_owned(), json!(&**field))).collect());
    }
    line
}

#[test]
fn a_line_has_what_a_model_is_given() {
    let dir = mail();
    for (options, kinds) in [
        (vec![], vec![FeatureKind::Words, FeatureKind::Pairs]),
        (vec!["--kind", "grams"], vec![FeatureKind::Grams]),
        (vec!["--kind", "grams,words,words"], vec![FeatureKind::Words, FeatureKind::Grams]),
    ] {
        let args = [vec!["features", "--jsonl"], options, vec!["."]].concat();
        let lines = switchback_in(dir.path(), args).fine();
        let found: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |name: &str| expected(&format!("./{name}"), &fs::read(dir.path().join(name)).unwrap(), &kinds);
        assert_eq!(found, [of("a.eml"), of("é.eml")]);
    }
}

#[test]
fn a_line_says_where_a_message_has_more_than_is_hashed() {
    let dir = tempdir().unwrap();
    let fields = |count: usize| (0..count).map(|number| format!("X-{number}: y\n")).collect::<String>();
    for (header, words, is_truncated) in [(0, 10_000, false), (0, 11_000, true), (500, 1, false), (513, 1, true)] {
        let mail = format!("Subject: hi\n{}\n{}", fields(header), "hi ".repeat(words));
        fs::write(dir.path().join("a.eml"), mail).unwrap();
        let line = switchback_in(dir.path(), ["features", "--jsonl", "a.eml"]).fine();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["truncated"], is_truncated, "{line:.60}");
    }
}

#[test]
fn what_is_no_message_is_left_out_and_said() {
    let dir = mail();
    fs::write(dir.path().join("b.txt"), "not a message").unwrap();
    let ran = switchback_in(dir.path(), ["features", "--jsonl", "."]);
    assert_eq!((ran.code, ran.out.lines().count()), (1, 2), "{}", ran.err);
    assert!(ran.err.contains("left out ./b.txt"), "{}", ran.err);
}

#[test]
fn a_file_that_is_no_array_is_kept() {
    let dir = mail();
    fs::write(dir.path().join("out.names.npy"), "precious").unwrap();
    let ran = switchback_in(dir.path(), ["features", "--npy", "out", "a.eml"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("is not an array of numpy, and is kept"), "{}", ran.err);
    assert_eq!(fs::read(dir.path().join("out.names.npy")).unwrap(), b"precious");
}

/// Else half of a set stands beside half of another, and is read as if it were one (optimas#257).
#[test]
fn a_set_of_arrays_is_replaced_as_a_whole_or_not_at_all() {
    let dir = mail();
    let first = |name: &str| fs::read(dir.path().join(format!("out.{name}.npy"))).unwrap();
    switchback_in(dir.path(), ["features", "--npy", "out", "a.eml"]).fine();
    let before = ["names", "facts", "words.body.indices"].map(first);
    fs::write(dir.path().join("out.structure.indices.npy"), "precious").unwrap();
    let ran = switchback_in(dir.path(), ["features", "--npy", "out", "é.eml"]);
    assert_eq!(ran.code, 1);
    assert_eq!(["names", "facts", "words.body.indices"].map(first), before, "{}", ran.err);
}

/// Reads all arrays, and prints them as the lines of `--jsonl` are, with facts as a list.
const READ: &str = r#"
import glob, io, json, numpy
for path in glob.glob("out.*.npy"):
    again = io.BytesIO()
    numpy.save(again, numpy.load(path))
    assert again.getvalue() == open(path, "rb").read(), path
names, facts = numpy.load("out.names.npy"), numpy.load("out.facts.npy")
assert facts.dtype == numpy.float32
def rows(name):
    starts, indices = (numpy.load(f"out.{name}.{what}.npy") for what in ("indptr", "indices"))
    assert (starts.dtype, indices.dtype) == (numpy.int64, numpy.uint32)
    return [indices[a:b].tolist() for a, b in zip(starts, starts[1:])]
fields = {kind: {field: rows(f"{kind}.{field}") for field in ("subject", "sender", "body", "links")}
    for kind in ("words", "pairs", "grams")}
structure = rows("structure")
for n, name in enumerate(names):
    line = {kind: {field: rows[n] for field, rows in of.items()} for kind, of in fields.items()}
    print(json.dumps({"message": name.decode(), "facts": facts[n].tolist(), "structure": structure[n], **line}))
"#;

#[test]
fn numpy_reads_what_is_written() {
    if !Command::new("python3").args(["-c", "import numpy"]).output().is_ok_and(|out| out.status.success()) {
        eprintln!("SKIPPED: there is no python3 with numpy here");
        return;
    }
    let dir = mail();
    switchback_in(dir.path(), ["features", "--npy", "out", "--kind", "words,pairs,grams", "a.eml", "é.eml"]).fine();
    let read = Command::new("python3").args(["-c", READ]).current_dir(dir.path()).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let lines = String::from_utf8(read.stdout).unwrap();
    for (line, name) in lines.lines().zip(["a.eml", "é.eml"]) {
        let mut found: Value = serde_json::from_str(line).unwrap();
        let mail = fs::read(dir.path().join(name)).unwrap();
        let expected = expected(name, &mail, &FeatureKind::ALL);
        let facts = found["facts"].take();
        let values = Message::parse(mail).facts().values().iter().map(|fact| f64::from(*fact)).collect::<Vec<_>>();
        assert_eq!(facts, json!(values));
        for key in ["words", "pairs", "grams", "structure"] {
            assert_eq!(found[key], expected[key], "{key} of {name}");
        }
    }
    assert_eq!(lines.lines().count(), 2);
}
