//! Features of many messages.

use pyo3::prelude::*;
use pyo3::types::PyList;
use switchback::message::{FeatureKind, Features};

use crate::message::{Message, kind};
use crate::threads::each;
use crate::values::{array, value};
use crate::work::detached_always;

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
    detached_always(py, || each(threads, &messages, |message| derive(message, &kinds)))?;
    let facts = messages.iter().flat_map(|message| message.facts().values()).map(|fact| fact.to_le_bytes());
    let rows = PyList::empty(py);
    for kind in kinds {
        for (field, name) in Features::FIELDS.into_iter().enumerate() {
            let of = |message: &'_ switchback::Message| message.features(kind).fields()[field].clone();
            let lengths = messages.iter().map(|message| (of(message).len() as i64).to_le_bytes());
            let hashes = messages.iter().flat_map(|message| of(message).to_vec()).map(|hash| hash.to_le_bytes());
            let (lengths, hashes) = (array(py, lengths, "<i8")?, array(py, hashes, "<u4")?);
            rows.append(value(py, "Rows", (kind.name(), name, lengths, hashes))?)?;
        }
    }
    let of = |message: &switchback::Message| message.structure().features().to_vec();
    let lengths = messages.iter().map(|message| (of(message).len() as i64).to_le_bytes());
    let hashes = messages.iter().flat_map(of).map(|hash| hash.to_le_bytes());
    rows.append(value(py, "Rows", ("structure", "", array(py, lengths, "<i8")?, array(py, hashes, "<u4")?))?)?;
    Ok((array(py, facts, "<f4")?, rows))
}

/// Finds what will be asked for.
fn derive(message: &switchback::Message, kinds: &[FeatureKind]) {
    let _ = message.facts();
    let _ = message.structure();
    for kind in kinds {
        let _ = message.features(*kind);
    }
}
