//! `switchback.toml`: what an author says about a release.

mod bless;
mod inputs;
mod onnx;

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};

use semver::Version;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use switchback::release::{
    Card, Manifest, ManifestLimits, ModelName, Reads, SELF_TESTS_MAX, Scale, SelfTest, read_version,
};
use switchback::{Authentication, Category, Client, Envelope, Limits};
use switchback_onnx::Bindings;
use wasm_metadata::{Licenses, Source as Url};

use crate::error::PackError;
use crate::limits::STACK_KIB;
use crate::metadata::Metadata;
use crate::prebuilt::Stub;

/// The manifest's file name.
pub const MANIFEST_FILE: &str = "switchback.toml";

/// The stacks that a manifest may ask for, in KiB.
const STACK_KIB_RANGE: RangeInclusive<usize> = 16..=16 << 10;

/// A manifest with the files that it names, read and checked.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    file: File,
    data: Vec<u8>,
    messages: Vec<Vec<u8>>,
    made_of: MadeOf,
}

/// What a model is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MadeOf {
    /// A Cargo package.
    Package,
    /// An ONNX file. Self-tests that the manifest has not are made up.
    Onnx { are_tests_made_up: bool },
}

/// The manifest as it stands in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    release: Release,
    build: Option<Build>,
    onnx: Option<Bindings>,
    #[serde(default)]
    limits: ManifestLimits,
    #[serde(default)]
    card: Card,
    #[serde(default)]
    self_test: Vec<Test>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    name: ModelName,
    #[serde(deserialize_with = "read_version")]
    version: Version,
    scale: Option<Scale>,
    reads: Option<Reads>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    authors: Vec<String>,
    #[serde(default, deserialize_with = "licenses")]
    license: Option<Licenses>,
    #[serde(default, deserialize_with = "url")]
    source: Option<Url>,
    revision: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Build {
    #[serde(rename = "crate")]
    package_dir: PathBuf,
    profile: String,
    data: Option<PathBuf>,
    stack_kib: usize,
    stub: Option<Stub>,
}

impl Default for Build {
    fn default() -> Self {
        Self { package_dir: ".".into(), profile: "release".into(), data: None, stack_kib: STACK_KIB, stub: None }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    message: PathBuf,
    envelope: Option<Envelope>,
    client: Option<Client>,
    authentication: Option<Authentication>,
    score: Option<f64>,
    category: Option<Category>,
    #[serde(default)]
    abstains: bool,
}

impl Source {
    /// Reads a manifest and every file that it names. `path` is the file, or the folder that holds a
    /// `switchback.toml`; paths in it are relative to its folder.
    ///
    /// # Errors
    /// If a file cannot be read, or a field is missing, unknown or out of its range; the message names the
    /// line and what is allowed.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PackError> {
        let path = path.as_ref();
        let path = if path.is_dir() { manifest_in(path)? } else { path.to_owned() };
        let (path, file) = Self::parse(&path)?;
        if file.onnx.is_some() {
            return Self::of_bindings(path, file);
        }
        file.check_package().and_then(|()| file.check()).map_err(|why| invalid(&path, why))?;
        let mut source = Self { path, file, data: Vec::new(), messages: Vec::new(), made_of: MadeOf::Package };
        if let Some(data) = source.file.build().data {
            source.data = source.read_named(&data)?;
        }
        source.read_messages()?;
        Ok(source)
    }

    /// Reads a manifest, and none of the files that it names.
    fn parse(path: &Path) -> Result<(PathBuf, File), PackError> {
        let bytes = fs::read(path).map_err(PackError::read(path))?;
        if bytes.starts_with(b"\0asm") {
            return Err(invalid(
                path,
                "it is WebAssembly already; what is packed is the folder of its source, with a switchback.toml",
            ));
        }
        let text = String::from_utf8(bytes).map_err(|error| invalid(path, format!("it is no text: {error}")))?;
        let file: File = toml_edit::de::from_str(&text).map_err(|error| invalid(path, error))?;
        Ok((path.to_owned(), file))
    }

