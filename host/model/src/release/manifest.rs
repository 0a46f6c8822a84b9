//! What a release says about itself: the `switchback:manifest` section.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use semver::Version;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::{ModelName, parse_version, read_version};
use super::reads::Reads;
use crate::beginning::{ERROR_CHARS_MAX, beginning};
use crate::message::{Authentication, Client, Envelope, Message, MessageBuilder};
use crate::verdict::Category;

/// The most self-test messages of a release.
pub const SELF_TESTS_MAX: usize = 64;

/// What a release says about itself. Stored in the release file as JSON, covered by its digest.
///
/// A field that this version does not know is refused rather than ignored: it might be a limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Manifest {
    /// The model.
    pub name: ModelName,
    /// Its version, at most 128 bytes.
    #[serde(deserialize_with = "read_version")]
    pub version: Version,
    /// The scale on which reasons add up to the score.
    pub scale: Scale,
    /// One line for a person, at most 1,024 bytes.
    #[serde(default)]
    pub description: String,
    /// What the model reads of a message. The host refuses it anything else.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub reads: Reads,
    /// The limits that the model asks for; the host caps them.
    #[serde(default)]
    pub limits: ManifestLimits,
    /// The model card.
    #[serde(default)]
    pub card: Card,
    /// Messages with the scores that they must have, bit for bit. At least 1, at most 64.
    pub self_tests: Vec<SelfTest>,
}

impl Manifest {
    /// What a release of this model says of itself: no description, no card, the default limits and no self-test yet, of
    /// which it needs one.
    pub fn new(name: ModelName, version: Version, scale: Scale, reads: Reads) -> Self {
        Self {
            name,
            version,
            scale,
            description: String::new(),
            reads,
            limits: ManifestLimits::default(),
            card: Card::default(),
            self_tests: Vec::new(),
        }
    }

    crate::setters! {
        /// Sets the line for a person.
        pub description: impl Into<String>;

        /// Sets the limits that the model asks for.
        pub limits: ManifestLimits;

        /// Sets the model card.
        pub card: Card;
    }

    /// Adds a self-test.
    #[must_use]
    pub fn self_test(mut self, test: SelfTest) -> Self {
        self.self_tests.push(test);
        self
    }

    /// Reads the section's content.
    ///
    /// # Errors
    /// If it is not JSON, lacks a field, has an unknown one, or a value is out of its range.
    pub fn from_json(json: &[u8]) -> Result<Self, InvalidManifest> {
        let manifest: Self =
            serde_json::from_slice(json).map_err(|e| InvalidManifest(beginning(&e.to_string(), ERROR_CHARS_MAX)))?;
        manifest.validate()?;
        Ok(manifest)
    }

    /// The section's content. The same manifest always gives the same bytes.
    ///
    /// # Errors
    /// As [`Manifest::from_json`].
    pub fn to_json(&self) -> Result<Vec<u8>, InvalidManifest> {
        self.validate()?;
        serde_json::to_vec(self).map_err(|e| InvalidManifest(e.to_string()))
    }

    fn validate(&self) -> Result<(), InvalidManifest> {
        let refuse = |why: String| Err(InvalidManifest(why));
        self.check_texts()?;
        if self.self_tests.is_empty() {
            return refuse("it has no self-test: add a [[self_test]] with a message and its score".to_owned());
        }
        if self.self_tests.len() > SELF_TESTS_MAX {
            return refuse(format!("it has {} self-tests, the most is {SELF_TESTS_MAX}", self.self_tests.len()));
        }
        if let Some(test) = self.self_tests.iter().find(|test| !(0.0..=1.0).contains(&test.score)) {
            return refuse(format!("self-test `{}` expects the score {}, outside 0..=1", test.name, test.score));
        }
        if let Some((field, _)) = self.limits.named().into_iter().find(|(_, limit)| *limit == Some(0)) {
            return refuse(format!("limits.{field} is 0: leave it out for the default"));
        }
        Ok(())
    }

