//! Errors as exceptions of `switchback.errors`.
//!
//! Each enum of errors is a class, whose `kind` is the name of the variant: `not-loaded` for `NotLoaded`.

mod control;
mod making;
mod runtime;

use std::error::Error;
use std::fmt::{self, Debug, Write};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;
use switchback::ReleaseId;
use switchback::files::in_full;

use crate::release;

/// An error that Python sees as an exception.
pub(crate) trait Exception: Error {
    /// Its class, kind and attributes.
    fn described(&self) -> Described;
}

/// An error as Python sees it, but for its text.
pub(crate) struct Described {
    class: &'static str,
    kind: String,
    attributes: Vec<(&'static str, Attribute)>,
}

/// What an exception tells.
pub(crate) enum Attribute {
    Release(ReleaseId),
    Json(Value),
}

impl Described {
    /// An error of this class; its kind is the variant's name.
    pub(crate) fn new(class: &'static str, variant: &impl Debug) -> Self {
        Self { class, kind: kebab(variant), attributes: Vec::new() }
    }

    /// With another kind.
    pub(crate) fn kind(mut self, kind: &str) -> Self {
        self.kind = kind.to_owned();
        self
    }

    /// With an attribute.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.push((name, Attribute::Json(value.into())));
        self
    }

    /// With the release that it is about.
    pub(crate) fn release(mut self, release: &ReleaseId) -> Self {
        self.attributes.push(("release", Attribute::Release(release.clone())));
        self
    }
}

/// The exception of an error, with the texts of all its causes.
pub(crate) fn raised(py: Python<'_>, error: &impl Exception) -> PyErr {
    let Described { class, kind, attributes } = error.described();
    made(py, class, &in_full(error), &kind, attributes).unwrap_or_else(|other| other)
}

/// The exception of a panic.
pub(crate) fn panicked(py: Python<'_>, said: &str) -> PyErr {
    let text = format!("switchback panicked, please report it: {said}");
    made(py, "Panicked", &text, "panicked", Vec::new()).unwrap_or_else(|other| other)
}

/// The exception of an argument that makes no sense.
pub(crate) fn invalid(py: Python<'_>, why: &str) -> PyErr {
    made(py, "InvalidValue", why, "invalid-value", Vec::new()).unwrap_or_else(|other| other)
}

fn made(
    py: Python<'_>,
    class: &str,
    text: &str,
    kind: &str,
    attributes: Vec<(&'static str, Attribute)>,
) -> PyResult<PyErr> {
    let named = PyDict::new(py);
    for (name, attribute) in attributes {
        match attribute {
            Attribute::Release(id) => named.set_item(name, release::ReleaseId::from(id))?,
            Attribute::Json(value) => named.set_item(name, crate::json::to_python(py, &value)?)?,
        }
    }
    named.set_item("kind", kind)?;
    let class = py.import("switchback.errors")?.getattr(class)?;
    Ok(PyErr::from_value(class.call((text,), Some(&named))?))
}

/// The name with which the derived `Debug` of a variant begins, in kebab case.
fn kebab(variant: &impl Debug) -> String {
    let mut name = Name(String::new());
    // Only the name is wanted: the rest is refused.
    let _ = write!(name, "{variant:?}");
    name.0
}

/// Takes what is written up to the end of the first word.
struct Name(String);

impl Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            if !letter.is_ascii_alphanumeric() {
                return Err(fmt::Error);
            }
            if letter.is_ascii_uppercase() && !self.0.is_empty() {
                self.0.push('-');
            }
            self.0.push(letter.to_ascii_lowercase());
        }
        Ok(())
    }
}
