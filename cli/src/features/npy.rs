//! Features as files that `numpy.load` reads.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use switchback::Message;
use switchback::files::Output;
use switchback::message::{Fact, FeatureKind, Features};

use crate::file::{self, Access};

/// How a file begins.
const BEGINS: &[u8] = b"\x93NUMPY\x01\x00";

/// How the header of a file ends: at a multiple of so many bytes.
const ALIGNMENT: usize = 64;

/// What is written when all messages were added.
pub(super) struct Arrays {
    names: Vec<String>,
    fields: Vec<(FeatureKind, usize, Rows)>,
    structure: Rows,
    facts: Vec<f32>,
}

/// Numbers of each message: those of row `n` are `indices[starts[n]..starts[n + 1]]`, as `scipy.sparse.csr_array` has them.
struct Rows {
    starts: Vec<i64>,
    indices: Vec<u32>,
}

impl Arrays {
    /// No messages yet.
    pub(super) fn new(kinds: &[FeatureKind]) -> Self {
        let of_kind = |kind: &FeatureKind| {
            let kind = *kind;
            (0..Features::FIELDS.len()).map(move |field| (kind, field, Rows::new()))
        };
        let fields = kinds.iter().flat_map(of_kind).collect();
        Self { names: Vec::new(), fields, structure: Rows::new(), facts: Vec::new() }
    }

    /// Adds a message as the last row.
    pub(super) fn add(&mut self, name: &str, message: &Message) {
        self.names.push(name.to_owned());
        for (kind, field, rows) in &mut self.fields {
            rows.add(&message.features(*kind).fields()[*field]);
        }
        self.structure.add(message.structure().features());
        self.facts.extend_from_slice(message.facts().values());
    }

    /// Writes all files, names, facts, two for the structure, and two for each kind and field, and then gives them their names: what
    /// was there before is kept unless all of them can be written.
    pub(super) fn write(&self, prefix: &Path) -> anyhow::Result<()> {
        let mut files = Files { prefix, written: Vec::new() };
        let count = self.names.len();
        let width = self.names.iter().map(String::len).max().unwrap_or(0).max(1);
        let padded = self.names.iter().flat_map(|name| name.bytes().chain(std::iter::repeat_n(0, width - name.len())));
        files.add("names", &format!("|S{width}"), &[count], padded)?;
        files.add("facts", "<f4", &[count, Fact::COUNT], self.facts.iter().flat_map(|fact| fact.to_le_bytes()))?;
        self.structure.write(&mut files, "structure")?;
        for (kind, field, rows) in &self.fields {
            rows.write(&mut files, &format!("{}.{}", kind.name(), Features::FIELDS[*field]))?;
        }
        files.keep()
    }
}

impl Rows {
    fn new() -> Self {
        Self { starts: vec![0], indices: Vec::new() }
    }

    fn add(&mut self, numbers: &[u32]) {
        self.indices.extend_from_slice(numbers);
        self.starts.push(self.indices.len() as i64);
    }

    fn write(&self, files: &mut Files<'_>, name: &str) -> anyhow::Result<()> {
        let starts = self.starts.iter().flat_map(|start| start.to_le_bytes());
        files.add(&format!("{name}.indptr"), "<i8", &[self.starts.len()], starts)?;
        let indices = self.indices.iter().flat_map(|index| index.to_le_bytes());
        files.add(&format!("{name}.indices"), "<u4", &[self.indices.len()], indices)
    }
}

/// Files that are written and have no names yet.
struct Files<'a> {
    prefix: &'a Path,
    written: Vec<(PathBuf, Output)>,
}

impl Files<'_> {
    /// Writes an array in numpy's format, version 1.0
    /// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
    fn add(&mut self, name: &str, dtype: &str, shape: &[usize], data: impl Iterator<Item = u8>) -> anyhow::Result<()> {
        let mut path = OsString::from(self.prefix);
        path.push(format!(".{name}.npy"));
        let path = PathBuf::from(path);
        let mut bytes = header(dtype, shape);
        bytes.extend(data);
        let mut output = file::create(&path, Access::Everybody, file::Kind::Array)?;
        output.write_all(&bytes).with_context(|| file::cannot_write(&path))?;
        self.written.push((path, output));
        Ok(())
    }

    fn keep(self) -> anyhow::Result<()> {
        let mut written = self.written.into_iter();
        written.try_for_each(|(path, output)| output.keep().with_context(|| file::cannot_write(&path)))
    }
}

/// What stands before the data: byte for byte what `numpy.save` writes, because there are readers that know nothing else.
fn header(dtype: &str, shape: &[usize]) -> Vec<u8> {
    let lengths = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    // A tuple of one has a comma, and of several none behind the last.
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut text = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({lengths}{comma}), }}");
    let before = BEGINS.len() + 2;
    let padding = ALIGNMENT - 1 - (before + text.len()) % ALIGNMENT;
    text.extend(std::iter::repeat_n(' ', padding));
    text.push('\n');
    let mut header = BEGINS.to_vec();
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.into_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_that_of_numpy() {
        // As `numpy.save` of numpy 2.4 writes it.
        let one = header("<u4", &[3]);
        assert_eq!(one.len() % ALIGNMENT, 0);
        assert!(one.starts_with(b"\x93NUMPY\x01\x00\x76\x00{'descr': '<u4', 'fortran_order': False, 'shape': (3,), }"));
        assert!(one.ends_with(b" \n"));
        for (shape, written) in
            [(&[2, 32][..], "(2, 32)"), (&[0], "(0,)"), (&[0, 32], "(0, 32)"), (&[1_234_567], "(1234567,)")]
        {
            let header = header("<f4", shape);
            assert!(String::from_utf8_lossy(&header).contains(&format!("'shape': {written}, }}")), "{written}");
            assert_eq!(header.len(), 128, "{written}");
        }
    }
}