    /// Every text is bounded, and no name or line can move a terminal's cursor.
    fn check_texts(&self) -> Result<(), InvalidManifest> {
        // A version may have been made otherwise than by reading it.
        parse_version(&self.version.to_string()).map_err(|error| InvalidManifest(error.to_string()))?;
        line("description", &self.description, DESCRIPTION_BYTES_MAX)?;
        for (name, text) in self.card.texts() {
            bounded(&format!("card.{name}"), text, CARD_TEXT_BYTES_MAX)?;
        }
        if self.card.metrics.len() > METRICS_MAX {
            let many = self.card.metrics.len();
            return Err(InvalidManifest(format!("card.metrics has {many} entries, the most is {METRICS_MAX}")));
        }
        if let Some((name, figure)) = self.card.metrics.iter().find(|(_, figure)| !figure.is_finite()) {
            return Err(InvalidManifest(format!("card.metrics.{name} is {figure}, which is no figure")));
        }
        self.card.metrics.keys().try_for_each(|name| line("a name in card.metrics", name, NAME_BYTES_MAX))?;
        self.self_tests.iter().try_for_each(|test| line("the name of a self-test", &test.name, NAME_BYTES_MAX))
    }
}

/// A text of at most so many bytes.
fn bounded(what: &str, text: &str, bytes_max: usize) -> Result<(), InvalidManifest> {
    if text.len() > bytes_max {
        return Err(InvalidManifest(format!("{what} has {} bytes, the most is {bytes_max}", text.len())));
    }
    Ok(())
}

/// A bounded text on one line.
fn line(what: &str, text: &str, bytes_max: usize) -> Result<(), InvalidManifest> {
    if text.contains(char::is_control) {
        return Err(InvalidManifest(format!("{what} has a control character, such as a line break")));
    }
    bounded(what, text, bytes_max)
}

/// Bytes of the description: a line, and then some.
const DESCRIPTION_BYTES_MAX: usize = 1_024;

/// Bytes of a text of the model card: pages.
const CARD_TEXT_BYTES_MAX: usize = 16 << 10;

/// Bytes of the name of a self-test, which is a path, or of a metric.
const NAME_BYTES_MAX: usize = 512;

/// The most metrics of a model card.
const METRICS_MAX: usize = 256;

/// The scale on which the weights of an assessment's reasons add up to its score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: the scales of the scoring contract.
pub enum Scale {
    /// The sum of the weights is the score.
    Probability,
    /// The logistic function of the sum, `1 / (1 + exp(-sum))`, is the score.
    LogOdds,
}

impl Scale {
    /// How far the sum of the reasons may be from the score: rounding, and no more.
    pub const TOLERANCE: f64 = 1e-6;

    /// Its name, as in a manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::LogOdds => "log-odds",
        }
    }

    #[doc(hidden)]
    pub const fn other(self) -> Self {
        match self {
            Self::Probability => Self::LogOdds,
            Self::LogOdds => Self::Probability,
        }
    }

    /// The score that weights of this sum explain.
    pub fn score_of(self, sum: f64) -> f64 {
        match self {
            Self::Probability => sum,
            Self::LogOdds => 1.0 / (1.0 + (-sum).exp()),
        }
    }
}

crate::display_by_name!(Scale);

/// Limits that a release asks for. What is absent is the host's default; what exceeds the host's cap
/// is refused when the release is loaded. See [`Limits`](crate::limits::Limits) for defaults and caps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestLimits {
    /// Linear memory, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes_max: Option<u64>,
    /// Wall-clock time for one message, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Elements of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_elements_max: Option<u64>,
    /// Log lines kept of one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_lines_max: Option<u64>,
    /// Reasons of one assessment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons_max: Option<u64>,
}

impl ManifestLimits {
    crate::setters! {
        /// Asks for linear memory, in bytes.
        pub memory_bytes_max: Some(u64);

        /// Asks for wall-clock time for one message, in milliseconds.
        pub deadline_ms: Some(u64);

        /// Asks for elements of a table.
        pub table_elements_max: Some(u64);

        /// Asks for log lines kept of one message.
        pub log_lines_max: Some(u64);

        /// Asks for reasons of one assessment.
        pub reasons_max: Some(u64);
    }

    /// Every limit with its name.
    pub(crate) fn named(&self) -> [(&'static str, Option<u64>); 5] {
        [
            ("memory_bytes_max", self.memory_bytes_max),
            ("deadline_ms", self.deadline_ms),
            ("table_elements_max", self.table_elements_max),
            ("log_lines_max", self.log_lines_max),
            ("reasons_max", self.reasons_max),
        ]
    }
}

/// The model card (Mitchell et al., "Model Cards for Model Reporting", 2019): what an operator should
/// know before the model judges anybody's mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Card {
    /// What the model does, and how.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What it was trained on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub training_data: String,
    /// How the data was split, and what the metrics were measured on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub split: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub intended_use: String,
    /// What it is not for, and where it is known to be wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub limitations: String,
    /// Measured figures by name, such as `precision`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
}

