//! What `--json` prints is what its schema says. Every run of the command in these tests is checked.

mod check;
mod every;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

pub(crate) use self::check::violation;
use crate::run::switchback;

/// A command with `--json`, as `switchback schema` lists it.
struct Listed {
    prints: String,
    /// `switchback:schema/NAME/VERSION`.
    id: String,
}

impl Listed {
    fn name(&self) -> &str {
        self.id.strip_prefix("switchback:schema/").unwrap().rsplit_once('/').unwrap().0
    }
}

fn listed() -> &'static BTreeMap<String, Listed> {
    static LISTED: OnceLock<BTreeMap<String, Listed>> = OnceLock::new();
    LISTED.get_or_init(|| {
        let list = Command::new(env!("CARGO_BIN_EXE_switchback")).arg("schema").output().unwrap();
        let list = String::from_utf8(list.stdout).unwrap();
        let cells =
            |line: &str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(String::from).collect();
        let rows = list.lines().skip(1).map(|line| -> Vec<String> { cells(line) });
        rows.map(|row| {
            let [command, prints, id] = row.try_into().unwrap();
            (command, Listed { prints, id })
        })
        .collect()
    })
}

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn file_of(name: &str) -> PathBuf {
    docs().join("schema").join(format!("{name}.json"))
}

/// The command of a command line, if it is to print JSON.
fn command_of<'a>(args: impl Iterator<Item = &'a OsStr>) -> Option<&'static str> {
    let args: Vec<_> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    if !args.iter().any(|arg| arg == "--json") {
        return None;
    }
    let of = |words: usize| listed().get_key_value(args.get(..words)?.join(" ").as_str());
    of(2).or_else(|| of(1)).map(|(command, _)| command.as_str())
}

/// Checks what a command printed, if that was to be JSON.
#[track_caller]
pub(crate) fn check_output<'a>(args: impl Iterator<Item = &'a OsStr>, out: &str) {
    static SCHEMAS: OnceLock<BTreeMap<&str, Value>> = OnceLock::new();
    let Some(command) = command_of(args) else { return };
    let schemas = SCHEMAS.get_or_init(|| {
        let read = |name| serde_json::from_str(&fs::read_to_string(file_of(name)).unwrap()).unwrap();
        listed().values().map(|listed| (listed.name(), read(listed.name()))).collect()
    });
    for object in serde_json::Deserializer::from_str(out).into_iter::<Value>() {
        let object = object.unwrap_or_else(|error| panic!("{command} --json: {error}: {out}"));
        if let Some(violation) = violation(&schemas[listed()[command].name()], &object) {
            panic!("{command} --json is not as docs/schema says: {violation}\n{object:#}");
        }
    }
}

#[test]
fn the_schemas_in_docs_are_those_that_the_command_shows() {
    let mut names = BTreeSet::new();
    for (command, listed) in listed() {
        let shown = switchback(["schema"].into_iter().chain(command.split(' '))).fine();
        let schema: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(schema["$id"], listed.id.as_str());
        let file = file_of(listed.name());
        names.insert(listed.name());
        if std::env::var_os("SWITCHBACK_BLESS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &shown).unwrap();
        }
        let kept: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap_or_default()).unwrap_or_default();
        assert!(
            kept == schema,
            "docs/schema/{}.json is not what `switchback schema {command}` shows. If fields were only added, write it anew with \
             `SWITCHBACK_BLESS=1 cargo test -p switchback-cli --test it -- schemas_in_docs`; else give the output a new version before",
            listed.name()
        );
    }
    let files = fs::read_dir(docs().join("schema")).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, names.iter().map(|name| format!("{name}.json")).collect());
}

#[test]
fn the_documentation_lists_every_output() {
    let text = fs::read_to_string(docs().join("json.md")).unwrap();
    let rows: BTreeSet<_> = text.lines().filter(|line| line.starts_with("| `switchback ")).collect();
    let row = |(command, listed): (&String, &Listed)| {
        let name = listed.name();
        format!("| `switchback {command}` | {} | [`{}`](schema/{name}.json) |", listed.prints, listed.id)
    };
    let expected: Vec<_> = listed().iter().map(row).collect();
    assert_eq!(rows, expected.iter().map(String::as_str).collect(), "the rows are\n{}", expected.join("\n"));
}

#[test]
fn a_command_without_json_has_no_schema() {
    for command in ["keygen", "guard", "nonsense"] {
        let ran = switchback(["schema", command]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
        assert!(ran.err.contains(&format!("no command `{command}` with --json")), "{ran:?}");
    }
}
