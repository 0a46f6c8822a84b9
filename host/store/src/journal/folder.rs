//! The folder of a journal.
//!
//! ```text
//! DIR/                          0700
//!   key                         the key of the hashes
//!   20250425T092400123456-7.arrows    a segment that process 7 writes, and holds a lock on
//!   20250425T082359001002-7.parquet   one that is closed
//!   20250424T000000000001-7.parquet   many small ones that were joined
//!   *.new  *.tmp  *.joining           files that are becoming one
//!   *.joins                           which segments one is made of that are not removed yet
//!   readers  joiner                   empty, for locks
//! ```
//!
//! Files have mode 0600. A segment is named by when it was begun and by whom. It is written as a stream, of which a
//! crash cuts off the end at most; closed, it is written again as Parquet, and then the stream goes. Of a segment
//! that has both, the stream is not looked at. Whoever changes which files there are, but for beginning a segment,
//! holds the folder's lock meanwhile; whoever lists them, too. So nobody sees a segment twice or not at all.
//!
//! Who joins segments writes a new one, then a note of what it is made of, and then gives the new one its name: from that
//! instant on those in the note do not count, and go. One process at a time does that, by the lock of `joiner`. What a
//! reader has listed is there until it has read it: readers share the lock of `readers` meanwhile, and nobody puts a joined
//! segment into place but who holds it alone.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use switchback_system::locked::Locked;
use switchback_system::private::{self, NotPrivate, Owner};

use super::error::JournalError;
use super::key;
use crate::limits::CLOCK_GAP_MAX;

/// The ending of a segment that is being written, or that a crash has left.
pub(super) const STREAM: &str = "arrows";

/// The ending of a closed segment.
pub(super) const PARQUET: &str = "parquet";

/// The ending of a stream that nobody holds a lock on yet.
const NEW: &str = "new";

/// The ending of a Parquet file that is not whole yet.
const PARTIAL: &str = "tmp";

/// The ending of a joined segment that is not whole yet.
const JOINING: &str = "joining";

/// The ending of a note that says which segments a joined one is made of: a name on each line.
const JOINS: &str = "joins";

/// The file whose lock readers share.
const READERS: &str = "readers";

/// The file whose lock whoever joins segments holds.
const JOINER: &str = "joiner";

/// How much later than its name says a record of a segment may be: a joined one has what was begun on one day, each part
/// takes a day at most, and an hour is for clocks.
pub(super) const SPAN_MAX: Duration = CLOCK_GAP_MAX;

/// When a segment was begun, in its name.
const TIME: &str = "%Y%m%dT%H%M%S%6f";

/// How many names a process tries for a segment: others of its number may have begun one in the same microsecond.
const NAMES_MAX: u32 = 1_000;

/// The folder of a journal.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    dir: PathBuf,
}

/// A segment, by its name: when it was begun, and by which process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Segment {
    pub(super) begun: Timestamp,
    name: String,
}

/// Which files of a segment there are, with their sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) stream: Option<u64>,
    pub(super) parquet: Option<u64>,
}

impl Files {
    pub(super) fn bytes(&self) -> u64 {
        self.stream.unwrap_or(0) + self.parquet.unwrap_or(0)
    }
}

impl Folder {
    /// A folder that need not be there.
    pub(super) fn named(dir: &Path) -> Self {
        Self { dir: private::absolute(dir) }
    }

