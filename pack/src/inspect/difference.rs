//! How two releases of one model differ, in words that say where to look.

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use switchback::Digest;
use wasmparser::{Parser, Payload};

use super::Inspection;
use crate::build::BuildRecord;
use crate::prebuilt::ComponentRecord;

/// The most characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 120;

/// Something in which a release differs from what its model is packed to here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Difference {
    /// What differs.
    pub part: Part,
    /// The field of it, where it has fields: `card.summary`.
    pub field: Option<String>,
    /// What the release has; absent where it has none, or where it is no text.
    pub released: Option<String>,
    /// What was packed here.
    pub packed: Option<String>,
}

/// A part of a release, or something that its parts depend on: causes before consequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Part {
    /// How it was built, which one of them does not say.
    Record,
    /// The compiler's version.
    Compiler,
    /// The platform that the compiler ran on.
    Platform,
    /// The version of `switchback-pack`.
    Packer,
    /// The version of `switchback-guest`, or where it is from.
    Sdk,
    /// The cargo profile.
    Profile,
    /// The stack in the model's own memory.
    Stack,
    /// The compiler's flags.
    Flags,
    /// The package's features.
    Features,
    /// Cargo's unstable arguments.
    Unstable,
    /// The lock file.
    LockFile,
    /// The file that another toolchain built, or what took the place of its imports.
    Component,
    /// The version of the scoring contract.
    Contract,
    /// What `switchback.toml` says.
    Manifest,
    /// The standard metadata sections.
    Metadata,
    /// The code.
    Code,
    /// The memory that `prepare` left.
    Memory,
    /// Anything else.
    Rest,
}

/// All differences, causes before consequences. None for the same bytes.
pub(crate) fn differences(released: &[u8], packed: &[u8]) -> Vec<Difference> {
    let [one, other] = [released, packed].map(Inspection::read);
    let mut found = match (&one.component, &other.component) {
        (Some(one), Some(other)) => of_components(one, other),
        _ => of_records(one.build.as_ref(), other.build.as_ref()),
    };
    found.extend(of_texts(Part::Contract, one.contract.as_deref(), other.contract.as_deref()));
    of_fields(Part::Manifest, String::new(), &json(&one.manifest), &json(&other.manifest), &mut found);
    let [metadata, other_metadata] = [&one, &other].map(|inspection| {
        let mut metadata = json(&inspection.metadata);
        // These follow from the record and from the manifest.
        if let Some(fields) = metadata.as_object_mut() {
            fields.retain(|name, _| !["processed_by", "name", "version", "description"].contains(&name.as_str()));
        }
        metadata
    });
    of_fields(Part::Metadata, String::new(), &metadata, &other_metadata, &mut found);
    let [content, other_content] = [released, packed].map(Content::read);
    for (part, differs) in [
        (Part::Code, content.code != other_content.code),
        (Part::Memory, content.memory != other_content.memory),
        (Part::Rest, content.rest != other_content.rest),
    ] {
        found.extend(differs.then_some(Difference { part, field: None, released: None, packed: None }));
    }
    if found.is_empty() && released != packed {
        found.push(Difference { part: Part::Rest, field: None, released: None, packed: None });
    }
    found
}

fn of_records(released: Option<&BuildRecord>, packed: Option<&BuildRecord>) -> Vec<Difference> {
    let (Some(one), Some(other)) = (released, packed) else {
        let is = |record: Option<_>| record.map(|_: &BuildRecord| "a record".to_owned());
        return of_texts(Part::Record, is(released).as_deref(), is(packed).as_deref()).into_iter().collect();
    };
    let list = |values: &[String]| (!values.is_empty()).then(|| values.join(" "));
    let digest = |record: &BuildRecord| record.lock_file.map(|digest| format!("sha256:{digest}"));
    let texts = |record: &BuildRecord| {
        [
            (Part::Compiler, Some(record.rustc.clone())),
            (Part::Platform, Some(record.host.clone())),
            (Part::Packer, Some(record.packer.clone())),
            (Part::Sdk, record.sdk.clone()),
            (Part::Profile, Some(record.profile.clone())),
            (Part::Stack, Some(format!("{} KiB", record.stack_kib))),
            (Part::Flags, list(&record.rustflags)),
            (Part::Features, list(&record.features)),
            (Part::Unstable, list(&record.unstable)),
            (Part::LockFile, digest(record)),
        ]
    };
    let mut found = Vec::new();
    of_fields(Part::Profile, String::new(), &json(&one.profile_settings), &json(&other.profile_settings), &mut found);
    let pairs = texts(one).into_iter().zip(texts(other));
    found.extend(pairs.filter_map(|((part, one), (_, other))| of_texts(part, one.as_deref(), other.as_deref())));
    found.sort_by_key(|difference| difference.part);
    found
}

