//! [`Collection`]: the examples of a training, of which only an index is in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use switchback_linear::Kinds;
use switchback_pack::Stop;

use crate::campaigns::Traits;
use crate::carried::Carries;
use crate::error::TrainError;
use crate::example::{Example, TEXT_FIELDS, kinds_of};
use crate::label::Label;
use crate::split::{Side, Split, split};
use crate::stop;

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// Examples on their way into a model. Their features are in a file without a name, which is gone with the process; about 200
/// bytes of each are in memory.
#[derive(Debug)]
pub struct Collection {
    kinds: Kinds,
    to: BufWriter<File>,
    offset: u64,
    pub(crate) index: Vec<Indexed>,
    pub(crate) senders: Senders,
    /// How many messages of each label have a header field, by its feature.
    pub(crate) fields: HashMap<u32, (String, [u64; 2])>,
}

/// What is in memory of an example.
#[derive(Debug)]
pub(crate) struct Indexed {
    pub(crate) label: Label,
    pub(crate) traits: Traits,
    pub(crate) date: Option<i64>,
    pub(crate) sender: Option<u32>,
    pub(crate) provider: Option<u32>,
    pub(crate) is_list: bool,
    pub(crate) is_bulk: bool,
    pub(crate) is_ascii: bool,
    pub(crate) carries: Option<Carries>,
    pub(crate) before: Option<f64>,
    offset: u64,
    bytes: u32,
}

/// Names of senders and providers, each once.
#[derive(Debug, Default)]
pub(crate) struct Senders {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Senders {
    fn number(&mut self, name: Arc<str>) -> u32 {
        let next = self.names.len() as u32;
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            next
        })
    }

    pub(crate) fn name(&self, number: u32) -> &Arc<str> {
        &self.names[number as usize]
    }
}

/// An example as it is read back.
#[derive(Debug, Default)]
pub(crate) struct Spilled {
    pub(crate) name: String,
    /// By field of text, by kind.
    pub(crate) texts: Vec<Vec<u32>>,
    pub(crate) structure: Vec<u32>,
    /// How subject, senders, text and links begin.
    pub(crate) said: [String; TEXT_FIELDS],
}

impl Collection {
    /// Begins one, for models of these kinds. `folder` is where its file is made: it needs about 6 KB for each message.
    ///
    /// # Errors
    /// If there is no room, or no right to write there.
    pub fn new(folder: &Path, kinds: Kinds) -> io::Result<Self> {
        Ok(Self {
            kinds,
            to: BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?),
            offset: 0,
            index: Vec::new(),
            senders: Senders::default(),
            fields: HashMap::new(),
        })
    }

    /// The kinds of features that examples have to have.
    pub fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// How many examples there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Adds an example that was made for the same kinds.
    ///
    /// # Errors
    /// If it cannot be written.
    ///
    /// # Panics
    /// If it was made for others.
    pub fn add(&mut self, example: Example) -> io::Result<()> {
        assert_eq!(example.texts.len(), TEXT_FIELDS * kinds_of(self.kinds).count(), "the kinds of the example");
        let mut bytes = Vec::new();
        let name = example.name.as_bytes();
        bytes.extend((name.len() as u32).to_le_bytes());
        bytes.extend(name);
        for features in example.texts.iter().chain([&example.structure]) {
            bytes.extend((features.len() as u32).to_le_bytes());
            features.iter().for_each(|feature| bytes.extend(feature.to_le_bytes()));
        }
        for said in &example.said {
            bytes.extend((said.len() as u32).to_le_bytes());
            bytes.extend(said.as_bytes());
        }
        self.to.write_all(&bytes)?;
        let length = bytes.len() as u32;
        for (feature, name) in example.fields {
            self.fields.entry(feature).or_insert_with(|| (name, [0; 2])).1[example.label as usize] += 1;
        }
        self.index.push(Indexed {
            label: example.label,
            traits: example.traits,
            date: example.date,
            sender: example.sender.map(|name| self.senders.number(name)),
            provider: example.provider.map(|name| self.senders.number(name)),
            is_list: example.is_list,
            is_bulk: example.is_bulk,
            is_ascii: example.is_ascii,
            carries: example.carries,
            before: example.before,
            offset: self.offset,
            bytes: length,
        });
        self.offset += u64::from(length);
        Ok(())
    }

    /// What would be learned from and what measured on, of each example in the order in which they were added.
    ///
    /// # Errors
    /// What a training on them would say.
    pub fn sides(&self, by: Split) -> Result<Vec<Side>, TrainError> {
        let (placed, _) = split(&self.index, by)?;
        let mut sides = vec![Side::LeftOut; self.index.len()];
        for one in placed {
            sides[one.at] = if one.fold.is_some() { Side::Learned } else { Side::HeldOut };
        }
        Ok(sides)
    }

    /// Nothing more is added: the examples can be read, until somebody asks for the end.
    pub(crate) fn finish(self, stop: Stop) -> io::Result<Finished> {
        let file = self.to.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Finished { kinds: self.kinds, file, index: self.index, senders: self.senders, fields: self.fields, stop })
    }
}

/// A collection that is complete.
#[derive(Debug)]
pub(crate) struct Finished {
    kinds: Kinds,
    file: File,
    pub(crate) index: Vec<Indexed>,
    pub(crate) senders: Senders,
    pub(crate) fields: HashMap<u32, (String, [u64; 2])>,
    pub(crate) stop: Stop,
}

impl Finished {
    pub(crate) fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// Reads an example back.
    pub(crate) fn read(&self, at: usize) -> io::Result<Spilled> {
        stop::check(&self.stop)?;
        let one = &self.index[at];
        let mut bytes = vec![0; one.bytes as usize];
        self.file.read_exact_at(&mut bytes, one.offset)?;
        let mut rest = &bytes[..];
        let name = String::from_utf8_lossy(take(&mut rest, 1)).into_owned();
        let mut next = || take(&mut rest, 4).as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
        let texts = (0..TEXT_FIELDS * kinds_of(self.kinds).count()).map(|_| next()).collect();
        let structure = next();
        let said = std::array::from_fn(|_| String::from_utf8_lossy(take(&mut rest, 1)).into_owned());
        Ok(Spilled { name, texts, structure, said })
    }
}

/// A list with its length in front, of items of so many bytes, which this process wrote.
fn take<'a>(rest: &mut &'a [u8], item: usize) -> &'a [u8] {
    let (count, list) = rest.split_at(4);
    let count = u32::from_le_bytes([count[0], count[1], count[2], count[3]]) as usize;
    let (list, after) = list.split_at(count * item);
    *rest = after;
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_examples_fit_in_the_memory_that_the_page_states() {
        assert!(size_of::<Indexed>() <= 200, "{} bytes of each example", size_of::<Indexed>());
    }
}