    /// Makes the folder, or takes it as it is if it is there.
    pub(super) fn create(dir: &Path) -> Result<Self, JournalError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(JournalError::unusable(dir))?;
        private::check_dir(dir)?;
        Ok(Self { dir: private::absolute(dir) })
    }

    /// [`Folder::create`] where there was one. Not what it lay in: a store that was moved away comes back.
    pub(super) fn create_again(dir: &Path) -> Result<Self, JournalError> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(JournalError::unusable(dir)(error));
            }
            _ => private::check_dir(dir)?,
        }
        Ok(Self::named(dir))
    }

    /// Takes a folder that is there.
    pub(super) fn open(dir: &Path) -> Result<Self, JournalError> {
        match fs::metadata(dir) {
            Ok(metadata) if metadata.is_dir() => {}
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(JournalError::unusable(dir)(source)),
            _ => return Err(JournalError::NoJournal(dir.to_owned())),
        }
        private::check_dir_of(dir, Owner::Anybody)?;
        Ok(Self { dir: private::absolute(dir) })
    }

    /// Whether there are files, and none that a journal has.
    pub(super) fn is_of_something_else(&self) -> bool {
        let Ok(entries) = fs::read_dir(&self.dir) else { return false };
        let is_ours = |path: &Path| {
            Segment::of(path).is_some() || [key::FILE, READERS, JOINER].iter().any(|name| path.ends_with(name))
        };
        let mut paths = entries.flatten().map(|entry| entry.path()).peekable();
        paths.peek().is_some() && !paths.any(|path| is_ours(&path))
    }

    /// Makes the files for locks.
    pub(super) fn make_locks(&self) -> Result<(), JournalError> {
        for name in [READERS, JOINER] {
            let path = self.dir.join(name);
            private::open_with(&path, OpenOptions::new().append(true).create(true).mode(0o600), Owner::Ours)?;
        }
        Ok(())
    }

    /// Which folder has the name now: another one has other numbers.
    pub(super) fn identity(&self) -> io::Result<(u64, u64)> {
        let metadata = fs::metadata(&self.dir)?;
        Ok((metadata.dev(), metadata.ino()))
    }

    /// Whether a file is what its segment's stream is in this folder; false too if it is gone.
    pub(super) fn has(&self, segment: &Segment, file: &File) -> io::Result<bool> {
        let there = match fs::symlink_metadata(self.stream(segment)) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(false);
            }
            there => there?,
        };
        let file = file.metadata()?;
        Ok((there.dev(), there.ino()) == (file.dev(), file.ino()))
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Begins a segment: an empty file that is locked before it has its name.
    pub(super) fn begin(&self, process: u64, now: Timestamp) -> io::Result<(Segment, Locked)> {
        // Else a segment of this name could be closed between two looks.
        let _lock = self.lock(Access::Look)?;
        for later in 0..NAMES_MAX {
            let begun = now.saturating_add(Duration::from_micros(later.into())).unwrap_or(now);
            let segment = Segment { begun, name: format!("{}-{process}", begun.strftime(TIME)) };
            if self.parquet(&segment).try_exists()? {
                continue;
            }
            let new = self.path(&segment, NEW);
            let opened = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&new);
            let file = match opened {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other?,
            };
            let file = Locked::alone(file)?;
            // A link, unlike a renaming, never replaces what is there.
            let linked = fs::hard_link(&new, self.stream(&segment));
            let _ = fs::remove_file(&new);
            match linked {
                // The name is taken, or somebody took the new file for a leftover before it was locked.
                Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {}
                other => return other.map(|()| (segment, file)),
            }
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "no name is free for a segment"))
    }

    /// Every segment, the oldest first.
    pub(super) fn segments(&self) -> Result<BTreeMap<Segment, Files>, JournalError> {
        let listed = self.lock(Access::Look).and_then(|_lock| self.list());
        listed.map_err(JournalError::unusable(&self.dir))
    }

    fn list(&self) -> io::Result<BTreeMap<Segment, Files>> {
        let (mut segments, mut joined) = (BTreeMap::<_, Files>::new(), Vec::new());
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let path = entry.path();
            let Some(segment) = Segment::of(&path) else { continue };
            let bytes = || entry.metadata().map_or(0, |metadata| metadata.len());
            match path.extension().and_then(|ending| ending.to_str()) {
                Some(STREAM) => segments.entry(segment).or_default().stream = Some(bytes()),
                Some(PARQUET) => segments.entry(segment).or_default().parquet = Some(bytes()),
                Some(JOINS) => joined.push(segment),
                _ => {}
            }
        }
        joined.retain(|whole| segments.get(whole).is_some_and(|files| files.parquet.is_some()));
        for whole in joined {
            for part in self.parts(&whole)? {
                segments.remove(&part);
            }
        }
        Ok(segments)
    }

    /// The files of all segments, the oldest first, each under a second name in a folder `held` within this one: what is
    /// removed meanwhile stays there. Without such a folder, the files themselves.
    #[cfg(feature = "control")]
    pub(super) fn hold(&self, held: Option<&Path>) -> io::Result<Vec<PathBuf>> {
        let _lock = self.lock(Access::Look)?;
        let file = |(segment, files): (Segment, Files)| match files.parquet {
            Some(_) => self.parquet(&segment),
            None => self.stream(&segment),
        };
        let files = self.list()?.into_iter().map(file);
        let link = |file: PathBuf| {
            let Some(held) = held else { return Ok(file) };
            let second = held.join(file.file_name().unwrap_or_default());
            fs::hard_link(&file, &second).map(|()| second)
        };
        files.map(link).collect()
    }

    /// Takes the folder's lock; none where the system has no locks, as on some disks that can only be read: nobody changes
    /// anything there.
    pub(super) fn lock(&self, access: Access) -> io::Result<Option<Locked>> {
        let dir = File::open(&self.dir)?;
        let locked = match access {
            Access::Look => Locked::shared(dir),
            Access::Change => Locked::alone(dir),
        };
        Ok(locked.ok())
    }

    /// Has what is listed from now on stay until it is read; none where nobody has ever written who joins segments.
    pub(super) fn reading(&self) -> Option<Locked> {
        let file = private::open_to_look(&self.dir.join(READERS)).ok()?;
        Locked::shared(file).ok()
    }

    /// Has everybody else neither list nor read for so long as this is held; none while somebody reads.
    pub(super) fn alone(&self) -> Option<Locked> {
        lock_of(&self.dir.join(READERS))
    }

    /// Lets nobody else join segments; none while somebody does.
    pub(super) fn joiner(&self) -> Option<Locked> {
        lock_of(&self.dir.join(JOINER))
    }

    /// A name for what is joined of segments of which this is the first.
    pub(super) fn name_for_joined(&self, first: &Segment) -> io::Result<Segment> {
        let process = first.name.split_once('-').map_or("0", |(_, process)| process);
        for later in 1..NAMES_MAX {
            let begun = first.begun.saturating_add(Duration::from_micros(later.into())).unwrap_or(first.begun);
            let segment = Segment { begun, name: format!("{}-{process}", begun.strftime(TIME)) };
            if !self.is_taken(&segment)? {
                return Ok(segment);
            }
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "no name is free for a joined segment"))
    }

    pub(super) fn is_taken(&self, segment: &Segment) -> io::Result<bool> {
        Ok(self.parquet(segment).try_exists()? || self.stream(segment).try_exists()?)
    }

    /// The segments that a joined one is made of, by the note beside it.
    pub(super) fn parts(&self, whole: &Segment) -> io::Result<Vec<Segment>> {
        let text = match fs::read_to_string(self.note(whole)) {
            // Whoever cannot have the folder's lock may come after its end.
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        Ok(text.lines().filter_map(|name| Segment::of(Path::new(name))).collect())
    }

    /// Notes which segments a joined one is made of.
    pub(super) fn write_parts(&self, whole: &Segment, parts: &[Segment]) -> io::Result<()> {
        let names: String = parts.iter().map(|part| format!("{}.{PARQUET}\n", part.name)).collect();
        private::write_durably(&self.note(whole), names.as_bytes())
    }

    /// The joined segments that there are notes of, and those that never got their name.
    pub(super) fn unfinished(&self) -> io::Result<[Vec<Segment>; 2]> {
        let [mut noted, mut partial] = [Vec::new(), Vec::new()];
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let Some(segment) = Segment::of(&path) else { continue };
            match path.extension().and_then(|ending| ending.to_str()) {
                Some(JOINS) => noted.push(segment),
                Some(JOINING) => partial.push(segment),
                _ => {}
            }
        }
        Ok([noted, partial])
    }

    /// Removes what crashes have left of files that never got their name, and returns the paths.
    pub(super) fn remove_leftovers(&self) -> io::Result<Vec<PathBuf>> {
        let mut removed = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let is_leftover = match path.extension().and_then(|ending| ending.to_str()) {
                Some(NEW) => lock_of(&path).is_some(),
                // It belongs to whoever holds the lock on the stream.
                Some(PARTIAL) => Segment::of(&path).is_some_and(|segment| !self.stream(&segment).exists()),
                _ => false,
            };
            if is_leftover && fs::remove_file(&path).is_ok() {
                removed.push(path);
            }
        }
        Ok(removed)
    }

    pub(super) fn stream(&self, segment: &Segment) -> PathBuf {
        self.path(segment, STREAM)
    }

    pub(super) fn parquet(&self, segment: &Segment) -> PathBuf {
        self.path(segment, PARQUET)
    }

    pub(super) fn partial(&self, segment: &Segment) -> PathBuf {
        self.path(segment, PARTIAL)
    }

    /// A joined segment that is not whole yet.
    pub(super) fn joining(&self, segment: &Segment) -> PathBuf {
        self.path(segment, JOINING)
    }

    /// Which segments a joined one is made of.
    pub(super) fn note(&self, segment: &Segment) -> PathBuf {
        self.path(segment, JOINS)
    }

    fn path(&self, segment: &Segment, ending: &str) -> PathBuf {
        self.dir.join(format!("{}.{ending}", segment.name))
    }

    /// Makes what was renamed and removed in the folder durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