fn of_components(released: &ComponentRecord, packed: &ComponentRecord) -> Vec<Difference> {
    let file = |record: &ComponentRecord| format!("sha256:{}", record.file);
    let mut found: Vec<_> = of_texts(Part::Component, Some(&file(released)), Some(&file(packed))).into_iter().collect();
    found.extend(of_texts(Part::Packer, Some(&released.packer), Some(&packed.packer)));
    of_fields(Part::Component, "stub".to_owned(), &json(&released.stub), &json(&packed.stub), &mut found);
    found
}

fn of_texts(part: Part, released: Option<&str>, packed: Option<&str>) -> Option<Difference> {
    let text = |text: Option<&str>| text.map(str::to_owned);
    (released != packed).then(|| Difference { part, field: None, released: text(released), packed: text(packed) })
}

/// Goes down to the fields that differ.
fn of_fields(part: Part, field: String, released: &Value, packed: &Value, found: &mut Vec<Difference>) {
    let below = |name: &str| if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
    match (released, packed) {
        (one, other) if one == other => {}
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            for name in names {
                let of = |fields: &serde_json::Map<_, Value>| fields.get(name).cloned().unwrap_or_default();
                of_fields(part, below(name), &of(one), &of(other), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                of_fields(part, format!("{field}[{number}]"), one, other, found);
            }
        }
        (one, other) => {
            let (mut released, mut packed) = (shown(one), shown(other));
            if released == packed {
                // They differ behind what is shown.
                (released, packed) = (None, None);
            }
            found.push(Difference { part, field: Some(field), released, packed });
        }
    }
}

fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut characters = text.chars();
    let beginning: String = characters.by_ref().take(VALUE_CHARS_MAX).collect();
    Some(if characters.next().is_some() { format!("{beginning}...") } else { beginning })
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Digests of what a component consists of, apart from custom sections.
#[derive(PartialEq, Eq)]
struct Content {
    code: Digest,
    memory: Digest,
    rest: Digest,
}

impl Content {
    fn read(release: &[u8]) -> Self {
        let [mut code, mut memory, mut rest] = [Vec::new(), Vec::new(), Vec::new()];
        // Both were read to their ends before.
        for payload in Parser::new(0).parse_all(release).map_while(Result::ok) {
            let Some((id, range)) = payload.as_section() else { continue };
            let part = match payload {
                Payload::CustomSection(_) | Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                    continue;
                }
                Payload::CodeSectionStart { .. } => &mut code,
                Payload::MemorySection(_) | Payload::DataSection(_) | Payload::GlobalSection(_) => &mut memory,
                _ => &mut rest,
            };
            part.push(id);
            part.extend_from_slice(&release[range]);
        }
        let [code, memory, rest] = [code, memory, rest].map(|part| Digest::of(&part));
        Self { code, memory, rest }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, advice) = self.part.words();
        match &self.field {
            Some(field) => write!(f, "{name}, `{field}`")?,
            None => f.write_str(name)?,
        }
        if self.released.is_some() || self.packed.is_some() {
            let [released, packed] = [&self.released, &self.packed].map(|value| value.as_deref().unwrap_or("none"));
            write!(f, ": {released} in the release, {packed} here")?;
        }
        write!(f, "; {advice}")
    }
}