    /// Reads the messages of the self-tests, and looks at all of the manifest.
    fn read_messages(&mut self) -> Result<(), PackError> {
        self.messages = self.file.self_test.iter().map(|test| self.read_message(test)).collect::<Result<_, _>>()?;
        self.check_manifest()
    }

    fn check_manifest(&self) -> Result<(), PackError> {
        // What no host would read is told before it takes the time to build.
        self.manifest().to_json().map_err(|error| invalid(&self.path, error))?;
        Ok(())
    }

    /// The manifest's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The model.
    pub fn name(&self) -> &ModelName {
        &self.file.release.name
    }

    /// Its version.
    pub fn version(&self) -> &Version {
        &self.file.release.version
    }

    /// The folder of the Cargo package.
    pub fn package_dir(&self) -> PathBuf {
        self.resolve(&self.file.build().package_dir)
    }

    /// The cargo profile.
    pub fn profile(&self) -> String {
        self.file.build().profile
    }

    /// The stack that the guest has in its own memory, in bytes.
    pub(crate) fn stack_bytes(&self) -> usize {
        self.file.build().stack_kib << 10
    }

    /// What takes the place of imports that the contract does not offer.
    pub(crate) fn stub(&self) -> Option<Stub> {
        self.file.build().stub
    }

    /// Refuses what only what cargo builds has.
    pub(crate) fn require_no_build(&self) -> Result<(), PackError> {
        if self.is_onnx() {
            return Err(invalid(
                &self.path,
                "the table [onnx] is for an ONNX file, and a component is built already: take the table out",
            ));
        }
        let build = self.file.build();
        let Build { data, stub, .. } = build.clone();
        match build == (Build { data, stub, ..Build::default() }) {
            true => Ok(()),
            false => Err(invalid(
                &self.path,
                "under [build], `crate`, `profile` and `stack_kib` are for what cargo builds, and a component is built already",
            )),
        }
    }

    /// Refuses what only what another toolchain built has.
    pub(crate) fn require_no_stub(&self) -> Result<(), PackError> {
        match self.stub() {
            None => Ok(()),
            Some(_) => Err(invalid(
                &self.path,
                "build.stub is for a component that another toolchain built (`switchback pack --component FILE`); what cargo builds \
                 imports nothing that would have to be stubbed",
            )),
        }
    }

    /// What `prepare` is given: the content of the data file, or nothing.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The first self-test without an expected score.
    pub(crate) fn first_without_score(&self) -> Option<String> {
        self.file.self_test.iter().find(|test| test.score.is_none() && !test.abstains).map(Test::name)
    }

    /// The release's own manifest. A score that is not there yet is 0.
    pub(crate) fn manifest(&self) -> Manifest {
        let File { release, limits, card, self_test, .. } = &self.file;
        let self_tests = self_test.iter().zip(&self.messages).map(|(test, message)| {
            let mut made = SelfTest::new(test.name(), &**message, test.score.unwrap_or_default());
            made.envelope = test.envelope.clone();
            made.client = test.client.clone();
            made.authentication = test.authentication.clone();
            made.category = test.category;
            made.abstains = test.abstains;
            made
        });
        let (scale, reads) = (release.scale.unwrap_or(Scale::Probability), release.reads.unwrap_or_default());
        let manifest = Manifest::new(release.name.clone(), release.version.clone(), scale, reads)
            .description(&release.description)
            .limits(limits.clone())
            .card(card.clone());
        self_tests.fold(manifest, Manifest::self_test)
    }

    pub(crate) fn metadata(&self) -> Metadata {
        let release = &self.file.release;
        Metadata {
            name: release.name.to_string(),
            version: release.version.to_string(),
            description: Some(release.description.clone()).filter(|text| !text.is_empty()),
            authors: release.authors.clone(),
            license: release.license.clone(),
            source: release.source.clone(),
            revision: release.revision.clone(),
            ..Metadata::default()
        }
    }

