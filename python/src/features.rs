//! Features of many messages.

use pyo3::prelude::*;
use pyo3::types::PyList;
use switchback::message::{FeatureKind, Features};

use crate::message::{Message, kind};
use crate::values::{array_of, value};
use crate::work::{detached_always, each_attended};

/// The facts of messages, one after the other, and of each kind and field, and of the structure, the rows of a sparse matrix: how many
/// hashes each has, and the hashes. What `switchback.features` makes arrays of.
#[pyfunction]
#[pyo3(name = "_feature_rows", signature = (messages, kinds, threads=None))]
pub(crate) fn feature_rows<'py>(
    py: Python<'py>,
    messages: Vec<Bound<'py, PyAny>>,
    kinds: Vec<String>,
    threads: Option<usize>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyList>)> {
    let messages = messages.iter().map(Message::of).collect::<PyResult<Vec<_>>>()?;
    let kinds = kinds.iter().map(|name| kind(py, name)).collect::<PyResult<Vec<_>>>()?;
    each_attended(py, threads, &messages, |message| derive(message, &kinds))?;
    let (facts, all) = detached_always(py, || {
        let facts = messages.iter().flat_map(|message| message.facts().values()).map(|fact| fact.to_le_bytes());
        (facts.collect::<Vec<_>>().concat(), all_rows(&messages, &kinds))
    })?;
    let rows = PyList::empty(py);
    for Rows { kind, field, lengths, hashes } in all {
        let (lengths, hashes) = (array_of(py, &lengths, "<i8")?, array_of(py, &hashes, "<u4")?);
        rows.append(value(py, "Rows", (kind, field, lengths, hashes))?)?;
    }
    Ok((array_of(py, &facts, "<f4")?, rows))
}

/// Finds what will be asked for.
fn derive(message: &switchback::Message, kinds: &[FeatureKind]) {
    let _ = message.facts();
    let _ = message.structure();
    for kind in kinds {
        let _ = message.features(*kind);
    }
}

/// The rows of one matrix, as bytes of numbers.
struct Rows {
    kind: &'static str,
    field: &'static str,
    lengths: Vec<u8>,
    hashes: Vec<u8>,
}

impl Rows {
    fn new(kind: &'static str, field: &'static str) -> Self {
        Self { kind, field, lengths: Vec::new(), hashes: Vec::new() }
    }

    fn add(&mut self, hashes: &[u32]) {
        self.lengths.extend_from_slice(&(hashes.len() as i64).to_le_bytes());
        hashes.iter().for_each(|hash| self.hashes.extend_from_slice(&hash.to_le_bytes()));
    }
}

/// Those of all kinds and fields, and of the structure.
fn all_rows(messages: &[switchback::Message], kinds: &[FeatureKind]) -> Vec<Rows> {
    let mut all = Vec::new();
    for kind in kinds {
        let mut fields = Features::FIELDS.map(|field| Rows::new(kind.name(), field));
        for message in messages {
            let found = message.features(*kind);
            fields.iter_mut().zip(found.fields()).for_each(|(rows, hashes)| rows.add(hashes));
        }
        all.extend(fields);
    }
    let mut structure = Rows::new("structure", "");
    messages.iter().for_each(|message| structure.add(message.structure().features()));
    all.push(structure);
    all
}