impl Card {
    /// Every text with its name.
    fn texts(&self) -> [(&'static str, &str); 5] {
        [
            ("summary", &self.summary),
            ("training_data", &self.training_data),
            ("split", &self.split),
            ("intended_use", &self.intended_use),
            ("limitations", &self.limitations),
        ]
    }
}

/// A message with the score that it must have. It is scored as by a host that grants the addresses of recipients to nobody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SelfTest {
    /// For reports: the file that the message came from.
    pub name: String,
    /// The raw message.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub message: Vec<u8>,
    /// What the SMTP transaction said. Absent: it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Envelope>,
    /// The SMTP client. Absent: nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
    /// What the filter verified. Absent: nobody checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// The expected score, equal bit for bit; without meaning where the model is to abstain.
    pub score: f64,
    /// The expected category, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Whether the model is expected to have no opinion.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abstains: bool,
}

impl SelfTest {
    /// A test on a message of which nothing but its bytes is known, in any category.
    pub fn new(name: impl Into<String>, message: impl Into<Vec<u8>>, score: f64) -> Self {
        let (name, message) = (name.into(), message.into());
        Self {
            name,
            message,
            envelope: None,
            client: None,
            authentication: None,
            score,
            category: None,
            abstains: false,
        }
    }

    /// The message as a filter would hand it over.
    pub fn to_message(&self) -> Message {
        let builder = Message::builder(self.message.clone());
        let builder = self.envelope.iter().cloned().fold(builder, MessageBuilder::envelope);
        let builder = self.client.iter().cloned().fold(builder, MessageBuilder::client);
        self.authentication.iter().cloned().fold(builder, MessageBuilder::authentication).build()
    }
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    BASE64.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Why a manifest is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the manifest is not valid: {0}")]
pub struct InvalidManifest(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            name: "phish".parse().unwrap(),
            version: Version::new(1, 0, 0),
            scale: Scale::LogOdds,
            description: String::new(),
            reads: Reads::SUBJECT | Reads::LINKS,
            limits: ManifestLimits { deadline_ms: Some(20), ..ManifestLimits::default() },
            card: Card::default(),
            self_tests: vec![SelfTest::new("a", [0, 255], 0.25)],
        }
    }

    #[test]
    fn a_manifest_reads_back_equal() {
        let json = manifest().to_json().unwrap();
        assert_eq!(Manifest::from_json(&json).unwrap(), manifest());
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let json = String::from_utf8(manifest().to_json().unwrap()).unwrap();
        let json = json.replace("\"scale\"", "\"colour\":1,\"scale\"");
        assert!(Manifest::from_json(json.as_bytes()).unwrap_err().to_string().contains("colour"));
    }

    #[test]
    fn a_manifest_without_self_tests_is_refused() {
        let empty = Manifest { self_tests: Vec::new(), ..manifest() };
        assert!(empty.to_json().unwrap_err().to_string().contains("no self-test"));
    }

    #[test]
    fn every_text_is_bounded_and_every_name_is_one_line() {
        type Change = fn(&mut Manifest);
        let changes: [(Change, &str); 8] = [
            (|manifest| manifest.version.pre = semver::Prerelease::new(&"a".repeat(200_000)).unwrap(), "bytes"),
            (|manifest| manifest.description = "d".repeat(1_025), "description has 1025 bytes"),
            (|manifest| manifest.description = "\u{1b}[2J".to_owned(), "description has a control character"),
            (|manifest| manifest.card.limitations = "l".repeat(16_385), "card.limitations"),
            (|manifest| _ = manifest.card.metrics.insert("m".repeat(513), 1.0), "card.metrics"),
            (|manifest| manifest.card.metrics.extend((0..257).map(|i| (i.to_string(), 1.0))), "257 entries"),
            (|manifest| manifest.self_tests[0].name = "n".repeat(513), "self-test"),
            (|manifest| manifest.self_tests[0].name = "a\nb".to_owned(), "control character"),
        ];
        for (change, expected) in changes {
            let mut changed = manifest();
            change(&mut changed);
            let error = changed.to_json().unwrap_err().to_string();
            assert!(error.contains(expected) && error.len() < 500, "{error}");
            let json = serde_json::to_vec(&changed).unwrap();
            assert!(Manifest::from_json(&json).is_err(), "{expected}");
        }
    }

    #[test]
    fn a_limit_of_zero_is_refused() {
        let zero = ManifestLimits { deadline_ms: Some(0), ..ManifestLimits::default() };
        let error = Manifest { limits: zero, ..manifest() }.to_json().unwrap_err();
        assert!(error.to_string().contains("limits.deadline_ms is 0"), "{error}");
    }
}
