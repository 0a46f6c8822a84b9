//! A release of an ONNX file: what its manifest need not say.

use std::path::{Path, PathBuf};

use semver::Version;
use switchback::Limits;
use switchback::release::{Card, ManifestLimits, ModelName};
use switchback_onnx::{Bindings, OnnxFile};

use super::{File, MANIFEST_FILE, MadeOf, Release, Source, Test, invalid};
use crate::error::PackError;

/// The file that `[onnx]` names if it names none.
pub(super) const MODEL_FILE: &str = "model.onnx";

/// The self-tests of a release whose author has written none: what the model answers today is what it has to answer on
/// every host.
const SELF_TESTS: [(&str, &str); 3] = [
    (
        "made-up/wanted.eml",
        "From: Ann Example <ann@a.example>\r\nTo: bob@b.example\r\nSubject: Minutes of Tuesday\r\n\
         Date: Tue, 1 Dec 2026 09:00:00 +0000\r\nMessage-ID: <1@a.example>\r\n\r\n\
         Hello Bob,\r\n\r\nthe minutes are attached. Could you look at point 3 before Friday?\r\n\r\nAnn\r\n",
    ),
    (
        "made-up/unwanted.eml",
        "From: \"Account Team\" <service@c.example>\r\nReply-To: help@d.example\r\nTo: bob@b.example\r\n\
         Subject: URGENT: your account is locked\r\nDate: Tue, 1 Dec 2026 09:00:00 +0000\r\n\
         Message-ID: <2@c.example>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
         <p>Dear customer,</p><p>click <a href=\"http://192.0.2.7/login\">https://bank.example</a> within 24 hours \
         to claim your FREE $1,000 and unlock your account!!!</p>\r\n",
    ),
    ("made-up/nothing.eml", "\r\n"),
];

/// The memory that a message may need beside what `prepare` left, in bytes.
const ROOM_BYTES: u64 = 4 << 20;

impl Source {
    /// An ONNX file, with the manifest beside it if there is one.
    ///
    /// # Errors
    /// If it cannot be converted, or the manifest is that of something else.
    pub(crate) fn of_onnx(onnx: &Path, name: Option<ModelName>, version: Option<Version>) -> Result<Self, PackError> {
        let beside = onnx.with_file_name(MANIFEST_FILE);
        let (path, mut file) = match beside.exists() {
            true => Self::parse(&beside)?,
            false => (onnx.to_owned(), File::of_nothing(onnx, name.as_ref())?),
        };
        file.release.name = name.unwrap_or(file.release.name);
        file.release.version = version.unwrap_or(file.release.version);
        let mut bindings = file.onnx.take().unwrap_or_default();
        bindings.model = onnx.file_name().map(PathBuf::from);
        file.onnx = Some(bindings);
        Self::of_bindings(path, file)
    }

    /// Converts the ONNX file that a manifest names.
    pub(super) fn of_bindings(path: PathBuf, file: File) -> Result<Self, PackError> {
        let mut source = Self {
            path,
            file,
            data: Vec::new(),
            messages: Vec::new(),
            made_of: MadeOf::Onnx { are_tests_made_up: false },
        };
        if source.file.build.is_some() {
            let why =
                "[build] is of a model that cargo builds, and [onnx] of one that is an ONNX file: it has one of them";
            return Err(invalid(&source.path, why));
        }
        let bindings = source.file.onnx.clone().unwrap_or_default();
        let onnx = source.resolve(bindings.model.as_deref().unwrap_or(Path::new(MODEL_FILE)));
        source.convert(&onnx, &bindings)?;
        if source.file.self_test.is_empty() {
            source.made_of = MadeOf::Onnx { are_tests_made_up: true };
            source.file.self_test = SELF_TESTS.map(|(name, _)| Test::made_up(name)).into();
            source.messages = SELF_TESTS.map(|(_, message)| message.as_bytes().to_vec()).into();
            source.check_manifest()?;
        } else {
            source.read_messages()?;
        }
        source.file.check().map_err(|why| invalid(&source.path, why))?;
        Ok(source)
    }

    fn convert(&mut self, onnx: &Path, bindings: &Bindings) -> Result<(), PackError> {
        let failed = |source| PackError::Onnx { path: onnx.to_owned(), source };
        let converted = OnnxFile::read(onnx).and_then(|file| file.convert(bindings)).map_err(failed)?;
        self.data = converted.to_bytes().map_err(failed)?;
        let release = &mut self.file.release;
        let is_other = release.scale.is_some_and(|scale| scale != converted.scale)
            || release.reads.is_some_and(|reads| reads != converted.reads);
        if is_other {
            let reads: Vec<_> = converted.reads.names().collect();
            let why = format!(
                "the model's scale is `{}`, and it reads {reads:?}, as the ONNX file and [onnx] have it: `scale` and `reads` \
                 can be left out",
                converted.scale.name()
            );
            return Err(invalid(&self.path, why));
        }
        (release.scale, release.reads) = (Some(converted.scale), Some(converted.reads));
        Ok(())
    }

    /// Whether the model is an ONNX file, which the prebuilt guest runs.
    pub(crate) fn is_onnx(&self) -> bool {
        self.made_of != MadeOf::Package
    }

    /// Whether nobody has said what the self-tests have to answer.
    pub(crate) fn are_tests_made_up(&self) -> bool {
        self.made_of == MadeOf::Onnx { are_tests_made_up: true }
    }

    /// Asks for the memory that a model needs which has so much of it, if the manifest does not say and a host grants it
    /// by default.
    pub(crate) fn ask_for_memory(&mut self, bytes: u64) {
        let limits = &mut self.file.limits;
        let needed = bytes + ROOM_BYTES;
        if limits.memory_bytes_max.is_none() && needed > Limits::default().memory_bytes_of(&ManifestLimits::default()) {
            limits.memory_bytes_max = Some(needed.min(Limits::default().memory_bytes_max));
        }
    }
}

impl File {
    /// The manifest of a model that has none.
    fn of_nothing(onnx: &Path, name: Option<&ModelName>) -> Result<Self, PackError> {
        let stem = onnx.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let name = match name {
            Some(name) => name.clone(),
            None => stem.parse().map_err(|error| {
                invalid(onnx, format!("a model cannot be called `{stem}`, as its file is ({error}): give it a name"))
            })?,
        };
        let file = onnx.file_name().unwrap_or_default().display().to_string();
        let mut card = Card::default();
        card.summary =
            format!("The ONNX file {file}, packed without a manifest: nothing is said of what it was trained on.");
        let release = Release {
            name,
            version: Version::new(1, 0, 0),
            scale: None,
            reads: None,
            description: String::new(),
            authors: Vec::new(),
            license: None,
            source: None,
            revision: None,
        };
        Ok(Self { release, build: None, onnx: None, limits: ManifestLimits::default(), card, self_test: Vec::new() })
    }
}

impl Test {
    fn made_up(name: &str) -> Self {
        Self {
            message: name.into(),
            envelope: None,
            client: None,
            authentication: None,
            score: None,
            category: None,
            abstains: false,
        }
    }
}
