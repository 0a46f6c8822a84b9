//! Reading an ONNX file, and what of it is in files of its own.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use prost::Message as _;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto};

use crate::error::Error;
use crate::limits::{FILE_BYTES_MAX, GRAPH_BYTES_MAX};
use crate::other;

/// Reads a file with all of its weights.
pub(crate) fn read(path: &Path) -> Result<ModelProto, Error> {
    let mut model = parse(&bounded(path)?)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for tensor in model.graph.iter_mut().flat_map(tensors).filter(|tensor| is_external(tensor)) {
        take_in(tensor, folder)?;
    }
    Ok(model)
}

/// Reads a file that is all there is.
pub(crate) fn parse_whole(bytes: &[u8]) -> Result<ModelProto, Error> {
    let mut model = parse(bytes)?;
    if let Some(tensor) = model.graph.iter_mut().flat_map(tensors).find(|tensor| is_external(tensor)) {
        return Err(refusal(tensor, "and only the ONNX file itself was given"));
    }
    Ok(model)
}

/// The files, relative to its folder, in which an ONNX file says that its weights are; none where it cannot be read, or has its weights
/// itself: a graph without any is not large.
pub fn weights_beside(path: &Path) -> BTreeSet<PathBuf> {
    let is_small = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= GRAPH_BYTES_MAX);
    let model = if is_small { fs::read(path).ok().and_then(|bytes| parse(&bytes).ok()) } else { None };
    let mut graph = model.and_then(|model| model.graph).unwrap_or_default();
    let named = tensors(&mut graph).into_iter().filter_map(|tensor| value(tensor, "location").map(PathBuf::from));
    named.filter(|location| is_below(location)).collect()
}

fn parse(bytes: &[u8]) -> Result<ModelProto, Error> {
    let not_onnx = |why: String| other::format(bytes).map_or(Error::NotOnnx(why), Error::OtherFormat);
    let model = ModelProto::decode(bytes).map_err(|error| not_onnx(error.to_string()))?;
    if model.graph.is_none() || model.opset_import.is_empty() {
        return Err(not_onnx("it has no graph, or names no version of its operators".into()));
    }
    Ok(model)
}

fn bounded(path: &Path) -> Result<Vec<u8>, Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(read)?;
    let bytes = file.metadata().map_err(read)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(Error::TooLarge { path: path.to_owned(), bytes });
    }
    let mut content = Vec::new();
    // A pipe has no length.
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content).map_err(read)?;
    match content.len() as u64 {
        bytes if bytes > FILE_BYTES_MAX => Err(Error::TooLarge { path: path.to_owned(), bytes }),
        _ => Ok(content),
    }
}

/// All weights of a graph: those that it has itself, and those that nodes and their bodies have.
fn tensors(graph: &mut GraphProto) -> Vec<&mut TensorProto> {
    let mut tensors: Vec<_> = graph.initializer.iter_mut().collect();
    for attribute in graph.node.iter_mut().flat_map(|node| &mut node.attribute) {
        tensors.extend(attribute.t.iter_mut().chain(&mut attribute.tensors));
        tensors.extend(attribute.g.iter_mut().chain(&mut attribute.graphs).flat_map(self::tensors));
    }
    tensors
}

fn is_external(tensor: &TensorProto) -> bool {
    tensor.data_location == Some(DataLocation::External as i32) || !tensor.external_data.is_empty()
}

fn value<'a>(tensor: &'a TensorProto, key: &str) -> Option<&'a str> {
    tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| &*entry.value)
}

fn refusal(tensor: &TensorProto, why: &str) -> Error {
    let location = value(tensor, "location").unwrap_or_default().to_owned();
    let why = format!("{why}; save the model as one file: `onnx.save(onnx.load(\"model.onnx\"), \"whole.onnx\")`");
    Error::ExternalData { tensor: tensor.name.clone(), location, why }
}

/// Whether a file lies in a folder or below it, as far as its name says.
fn is_below(location: &Path) -> bool {
    !location.as_os_str().is_empty() && location.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Puts the content of a file that lies beside the model's into it. A file elsewhere could be one that its owner never
/// meant to give away with a release.
fn take_in(tensor: &mut TensorProto, folder: &Path) -> Result<(), Error> {
    let location = value(tensor, "location").unwrap_or_default();
    if !is_below(Path::new(location)) {
        return Err(refusal(tensor, "which is not below the folder of the ONNX file"));
    }
    let mut path = folder.to_owned();
    for part in Path::new(location) {
        path.push(part);
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(refusal(tensor, "which is a link, or in a folder that is one"));
        }
    }
    let number = |key: &str| -> Result<Option<usize>, Error> {
        let parse = |value: &str| value.parse().map_err(|_| refusal(tensor, &format!("of which `{key}` is no number")));
        value(tensor, key).map(parse).transpose()
    };
    let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
    let content = bounded(&path)?;
    let end = length.map_or(Some(content.len()), |length| offset.checked_add(length));
    let part = end
        .and_then(|end| content.get(offset..end))
        .ok_or_else(|| refusal(tensor, "which is shorter than they are"))?;
    tensor.raw_data = part.to_vec();
    tensor.data_location = None;
    tensor.external_data.clear();
    Ok(())
}
