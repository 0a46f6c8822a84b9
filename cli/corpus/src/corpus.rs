//! [`Corpus`]: inputs as messages, one after the other.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use crate::compressed::{Content, uncompressed};
use crate::content::{self, HEAD_BYTES, Kind};
use crate::files::{self, Place, STDIN};
use crate::format::{Dialect, Expected, Format};
use crate::maildir;
use crate::mbox::{self, Mbox};
use crate::passed::Passed;
use crate::sidecar::Sidecar;
use crate::size::read_bounded;
use crate::text;
use crate::unread::Unread;

/// How inputs are read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// In which format files are.
    pub format: Format,
    /// Whether sidecars are read.
    pub sidecars: bool,
}

/// A message as it was found: its bytes, and what its sidecar says.
#[derive(Clone, Debug, Default)]
pub struct RawMessage {
    /// The message, without what an mbox or a mail program puts around it.
    pub bytes: Vec<u8>,
    /// What the filter knew of it; none without a file of that kind, or where those are not read.
    pub sidecar: Option<Sidecar>,
}

/// Messages, one after the other.
///
/// The order is always the same: inputs as given, folders by name.
pub struct Corpus {
    places: std::vec::IntoIter<Place>,
    bytes: u64,
    reading: Reading,
    mbox: Option<OpenMbox>,
    passed: Passed,
    /// What nothing was found in so far.
    barren: Option<String>,
    remark: Box<dyn FnMut(&str) + Send>,
}

struct OpenMbox {
    name: String,
    messages: Mbox<Content<'static>>,
    count: usize,
}

/// A message, or where it is.
pub struct Entry {
    /// What to call it: the path, and `#` and the number in an mbox of several.
    name: String,
    source: Source,
}

enum Source {
    File(PathBuf, Expected, Reading),
    /// What came through a stream.
    Bytes(Vec<u8>, Expected),
    /// A message of an mbox.
    Member(Vec<u8>),
    Unread(Unread),
}

impl Corpus {
    /// Finds the files. Nothing is read yet; what cannot be read is reported when its turn comes. [`STDIN`] is standard input.
    ///
    /// `remark` hears, once and at the end, what was passed over, and that there was no message at all: sentences for people.
    pub fn open(inputs: &[PathBuf], reading: Reading, remark: impl FnMut(&str) + Send + 'static) -> Self {
        let (places, passed) = files::find(inputs);
        let bytes = places.iter().map(Place::bytes).sum();
        let barren =
            inputs.iter().map(|input| text::printable(&input.display().to_string(), usize::MAX)).collect::<Vec<_>>();
        Self {
            places: places.into_iter(),
            bytes,
            reading,
            mbox: None,
            passed,
            barren: Some(barren.join(", ")),
            remark: Box::new(remark),
        }
    }

    /// The size of all files, as far as they say: for a progress bar.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The first entry of a place; none if it is an empty mbox.
    fn enter(&mut self, place: Place) -> Option<Entry> {
        let (name, entered) = match place {
            Place::Unreadable(name, error) => (name, Err(Unread::Unreadable(error))),
            Place::LeftOut(name, why) => (name, Err(Unread::LeftOut(why.to_owned()))),
            Place::File(path, _) => (path.display().to_string(), self.enter_file(path)),
            Place::Stream(path) => {
                let name = path.display().to_string();
                (name, File::open(&path).map_err(Unread::Unreadable).and_then(|file| self.enter_stream(&path, file)))
            }
            Place::Stdin => (STDIN.to_owned(), self.enter_stream(Path::new(STDIN), io::stdin())),
        };
        match entered {
            Ok(Entered::Message(source)) => Some(Entry { name, source }),
            Ok(Entered::Mbox(messages)) => {
                self.mbox = Some(OpenMbox { name, messages, count: 0 });
                self.next_of_mbox()
            }
            Ok(Entered::Nothing) => None,
            Err(unread) => Some(Entry { name, source: Source::Unread(unread) }),
        }
    }

    fn enter_file(&self, path: PathBuf) -> Result<Entered, Unread> {
        let expected = self.reading.format.expected(&path);
        if matches!(expected, Expected::Message | Expected::MessageForSure) {
            // It is opened when it is read, by whichever thread does that.
            return Ok(Entered::Message(Source::File(path, expected, self.reading)));
        }
        let content = File::open(&path).and_then(uncompressed)?;
        enter_content(content, expected, |_| Ok(Source::File(path, expected, self.reading)))
    }

