//! What models are given of a message: features and facts.

use std::sync::Arc;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use switchback::message::{Fact, Facts, FeatureKind, Features, Structure};

use super::{MadeOf, Message};
use crate::error;
use crate::values::array;
use crate::work::detached_always;

/// The kind of this name.
pub(crate) fn kind(py: Python<'_>, name: &str) -> PyResult<FeatureKind> {
    let known = || FeatureKind::ALL.map(FeatureKind::name).join(", ");
    let found = FeatureKind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| error::invalid(py, &format!("there are no features `{name}`; there are {}", known())))
}

#[pymethods]
impl Message {
    /// A message of which nothing is known but its words, its pairs of words, its structure and its facts, as a journal keeps them and
    /// a message has them: features by field, facts in the order of `FACTS`. Releases that read nothing else score it as they would
    /// the whole message. Arrays are taken with whatever strides they have, and copied. `truncated` names the kinds of which there
    /// were more.
    #[staticmethod]
    #[pyo3(signature = (words, pairs, structure, facts, *, truncated=Vec::new()))]
    fn from_features(
        words: &Bound<'_, PyDict>,
        pairs: &Bound<'_, PyDict>,
        structure: &Bound<'_, PyAny>,
        facts: &Bound<'_, PyAny>,
        truncated: Vec<String>,
    ) -> PyResult<Self> {
        let py = facts.py();
        let values = numbers::<f32>(facts, "facts")?;
        let count = values.len();
        let values =
            values.try_into().map_err(|_| error::invalid(py, &format!("facts: {count} of {}", Fact::COUNT)))?;
        let is_truncated = |kind: &str| truncated.iter().any(|name| name == kind);
        let words = Features::new(fields(words, "words")?, is_truncated("words"));
        let pairs = Features::new(fields(pairs, "pairs")?, is_truncated("pairs"));
        let structure = Structure::new(numbers::<u32>(structure, "structure")?.into(), is_truncated("structure"));
        let message = switchback::Message::from_features(words, pairs, structure, Facts::new(values));
        Ok(Self { message, made_of: MadeOf::Features })
    }

    /// The features of one kind (`words`, `pairs` or `grams`): by field an array of hashes, each once.
    #[pyo3(signature = (kind="words"))]
    pub(super) fn features<'py>(&self, py: Python<'py>, kind: &str) -> PyResult<Bound<'py, PyDict>> {
        let kind = self::kind(py, kind)?;
        let found = detached_always(py, || self.message.features(kind))?;
        let by_field = PyDict::new(py);
        for (name, hashes) in Features::FIELDS.into_iter().zip(found.fields()) {
            by_field.set_item(name, array(py, hashes.iter().map(|hash| hash.to_le_bytes()), "<u4")?)?;
        }
        Ok(by_field)
    }

    /// What the message is made of, as an array of hashes: names of header fields, media types, character sets, and more.
    #[getter]
    pub(super) fn structure<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let found = detached_always(py, || self.message.structure())?;
        array(py, found.features().iter().map(|hash| hash.to_le_bytes()), "<u4")
    }

    /// What models want to know beside words, as an array of 32 numbers, in the order of `FACTS`.
    #[getter]
    pub(super) fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let found = detached_always(py, || self.message.facts())?;
        array(py, found.values().iter().map(|fact| fact.to_le_bytes()), "<f4")
    }
}

/// The numbers of an array, in the order of their indices, whatever its strides.
fn numbers<T: Element>(array: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<T>> {
    let py = array.py();
    let wrong = |failed: PyErr| error::invalid(py, &format!("{what}: {}", failed.value(py)));
    PyBuffer::<T>::get(array).and_then(|buffer| buffer.to_vec(py)).map_err(wrong)
}

/// The features of a kind, from arrays by field; a field that is missing has none.
fn fields(by_field: &Bound<'_, PyDict>, kind: &str) -> PyResult<[Arc<[u32]>; 4]> {
    let mut all = Features::FIELDS.map(|_| Arc::default());
    for (name, hashes) in by_field {
        let name: String = name.extract()?;
        let Some(place) = Features::FIELDS.iter().position(|known| *known == name) else {
            return Err(error::invalid(by_field.py(), &format!("{kind}: there is no field `{name}`")));
        };
        all[place] = numbers::<u32>(&hashes, &format!("{kind}.{name}"))?.into();
    }
    Ok(all)
}
