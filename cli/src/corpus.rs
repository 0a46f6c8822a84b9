//! Messages from wherever people keep them: files, folders, mbox, Maildir, standard input.
//!
//! The order is always the same: inputs as given, folders by name.

mod files;
mod mbox;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use self::files::Place;
use self::mbox::Mbox;

/// The input that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// The largest message that is read, in bytes: as large as a slot scores by default. It keeps a device, or
/// a disk image between the mail, from filling memory.
const MESSAGE_BYTES_MAX: u64 = 50 << 20;

/// The most mail that is kept in memory, in bytes; one more message may go over it.
const MAIL_BYTES_MAX: usize = 512 << 20;

/// Messages, one after the other.
pub(crate) struct Corpus {
    places: std::vec::IntoIter<Place>,
    bytes: u64,
    mbox: Option<OpenMbox>,
}

struct OpenMbox {
    name: String,
    messages: Mbox<Box<dyn BufRead>>,
    count: usize,
}

/// A message, or where it is.
pub(crate) struct Entry {
    /// What to call it: the path, and `#` and the number in an mbox of several.
    pub(crate) name: String,
    source: Source,
}

enum Source {
    File(PathBuf),
    Bytes(Vec<u8>),
    Unreadable(io::Error),
}

impl Corpus {
    /// Finds the files. Nothing is read yet; what cannot be read is reported when its turn comes.
    pub(crate) fn open(inputs: &[PathBuf]) -> Self {
        let places = files::find(inputs);
        let bytes = places.iter().map(Place::bytes).sum();
        Self { places: places.into_iter(), bytes, mbox: None }
    }

    /// The size of all files, as far as they say: for a progress bar.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The first entry of a place; none if it is an empty mbox.
    fn enter(&mut self, place: Place) -> Option<Entry> {
        match place {
            Place::Unreadable(name, error) => Some(Entry { name, source: Source::Unreadable(error) }),
            Place::File(path, _) => {
                let name = path.display().to_string();
                match open_if_mbox(&path) {
                    Err(error) => Some(Entry { name, source: Source::Unreadable(error) }),
                    Ok(None) => Some(Entry { name, source: Source::File(path) }),
                    Ok(Some(mbox)) => self.enter_mbox(name, Box::new(mbox)),
                }
            }
            Place::Stream(path) => {
                let name = path.display().to_string();
                match File::open(path) {
                    Err(error) => Some(Entry { name, source: Source::Unreadable(error) }),
                    Ok(stream) => self.enter_stream(name, Box::new(stream)),
                }
            }
            Place::Stdin => self.enter_stream(STDIN.to_owned(), Box::new(io::stdin())),
        }
    }

    /// A stream can be read once only, so its beginning is looked at while reading.
    fn enter_stream(&mut self, name: String, mut stream: Box<dyn Read>) -> Option<Entry> {
        let mut start = Vec::new();
        if let Err(error) = stream.by_ref().take(mbox::MAGIC.len() as u64).read_to_end(&mut start) {
            return Some(Entry { name, source: Source::Unreadable(error) });
        }
        let is_mbox = start == mbox::MAGIC;
        let whole = Cursor::new(start).chain(stream);
        if is_mbox {
            return self.enter_mbox(name, Box::new(BufReader::new(whole)));
        }
        Some(Entry { name, source: read_bounded(whole).map_or_else(Source::Unreadable, Source::Bytes) })
    }

    fn enter_mbox(&mut self, name: String, mbox: Box<dyn BufRead>) -> Option<Entry> {
        self.mbox = Some(OpenMbox { name, messages: Mbox::new(mbox), count: 0 });
        self.next_of_mbox()
    }

    fn next_of_mbox(&mut self) -> Option<Entry> {
        let mbox = self.mbox.as_mut()?;
        let Some(read) = mbox.messages.next() else {
            self.mbox = None;
            return None;
        };
        mbox.count += 1;
        let alone = mbox.count == 1 && mbox.messages.is_done();
        let name = if alone { mbox.name.clone() } else { format!("{}#{}", mbox.name, mbox.count) };
        Some(Entry { name, source: read.map_or_else(Source::Unreadable, Source::Bytes) })
    }
}

/// Messages in memory: for commands that go through them more than once.
pub(crate) struct Mail {
    pub(crate) messages: Vec<Vec<u8>>,
    /// How many could not be read; each was said on stderr.
    pub(crate) unreadable: u64,
}

impl Mail {
    /// Reads at most `count_max` messages, and at most [`MAIL_BYTES_MAX`] of them.
    pub(crate) fn read(inputs: &[PathBuf], count_max: usize) -> Self {
        let mut mail = Self { messages: Vec::new(), unreadable: 0 };
        let mut bytes = 0;
        for entry in Corpus::open(inputs) {
            if mail.messages.len() >= count_max || bytes >= MAIL_BYTES_MAX {
                break;
            }
            let (name, message) = entry.read();
            match message {
                Ok(message) => {
                    bytes += message.len();
                    mail.messages.push(message);
                }
                Err(error) => {
                    mail.unreadable += 1;
                    crate::exit::say(&format!("cannot read {name}: {error}"));
                }
            }
        }
        mail
    }
}

impl Iterator for Corpus {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
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
}

impl Entry {
    /// How much memory it holds before it is read, in bytes.
    pub(crate) fn bytes_held(&self) -> usize {
        match &self.source {
            Source::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// Its name and its bytes.
    pub(crate) fn read(self) -> (String, io::Result<Vec<u8>>) {
        let bytes = match self.source {
            Source::File(path) => File::open(path).and_then(read_bounded),
            Source::Bytes(bytes) => Ok(bytes),
            Source::Unreadable(error) => Err(error),
        };
        (self.name, bytes)
    }
}

/// The file, opened at its beginning, if it is an mbox.
fn open_if_mbox(path: &Path) -> io::Result<Option<BufReader<impl Read + use<>>>> {
    let mut file = File::open(path)?;
    let mut start = Vec::new();
    file.by_ref().take(mbox::MAGIC.len() as u64).read_to_end(&mut start)?;
    Ok((start == mbox::MAGIC).then(|| BufReader::new(Cursor::new(start).chain(file))))
}

fn read_bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MESSAGE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    check_size(bytes)
}

fn check_size(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 > MESSAGE_BYTES_MAX {
        let why = format!("it has more than {} MiB, the most that a slot scores", MESSAGE_BYTES_MAX >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}