impl Part {
    /// What it is called, and where to look.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Record => {
                ("how it was built", "what has no record was not packed by this command, or by an older one")
            }
            Self::Compiler => ("the compiler", "a rust-toolchain.toml in the project makes it the same for everybody"),
            Self::Platform => (
                "the platform of the compiler",
                "the order of functions depends on it: pack on the platform of the release",
            ),
            Self::Packer => ("switchback-pack", "pack with the version of the release"),
            Self::Sdk => ("switchback-guest", "the SDK has to be the same, and from the same place"),
            Self::Profile => (
                "the cargo profile",
                "`build.profile` in switchback.toml names it, and Cargo.toml or cargo's configuration says what it is",
            ),
            Self::Stack => ("the stack", "`build.stack_kib` in switchback.toml says how large it is"),
            Self::Flags => {
                ("the compiler's flags", "those in .cargo/config.toml of the project are the same for everybody")
            }
            Self::Features => ("the features", "pack with the features that the release was packed with"),
            Self::Unstable => ("cargo's unstable arguments", "pack with those that the release was packed with"),
            Self::LockFile => ("Cargo.lock", "the release's author has the one that it was packed with"),
            Self::Component => (
                "what another toolchain built",
                "it has to be the same file: many tools build one with other bytes each time, so it is kept with the release",
            ),
            Self::Contract => ("the scoring contract", "it comes with the SDK"),
            Self::Manifest => ("switchback.toml", "it, or a file that it names, was changed"),
            Self::Metadata => ("the metadata", "it is what switchback.toml says under [release]"),
            Self::Code => ("the code", "if nothing else differs, the sources or a dependency that is used by path do"),
            Self::Memory => (
                "the memory that `prepare` left",
                "if nothing else differs, the data file or what the model makes of it does",
            ),
            Self::Rest => ("the rest of the file", "it follows from the other differences, or the file was changed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> BuildRecord {
        serde_json::from_value(json!({
            "rustc": "rustc 1.95.0", "host": "a", "packer": "0.1.0", "profile": "release",
            "profile_settings": {"lto": "fat"}, "stack_kib": 256, "rustflags": [], "features": [], "unstable": []
        }))
        .unwrap()
    }

    #[test]
    fn each_entry_of_a_record_is_compared() {
        let there = record();
        assert_eq!(of_records(Some(&there), Some(&there.clone())), []);
        let mut here = record();
        here.rustc = "rustc 1.96.0".to_owned();
        here.host = "b".to_owned();
        here.packer = "0.2.0".to_owned();
        here.sdk = Some("0.1.0 (path)".to_owned());
        here.profile = "guest".to_owned();
        here.profile_settings.insert("lto".to_owned(), "off".to_owned());
        here.stack_kib = 512;
        here.rustflags = vec!["--cfg".to_owned(), "fancy".to_owned()];
        here.features = vec!["large".to_owned()];
        here.unstable = vec!["build-std".to_owned()];
        here.lock_file = Some(Digest::of(b"lock"));
        let said: Vec<_> = of_records(Some(&there), Some(&here)).iter().map(ToString::to_string).collect();
        for (said, begins) in said.iter().zip([
            "the compiler: rustc 1.95.0 in the release, rustc 1.96.0 here; ",
            "the platform of the compiler: a in the release, b here; ",
            "switchback-pack: 0.1.0 in the release, 0.2.0 here; ",
            "switchback-guest: none in the release, 0.1.0 (path) here; ",
            "the cargo profile, `lto`: fat in the release, off here; ",
            "the cargo profile: release in the release, guest here; ",
            "the stack: 256 KiB in the release, 512 KiB here; ",
            "the compiler's flags: none in the release, --cfg fancy here; ",
            "the features: none in the release, large here; ",
            "cargo's unstable arguments: none in the release, build-std here; ",
            "Cargo.lock: none in the release, sha256:",
        ]) {
            assert!(said.starts_with(begins), "{said}");
        }
        assert_eq!(said.len(), 11);
        let without = of_records(None, Some(&here));
        assert_eq!((without.len(), without[0].part), (1, Part::Record));
    }

    #[test]
    fn fields_are_named_as_deep_as_they_lie() {
        let mut found = Vec::new();
        let released =
            json!({"card": {"summary": "a"}, "self_tests": [{"score": 1.0, "name": "x"}], "reads": ["size"]});
        let packed = json!({"card": {"summary": "b"}, "self_tests": [{"score": 0.5, "name": "x"}], "reads": []});
        of_fields(Part::Manifest, String::new(), &released, &packed, &mut found);
        let said: Vec<_> = found.iter().map(|found| found.to_string().split(';').next().unwrap().to_owned()).collect();
        assert_eq!(
            said,
            [
                "switchback.toml, `card.summary`: a in the release, b here",
                "switchback.toml, `reads`: [\"size\"] in the release, [] here",
                "switchback.toml, `self_tests[0].score`: 1.0 in the release, 0.5 here"
            ]
        );
    }
}
