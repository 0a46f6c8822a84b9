//! The languages that a new model can be written in, and what its folder then has.

use std::fmt;
use std::str::FromStr;

use super::cargo::MANIFEST;
use crate::prebuilt::CONTRACT;

/// The language of a new model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Language {
    /// With the crate `switchback-guest`, built by cargo when the model is packed. The fastest, and the only one whose model can
    /// be tested without a sandbox.
    #[default]
    Rust,
    /// By clang, with a C library.
    C,
    /// By Go's own compiler.
    Go,
    /// On the engine SpiderMonkey, which is part of the release.
    JavaScript,
    /// On CPython, which is part of the release.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rust, Self::C, Self::Go, Self::JavaScript, Self::Python];

    /// What it is called on a command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Go => "go",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }

    /// What builds the component, in the model's folder. None where packing does.
    pub const fn build_command(self) -> Option<&'static str> {
        match self {
            Self::Rust => None,
            Self::C | Self::Go | Self::Python => Some("make"),
            Self::JavaScript => Some("npm install && npm run build"),
        }
    }

    /// Every file of the folder: where it goes, and its text with `{{name}}` and the like. The code is the same for every name.
    pub(super) fn templates(self) -> Vec<(&'static str, &'static str)> {
        let mut files = self.own().to_vec();
        files.extend(SHARED);
        if self != Self::Rust {
            files.push(("wit/scoring.wit", CONTRACT));
        }
        files
    }

    const fn own(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Rust => &RUST,
            Self::C => &C,
            Self::Go => &GO,
            Self::JavaScript => &JAVASCRIPT,
            Self::Python => &PYTHON,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no language has here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a language that a new model can be written in: {}", Language::ALL.map(Language::name).join(", "))]
pub struct UnknownLanguage {
    name: String,
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|known| known.name() == name)
            .ok_or_else(|| UnknownLanguage { name: name.to_owned() })
    }
}

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../templates/", $path, ".in"))
    };
}

const SHARED: [(&str, &str); 4] = [
    (".gitattributes", template!("gitattributes")),
    ("words.txt", template!("words.txt")),
    ("self-test/wanted.eml", template!("wanted.eml")),
    ("self-test/phish.eml", template!("phish.eml")),
];

const RUST: [(&str, &str); 6] = [
    (MANIFEST, template!("Cargo.toml")),
    ("README.md", template!("README.md")),
    (".gitignore", template!("gitignore")),
    ("src/lib.rs", template!("lib.rs")),
    ("src/tests.rs", template!("tests.rs")),
    ("switchback.toml", template!("switchback.toml")),
];

const C: [(&str, &str); 7] = [
    ("README.md", template!("c/README.md")),
    (".gitignore", template!("c/gitignore")),
    ("Makefile", template!("c/Makefile")),
    ("model.c", template!("c/model.c")),
    ("contract.h", template!("c/contract.h")),
    ("contract.c", template!("c/contract.c")),
    ("switchback.toml", template!("c/switchback.toml")),
];

const GO: [(&str, &str); 7] = [
    ("README.md", template!("go/README.md")),
    (".gitignore", template!("c/gitignore")),
    ("Makefile", template!("go/Makefile")),
    ("go.mod", template!("go/go.mod")),
    ("model.go", template!("go/model.go")),
    ("contract.go", template!("go/contract.go")),
    ("switchback.toml", template!("go/switchback.toml")),
];

const JAVASCRIPT: [(&str, &str); 6] = [
    ("README.md", template!("javascript/README.md")),
    (".gitignore", template!("javascript/gitignore")),
    ("package.json", template!("javascript/package.json")),
    ("build.js", template!("javascript/build.js")),
    ("model.js", template!("javascript/model.js")),
    ("switchback.toml", template!("javascript/switchback.toml")),
];

const PYTHON: [(&str, &str); 6] = [
    ("README.md", template!("python/README.md")),
    (".gitignore", template!("python/gitignore")),
    ("requirements.txt", template!("python/requirements.txt")),
    ("Makefile", template!("python/Makefile")),
    ("app.py", template!("python/app.py")),
    ("switchback.toml", template!("python/switchback.toml")),
];
