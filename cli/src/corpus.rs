//! Messages from wherever people keep them: files, folders, mbox, Maildir, standard input; compressed or not.
//!
//! The order is always the same: inputs as given, folders by name. In which format a file is, [`Format`] says, or its place
//! and name ([`format`]), or its whole content ([`content`]): never a single line. What is no message is left out, and that
//! is an error of its own kind ([`Unread`]); what mail programs keep beside messages is passed over, and said once.

mod compressed;
mod content;
mod files;
mod format;
mod header;
mod mbox;
mod passed;
mod sidecar;
mod size;
mod unread;

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use self::compressed::{Content, uncompressed};
use self::content::{HEAD_BYTES, Kind};
use self::files::Place;
pub(crate) use self::format::Format;
use self::format::{Dialect, Expected};
use self::mbox::Mbox;
use self::passed::Passed;
pub(crate) use self::sidecar::{Peer, Sidecar, Transaction};
pub(crate) use self::size::read_bounded;
pub(crate) use self::unread::{Missed, Unread};
use crate::show;

/// The input that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// The most mail that is kept in memory, in bytes; one more message may go over it.
const MAIL_BYTES_MAX: usize = 512 << 20;

/// How inputs are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) format: Format,
    /// Whether sidecars are read.
    pub(crate) sidecars: bool,
}

/// A message as it was found: its bytes, and what its sidecar says.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawMessage {
    pub(crate) bytes: Vec<u8>,
    pub(crate) sidecar: Option<Sidecar>,
}

/// Messages, one after the other.
pub(crate) struct Corpus {
    places: std::vec::IntoIter<Place>,
    bytes: u64,
    reading: Reading,
    mbox: Option<OpenMbox>,
    passed: Passed,
    /// What nothing was found in so far.
    barren: Option<String>,
}

struct OpenMbox {
    name: String,
    messages: Mbox<Content<'static>>,
    count: usize,
}

/// A message, or where it is.
pub(crate) struct Entry {
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
    /// Finds the files. Nothing is read yet; what cannot be read is reported when its turn comes.
    pub(crate) fn open(inputs: &[PathBuf], reading: Reading) -> Self {
        let (places, passed) = files::find(inputs);
        let bytes = places.iter().map(Place::bytes).sum();
        let barren =
            inputs.iter().map(|input| show::printable(&input.display().to_string(), usize::MAX)).collect::<Vec<_>>();
        Self { places: places.into_iter(), bytes, reading, mbox: None, passed, barren: Some(barren.join(", ")) }
    }

    /// The size of all files, as far as they say: for a progress bar.
    pub(crate) fn bytes(&self) -> u64 {
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
    fn enter_stream(&self, path: &Path, stream: impl Read + 'static) -> Result<Entered, Unread> {
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
            crate::exit::say(&format!("passed over: {passed}"));
        }
        if let Some(barren) = self.barren.take() {
            crate::exit::say(&format!("there is no message in {barren}"));
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

/// Messages in memory: for commands that go through them more than once.
pub(crate) struct Mail {
    pub(crate) messages: Vec<RawMessage>,
    /// What each is called.
    pub(crate) names: Vec<String>,
    /// What could not be read or was left out; each was said on stderr.
    pub(crate) missed: Missed,
}

impl Mail {
    /// Reads at most `count_max` messages, and at most [`MAIL_BYTES_MAX`] of them.
    pub(crate) fn read(inputs: &[PathBuf], reading: Reading, count_max: usize) -> Self {
        let mut mail = Self { messages: Vec::new(), names: Vec::new(), missed: Missed::default() };
        let mut bytes = 0;
        for entry in Corpus::open(inputs, reading) {
            if mail.messages.len() >= count_max || bytes >= MAIL_BYTES_MAX {
                break;
            }
            let (name, raw) = entry.read();
            match raw {
                Ok(raw) => {
                    bytes += raw.bytes.len();
                    mail.messages.push(raw);
                    mail.names.push(name);
                }
                Err(unread) => {
                    mail.missed.add(&unread);
                    crate::exit::say(&unread.about(&name));
                }
            }
        }
        mail
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
    /// How much memory it holds before it is read, in bytes.
    pub(crate) fn bytes_held(&self) -> usize {
        match &self.source {
            Source::Bytes(bytes, _) | Source::Member(bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// Its name and the message.
    pub(crate) fn read(self) -> (String, Result<RawMessage, Unread>) {
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
    let bytes = File::open(path).and_then(uncompressed).and_then(read_bounded)?;
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

#[cfg(test)]
mod tests;
