//! The native part of the Python package `switchback`: what the host does, for Python.
//!
//! * **Everything is computed by the host's own code**, so what a model is trained on is what it sees when it serves.
//! * **The interpreter's lock is let go of** while anything is read, scored or written ([`work`]).
//! * **Whatever goes wrong is an exception of `switchback.errors`** ([`error`]), a panic included.
//! * A small value, such as a mailbox, is a named tuple of `switchback._values`, and a large one, such as the state of a store, the JSON that
//!   `docs/json.md` describes, as dictionaries and lists.

#![forbid(unsafe_code)]

mod compare;
mod control;
mod corpus;
mod error;
mod features;
mod given;
mod handle;
mod journal;
mod json;
mod message;
mod pack;
mod release;
mod runtime;
mod slot;
mod threads;
mod training;
mod values;
mod verdict;
mod work;

use pyo3::pymodule;

/// The native part of switchback. Its names are those of the package.
#[pymodule]
mod _switchback {
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;
    use switchback::message::{Fact, Features};

    #[pymodule_export]
    use crate::compare::Comparison;
    #[pymodule_export]
    use crate::control::{Control, Event};
    #[pymodule_export]
    use crate::corpus::Corpus;
    #[pymodule_export]
    use crate::features::feature_rows;
    #[pymodule_export]
    use crate::journal::{JournalReader, Records};
    #[pymodule_export]
    use crate::message::Message;
    #[pymodule_export]
    use crate::pack::{pack, pack_module, pack_onnx};
    #[pymodule_export]
    use crate::release::{Release, ReleaseId, inspect};
    #[pymodule_export]
    use crate::runtime::Runtime;
    #[pymodule_export]
    use crate::slot::Slot;
    #[pymodule_export]
    use crate::training::Training;
    #[pymodule_export]
    use crate::verdict::{Scored, Verdict};
    #[pymodule_export]
    use crate::work::panic;

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// Names that depend on how the host reads messages.
    #[pymodule_init]
    fn names(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("FACTS", PyTuple::new(module.py(), Fact::ALL.map(Fact::name))?)?;
        module.add("FIELDS", PyTuple::new(module.py(), Features::FIELDS)?)
    }
}