    /// The expected scores of the self-tests, in their order.
    pub(crate) fn scores(&self) -> impl Iterator<Item = Option<f64>> {
        self.file.self_test.iter().map(|test| test.score)
    }

    /// Refuses a memory that is larger after `prepare` than a host grants to the release.
    pub(crate) fn check_memory(&self, bytes: u64) -> Result<(), PackError> {
        let bytes_max = Limits::default().memory_bytes_of(&self.file.limits);
        if bytes > bytes_max { Err(PackError::PrepareLeft { bytes, bytes_max }) } else { Ok(()) }
    }

    /// Refuses data that do not fit into that memory.
    pub(crate) fn check_data(&self) -> Result<(), PackError> {
        let bytes_max = Limits::default().memory_bytes_of(&self.file.limits);
        match self.file.build().data {
            Some(data) if self.data.len() as u64 > bytes_max => {
                Err(PackError::DataTooLarge { path: self.resolve(&data), bytes: self.data.len(), bytes_max })
            }
            _ => Ok(()),
        }
    }

    /// Writes what the self-tests expect, in their order, into the manifest's file.
    pub(crate) fn write_expectations(&self, tests: &[SelfTest]) -> Result<(), PackError> {
        let text = fs::read_to_string(&self.path).map_err(PackError::read(&self.path))?;
        let blessed = bless::with_expectations(&text, tests).map_err(|why| invalid(&self.path, why))?;
        fs::write(&self.path, blessed).map_err(PackError::write(&self.path))
    }

    fn resolve(&self, relative: &Path) -> PathBuf {
        // Joining an empty parent leaves the path as it is: relative to the current folder.
        self.path.parent().unwrap_or(Path::new("")).join(relative)
    }

    /// The message of a self-test: the bytes that a filter would hand over, and nothing that would have to be unpacked or
    /// parted first, as a command would that scores the file.
    fn read_message(&self, test: &Test) -> Result<Vec<u8>, PackError> {
        let bytes = self.read_named(&test.message)?;
        let refuse = |why: &str| Err(invalid(&self.path, format!("self-test `{}`: {why}", test.name())));
        let starts = |begin: &[u8]| bytes.starts_with(begin);
        if starts(b"\x1f\x8b") || starts(b"\x28\xb5\x2f\xfd") {
            return refuse("it is compressed, and a self-test is one message as it is: unpack it");
        }
        if starts(b"From ") {
            return refuse(
                "it is an mbox, and a self-test is one message as it is: take the message out, without the line `From `",
            );
        }
        let mut sidecar = self.resolve(&test.message).into_os_string();
        sidecar.push(".json");
        if Path::new(&sidecar).exists() {
            return refuse(SIDECAR);
        }
        Ok(bytes)
    }

    fn read_named(&self, relative: &Path) -> Result<Vec<u8>, PackError> {
        let path = self.resolve(relative);
        fs::read(&path).map_err(PackError::read(&path))
    }
}

impl File {
    fn build(&self) -> Build {
        self.build.clone().unwrap_or_default()
    }