    /// A stream can be read once only.
    fn enter_stream(&self, path: &Path, stream: impl Read + Send + 'static) -> Result<Entered, Unread> {
        let expected = self.reading.format.expected(path);
        enter_content(uncompressed(stream)?, expected, |content| Ok(Source::Bytes(read_bounded(content)?, expected)))
    }

    fn next_of_mbox(&mut self) -> Option<Entry> {
        loop {
            let mbox = self.mbox.as_mut()?;
            let Some(read) = mbox.messages.next() else {
                self.mbox = None;
                return None;
            };
            mbox.count += 1;
            let alone = mbox.count == 1 && mbox.messages.is_done();
            let name = if alone { mbox.name.clone() } else { format!("{}#{}", mbox.name, mbox.count) };
            match read {
                Ok(message) if mbox::is_internal(&message) => self.passed.internal += 1,
                Ok(message) if mbox::is_deleted(&message) => self.passed.deleted += 1,
                Ok(message) => return Some(Entry { name, source: Source::Member(message) }),
                Err(error) => return Some(Entry { name, source: Source::Unread(Unread::Unreadable(error)) }),
            }
        }
    }

    /// The next one, whichever file it is in.
    fn find_next(&mut self) -> Option<Entry> {
        loop {
            if let Some(entry) = self.next_of_mbox() {
                return Some(entry);
            }
            let place = self.places.next()?;
            if let Some(entry) = self.enter(place) {
                return Some(entry);
            }
        }
    }

    /// Says, once, what was passed over, and if nothing was found at all.
    fn say_passed(&mut self) {
        let passed = std::mem::take(&mut self.passed);
        if passed != Passed::default() {
            (self.remark)(&format!("passed over: {passed}"));
        }
        if let Some(barren) = self.barren.take() {
            (self.remark)(&format!("there is no message in {barren}"));
        }
    }
}

/// What a file turned out to be.
enum Entered {
    Message(Source),
    Mbox(Mbox<Content<'static>>),
    Nothing,
}

/// Looks at how content begins. It is handed on as a whole.
fn enter_content(
    mut content: Content<'static>,
    expected: Expected,
    message: impl FnOnce(Content<'static>) -> io::Result<Source>,
) -> Result<Entered, Unread> {
    let mut head = Vec::new();
    content.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let kind = content::kind(&head, expected);
    let whole: Content<'static> = Box::new(Cursor::new(head).chain(content));
    match kind {
        Kind::Message => Ok(Entered::Message(message(whole)?)),
        Kind::Mbox(dialect, known) => Ok(Entered::Mbox(Mbox::new(whole, dialect, known))),
        Kind::Empty => Ok(Entered::Nothing),
        Kind::Other(why) => Err(Unread::LeftOut(why)),
    }
}

impl Iterator for Corpus {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let next = self.find_next();
        match next {
            Some(_) => self.barren = None,
            None => self.say_passed(),
        }
        next
    }
}

impl Entry {
    /// What to call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How much memory it holds before it is read, in bytes.
    pub fn bytes_held(&self) -> usize {
        match &self.source {
            Source::Bytes(bytes, _) | Source::Member(bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// Its name and the message, or why there is none.
    pub fn read(self) -> (String, Result<RawMessage, Unread>) {
        let raw = match self.source {
            Source::File(path, expected, reading) => read_file(&path, expected, reading),
            Source::Bytes(bytes, expected) => message(bytes, expected).map(RawMessage::from),
            // A `From ` line that it begins with is its own: that of the mbox is gone.
            Source::Member(bytes) => {
                content::message(&bytes, Expected::Message).map(|_| RawMessage::from(bytes)).map_err(Unread::LeftOut)
            }
            Source::Unread(unread) => Err(unread),
        };
        (self.name, raw)
    }
}

impl From<Vec<u8>> for RawMessage {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, sidecar: None }
    }
}

fn read_file(path: &Path, expected: Expected, reading: Reading) -> Result<RawMessage, Unread> {
    let bytes = maildir::open(path).and_then(uncompressed).and_then(read_bounded)?;
    let bytes = message(bytes, expected)?;
    let sidecar = if reading.sidecars { Sidecar::beside(path)? } else { None };
    Ok(RawMessage { bytes, sidecar })
}

/// The message in these bytes. One that has an mbox's line in front was taken out of an mbox, with its quoting.
fn message(bytes: Vec<u8>, expected: Expected) -> Result<Vec<u8>, Unread> {
    match content::message(&bytes, expected).map_err(Unread::LeftOut)? {
        0 => Ok(bytes),
        start => Ok(mbox::unquoted(&bytes[start..], Dialect::Any)),
    }
}

impl fmt::Debug for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Corpus")
            .field("reading", &self.reading)
            .field("places", &self.places.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