/// What a lock on the folder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Look,
    Change,
}

impl Segment {
    /// Whether there can be a record in it that is no older than that.
    pub(super) fn reaches(&self, since_us: i64) -> bool {
        let span = i64::try_from(SPAN_MAX.as_micros()).unwrap_or(i64::MAX);
        self.begun.as_microsecond().saturating_add(span) >= since_us
    }

    /// The segment that a file is of, by its name.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_stem()?.to_str()?;
        let (time, process) = name.split_once('-')?;
        process.parse::<u64>().ok()?;
        let begun = DateTime::strptime(TIME, time).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Self { begun, name: name.to_owned() })
    }
}

/// Opens a file of a journal to read it. What is no regular file is refused, and never waited for.
pub(super) fn open(path: &Path) -> Result<File, JournalError> {
    private::open_to_look(path).map_err(|error| match error {
        NotPrivate::Unusable { path, source } => JournalError::Unusable { path, source },
        other => other.into(),
    })
}

/// Opens a stream that no living process writes or closes, and locks it.
pub(super) fn lock_of(path: &Path) -> Option<Locked> {
    Locked::try_alone(open(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_segment_is_named_by_when_and_by_whom_it_was_begun() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        let now = at("2025-04-25T09:24:00.123456Z");
        let (first, held) = folder.begin(7, now).unwrap();
        let (second, _held) = folder.begin(7, now).unwrap();
        assert!(folder.stream(&first).ends_with("20250425T092400123456-7.arrows"), "{first:?}");
        assert!(folder.stream(&second).ends_with("20250425T092400123457-7.arrows"), "{second:?}");
        assert_eq!(folder.segments().unwrap().into_keys().collect::<Vec<_>>(), [first.clone(), second]);
        assert_eq!(first.begun, now);
        assert!(lock_of(&folder.stream(&first)).is_none(), "its writer lives");
        drop(held);
        assert!(lock_of(&folder.stream(&first)).is_some(), "its writer is gone");
    }

    #[test]
    fn the_name_of_a_closed_segment_is_not_given_again() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        let now = at("2025-04-25T09:24:00Z");
        let (first, _held) = folder.begin(7, now).unwrap();
        fs::rename(folder.stream(&first), folder.parquet(&first)).unwrap();
        let (second, _held) = folder.begin(7, now).unwrap();
        assert_ne!(first, second);
    }

    #[test]
    fn only_what_never_got_its_name_is_left_over() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        let (segment, _held) = folder.begin(1, at("2025-04-25T09:24:00Z")).unwrap();
        for name in ["20250425T090000000000-1.tmp", "20250425T090000000000-2.new", "key", "notes.txt", "x-1.parquet"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::write(folder.partial(&segment), "").unwrap();
        assert_eq!(folder.remove_leftovers().unwrap().len(), 2);
        assert!(folder.partial(&segment).exists() && dir.path().join("notes.txt").exists());
        assert_eq!(folder.segments().unwrap().len(), 1, "what is named otherwise is no segment");
    }
}
