//! Packs a scoring model for Switchback into one release file, and makes the folder of a new one.
//!
//! [`Packer`] goes the whole way from a Cargo package with a `switchback.toml` to a file that a host loads:
//!
//! 1. cargo builds the package for `wasm32-unknown-unknown`, SIMD on, without paths of this machine in it;
//! 2. a look at the stack is added where a function takes some of it, and the module becomes a component that imports the
//!    scoring contract and nothing else;
//! 3. the model's `prepare` runs once, with the data file that the manifest names, and the memory that it
//!    leaves becomes the memory that every message starts from;
//! 4. names and other leftovers go; standard metadata, contract version, manifest and checksum are added;
//! 5. a host loads the result and runs its self-tests, and what they take of the model's memory is measured.
//!
//! [`Packer::component`] packs what another toolchain built, and [`Packer::onnx`] an ONNX file, both without cargo: they start at
//! step 2, an ONNX file with a module that was built before (`switchback-guests`), and so does [`pack_module`] with any.
//! [`build_module`] makes such a module. [`Inspection`] says what is in a release file, damaged ones included, and [`Measured`] what
//! its calls take of memory. [`Sizes`] what it is made of. [`TestReport`] says whether it does what its author expects. [`Scaffold`] makes a new model's folder.
//!
//! # What holds
//! * **Packing twice gives the same bytes**, whoever packs, wherever the checkout, the target folder and the toolchain lie. Nothing is
//!   read from clock, randomness or version control, and of the environment only what names tools and folders.
//! * **A release says how it was built** ([`BuildRecord`]), so that [`Packer::verify`] can say why another build differs.
//! * **A file appears under its name only when it is right**: until then there is a temporary file beside it.
//! * **A guest runs here as it does in a host**: without files, clock or network, and within limits.
//!
//! # Needs
//! Rust with the target: `rustup target add wasm32-unknown-unknown`. Without rustup, Debian has the
//! compiler and its library's source in the packages `rustc-web` and `rust-web-src`; `-Zbuild-std` as a
//! [`cargo_arg`](Packer::cargo_arg) builds the library from that.
//!
//! # Features
//! None is needed.
#![cfg_attr(feature = "document-features", doc = document_features::document_features!())]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod answer;
mod build;
mod component;
mod error;
mod function_names;
mod inline_shim;
mod inspect;
mod limits;
mod measure;
mod metadata;
mod pack;
mod prebuilt;
mod progress;
mod reads;
mod scaffold;
mod section;
mod self_test;
mod sizes;
mod snapshot;
mod source;
mod stack;
mod stop;
mod strip;
mod target;
mod testing;

pub use answer::{Changed, Tested};
pub use build::BuildRecord;
pub use error::PackError;
pub use inspect::{Checksum, CoreModule, Difference, Inspection, Metadata, Part, Section};
pub use limits::{PREPARE_MEMORY_BYTES_MAX, PREPARE_TIME_MAX};
pub use measure::{Measured, Used};
pub use pack::{BuiltModule, Packed, Packer, Verification, build_module, pack_module, pack_new_module};
pub use prebuilt::{ComponentRecord, Stub};
pub use progress::{Progress, Step};
pub use scaffold::{Language, Scaffold, Scaffolded, Sdk, UnknownLanguage};
pub use sizes::{CodeOf, Sizes};
pub use source::{MANIFEST_FILE, Source};
pub use stop::Stop;
pub use target::TARGET;
pub use testing::{Check, CheckName, CheckResult, Slow, TestReport};
