//! A core module becomes a component of the scoring contract.

use semver::Version;
use switchback::release::{CONTRACT_SECTION, Reads};
use wasmparser::{BinaryReaderError, Encoding, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::error::PackError;
use crate::reads;
use crate::stack::{Guarded, guarded};

/// What every import and every interface of the contract starts with.
pub(crate) const CONTRACT_PACKAGE: &str = "switchback:scoring/";

/// The functions that a model exports.
pub(crate) const EXPORTS: [&str; 2] = ["prepare", SCORE];

/// The function that scores.
pub(crate) const SCORE: &str = "score";

/// A component and the contract version that it speaks.
#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) bytes: Vec<u8>,
    pub(crate) contract: Version,
    /// What of a message it can ask for.
    pub(crate) asks: Reads,
    /// How much of its memory is stack, from the start of it on.
    pub(crate) stack_bytes: usize,
}

impl Component {
    /// Wraps a core module as its `component-type` section says, which the guest's bindings put there, with its stack guarded.
    pub(crate) fn of_module(module: &[u8]) -> Result<Self, PackError> {
        let outline = ModuleOutline::read(module)?;
        outline.refuse_foreign_imports()?;
        let contract = outline.contract_version()?;
        outline.require_exports()?;
        let Guarded { module, stack_bytes } = guarded(module)?;
        Ok(Self { bytes: encode(&module)?, contract, asks: outline.asks(), stack_bytes })
    }
}

fn encode(module: &[u8]) -> Result<Vec<u8>, PackError> {
    let encoder = ComponentEncoder::default().validate(true).debug_names(false).module(module);
    let component = encoder.and_then(|mut encoder| encoder.encode());
    component.map_err(|error| PackError::Componentise { why: format!("{error:#}") })
}

/// What a core module says about itself.
#[derive(Debug, Default)]
struct ModuleOutline<'a> {
    imports: Vec<(&'a str, &'a str)>,
    exports: Vec<&'a str>,
    contract: Option<&'a [u8]>,
}

impl<'a> ModuleOutline<'a> {
    fn read(module: &'a [u8]) -> Result<Self, PackError> {
        let broken =
            |error: BinaryReaderError| PackError::NotAModule { why: format!("no WebAssembly module: {error}") };
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.map_err(broken)? {
                Payload::Version { encoding: Encoding::Component, .. } => {
                    return Err(PackError::NotAModule { why: "this is a component already, not a core module".into() });
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(broken)?;
                        outline.imports.push((import.module, import.name));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        outline.exports.push(export.map_err(broken)?.name);
                    }
                }
                Payload::CustomSection(section) if section.name() == CONTRACT_SECTION => {
                    let earlier = outline.contract.replace(section.data());
                    if earlier.is_some() {
                        let why = "there are several: two versions of the SDK were linked into it".to_owned();
                        return Err(PackError::NoContract { section: CONTRACT_SECTION, why });
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }

    fn refuse_foreign_imports(&self) -> Result<(), PackError> {
        let ours = |module: &str| module.trim_start_matches("[export]").starts_with(CONTRACT_PACKAGE);
        match self.imports.iter().find(|(module, _)| !ours(module)) {
            None => Ok(()),
            Some((module, name)) => {
                Err(PackError::ForeignImport { import: format!("{module} {name}"), hint: hint(module, name) })
            }
        }
    }

    fn contract_version(&self) -> Result<Version, PackError> {
        let refuse = |why: String| PackError::NoContract { section: CONTRACT_SECTION, why };
        let section = self.contract.ok_or_else(|| refuse("there is none".to_owned()))?;
        let text = std::str::from_utf8(section).map_err(|error| refuse(error.to_string()))?;
        text.parse().map_err(|error| refuse(format!("`{text}`: {error}")))
    }

    /// The groups of the functions that it imports: what is never called is no import after linking.
    fn asks(&self) -> Reads {
        reads::of_imports(self.imports.iter().map(|(_, name)| *name))
    }

    fn require_exports(&self) -> Result<(), PackError> {
        let missing = EXPORTS.into_iter().find(|export| !self.exports.contains(export));
        missing.map_or(Ok(()), |export| Err(PackError::MissingExport { export }))
    }
}

/// Where an import outside the contract usually comes from.
fn hint(module: &str, name: &str) -> &'static str {
    if module.starts_with("wasi") {
        "it was built for a WASI target, or a C library in it was: build for wasm32-unknown-unknown, without files, \
         clocks or threads"
    } else if module.starts_with("__wbindgen") || name.contains("__wbindgen") {
        "a dependency expects a browser (wasm-bindgen), and a model has neither clock nor randomness: switch its default features off \
         (`rand`, `uuid`, `ahash`, `chrono`, `instant`), or choose the `custom` backend of `getrandom`"
    } else if name.starts_with("__getrandom") {
        "`getrandom` has its `custom` backend, and nobody defines the function of this name: define one that returns an error, since \
         a model has no randomness, or do without the dependency that asks for it"
    } else if module == "env" {
        "a C function is called that nothing defines: find the `-sys` crate or `extern \"C\"` block that declares it"
    } else {
        "a dependency declares it; the contract offers `switchback:scoring` and nothing else"
    }
}