    /// What has to be said of a package.
    fn check_package(&self) -> Result<(), String> {
        match (self.release.scale, self.release.reads) {
            (None, _) => Err("[release]: missing field `scale`, which is `log-odds` or `probability`".to_owned()),
            (_, None) => {
                Err("[release]: missing field `reads`, which lists what the model reads of a message".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// What the types do not say.
    fn check(&self) -> Result<(), String> {
        match self.self_test.len() {
            0 => return Err(NO_SELF_TEST.to_owned()),
            1..=SELF_TESTS_MAX => {}
            many => return Err(format!("it has {many} [[self_test]] entries, the most is {SELF_TESTS_MAX}")),
        }
        let stack = self.build().stack_kib;
        if !STACK_KIB_RANGE.contains(&stack) {
            let [least, most] = [STACK_KIB_RANGE.start(), STACK_KIB_RANGE.end()];
            return Err(format!("build.stack_kib is {stack}, and not in {least}..={most}"));
        }
        let is_both = |test: &&Test| test.abstains && (test.score.is_some() || test.category.is_some());
        if let Some(test) = self.self_test.iter().find(is_both) {
            return Err(format!("self_test `{}` abstains, and then it has neither score nor category", test.name()));
        }
        match self.self_test.iter().find(|test| test.score.is_some_and(|score| !(0.0..=1.0).contains(&score))) {
            Some(test) => Err(format!("self_test.score of `{}` is not in 0..=1", test.name())),
            None => Ok(()),
        }
    }
}

const NO_SELF_TEST: &str = "it has no self-test, and no host loads a release without one; add\n\n    \
    [[self_test]]\n    message = \"self-test/example.eml\"\n\nand let `switchback pack --bless` write the score";

const SIDECAR: &str = "there is a file .json beside it, which is not read here; what a filter knew of the message stands in the \
    manifest, under its [[self_test]]:\n\n    \
    envelope = { mail_from = \"a@x.example\", recipients = [\"b@y.example\"] }\n    \
    client = { ip = \"192.0.2.7\", helo = \"mx.x.example\" }\n    \
    authentication = { spf = \"pass\", dmarc = \"pass\" }";

impl Test {
    /// The path without the steps upwards at its start, which mean something only beside the manifest; of a path that is
    /// not relative to it, the file's name.
    fn name(&self) -> String {
        if self.message.is_absolute() {
            return self.message.file_name().unwrap_or_default().display().to_string();
        }
        let inner = self.message.components().skip_while(|part| !matches!(part, Component::Normal(_)));
        inner.collect::<PathBuf>().display().to_string()
    }
}

/// The manifest in a model's folder.
fn manifest_in(dir: &Path) -> Result<PathBuf, PackError> {
    let path = dir.join(MANIFEST_FILE);
    if path.exists() { Ok(path) } else { Err(PackError::NoModel(dir.to_owned())) }
}

/// An SPDX expression.
fn licenses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Licenses>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let invalid = |error: &dyn std::fmt::Display| {
        // The library marks the place below the text, which stands here already.
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches([' ', '^']).to_owned();
        D::Error::custom(format!("`{text}` is no SPDX expression such as `MIT OR Apache-2.0`: {why}"))
    };
    text.parse().map(Some).map_err(|error| invalid(&error))
}

/// Where the source is.
fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let invalid = |error| format!("`{text}` is no URL such as `https://example.org/model`: {error}");
    text.parse().map(Some).map_err(|error| D::Error::custom(invalid(error)))
}

fn invalid(path: &Path, why: impl ToString) -> PackError {
    PackError::Manifest { path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[release]
name = "phish"
version = "1.0.0"
scale = "log-odds"
reads = ["subject", "links"]

[[self_test]]
message = "a.eml"
score = 1
category = "phish"
"#;

    fn read(text: &str) -> Result<Source, PackError> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(MANIFEST_FILE), text).unwrap();
        fs::write(dir.path().join("a.eml"), "Subject: a\r\n\r\n").unwrap();
        Source::read(dir.path())
    }

    #[test]
    fn a_manifest_takes_its_defaults_and_the_files_that_it_names() {
        let source = read(GOOD).unwrap();
        assert_eq!((&*source.profile(), source.data()), ("release", &b""[..]));
        let manifest = source.manifest();
        assert_eq!(manifest.self_tests[0].score, 1.0);
        assert_eq!(manifest.self_tests[0].message, b"Subject: a\r\n\r\n");
        assert_eq!(manifest.self_tests[0].category, Some(Category::Phish));
    }

    #[test]
    fn every_mistake_is_named_with_its_place_and_what_is_allowed() {
        let long = format!("\"1.0.0-{}\"", "a".repeat(200_000));
        let cases: [(&str, &str, &[&str]); 14] = [
            ("version = \"1.0.0\"\n", "", &["line 2", "missing field `version`"]),
            ("\"1.0.0\"", &long, &["line 4", "at most 128"]),
            ("scale =", "colour = 1\nscale =", &["line 5", "unknown field `colour`", "`version`"]),
            ("log-odds", "percent", &["line 5", "`percent`", "`log-odds`", "`probability`"]),
            ("\"1.0.0\"", "\"1.0\"", &["line 4", "version"]),
            ("\"phish\"\nversion", "\"Phish!\"\nversion", &["line 3", "Phish!", "a-z"]),
            ("\"links\"", "\"body\"", &["line 6", "`body`", "attachments"]),
            ("scale =", "license = \"MTI\"\nscale =", &["line 5", "`MTI`", "`MIT OR Apache-2.0`"]),
            ("scale =", "source = \"here\"\nscale =", &["line 5", "`here` is no URL"]),
            ("score = 1\n", "score = 1.5\n", &["a.eml", "0..=1"]),
            ("[[self_test]]", "[build]\nstack_kib = 8\n[[self_test]]", &["stack_kib is 8", "16..=16384"]),
            ("category = \"phish\"", "category = \"evil\"", &["line 11", "`evil`", "`malware`"]),
            ("[[self_test]]", "[limits]\nfuel = 1\n[[self_test]]", &["`fuel`", "`deadline_ms`"]),
            ("[[self_test]]\nmessage = \"a.eml\"\nscore = 1\ncategory = \"phish\"\n", "", &["no self-test", "--bless"]),
        ];
        for (from, to, expected) in cases {
            let changed = GOOD.replace(from, to);
            assert_ne!(changed, GOOD, "{from}");
            let message = read(&changed).unwrap_err().to_string();
            for part in expected {
                assert!(message.contains(part), "{part:?} is not in: {message}");
            }
        }
    }

    #[test]
    fn a_self_test_is_named_after_its_file_without_the_way_there() {
        for (path, name) in [
            ("../../self-test/a.eml", "self-test/a.eml"),
            ("./a.eml", "a.eml"),
            ("b/../a.eml", "b/../a.eml"),
            ("/home/ada/a.eml", "a.eml"),
        ] {
            let test: Test = toml_edit::de::from_str(&format!("message = {path:?}")).unwrap();
            assert_eq!(test.name(), name);
        }
    }

    #[test]
    fn a_self_test_has_what_the_filter_knew_and_is_one_message() {
        let known = "score = 1\nenvelope = { mail_from = \"<a@x.example>\", recipients = [\"b@y.example\"] }\n\
            client = { ip = \"192.0.2.7\", tls = true }\nauthentication = { dmarc = \"pass\" }\n";
        let source = read(&GOOD.replace("score = 1\n", known)).unwrap();
        let message = source.manifest().self_tests[0].to_message();
        assert_eq!(message.envelope().unwrap().mail_from.as_deref(), Some("a@x.example"));
        assert_eq!(message.client().tls, Some(true));
        assert_eq!(message.authentication().dmarc, switchback::AuthResult::Pass);
        let misspelt = read(&GOOD.replace("score = 1\n", "score = 1\nclient = { ipp = 1 }\n")).unwrap_err().to_string();
        assert!(misspelt.contains("unknown field `ipp`") && misspelt.contains("`helo`"), "{misspelt}");

        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(MANIFEST_FILE), GOOD).unwrap();
        let refused = |message: &[u8], expected: &str| {
            fs::write(dir.path().join("a.eml"), message).unwrap();
            let error = Source::read(dir.path()).unwrap_err().to_string();
            assert!(error.contains("`a.eml`") && error.contains(expected), "{error}");
        };
        refused(b"\x1f\x8b\x08", "unpack it");
        refused(b"From a@x.example Mon Nov 30 2026\nSubject: x\n\n", "an mbox");
        fs::write(dir.path().join("a.eml.json"), "{}").unwrap();
        refused(b"Subject: a\n\n", "client = {");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let message = read(&GOOD.replace("a.eml", "b.eml")).unwrap_err().to_string();
        assert!(message.contains("b.eml") && message.starts_with("cannot read "), "{message}");
    }
}
