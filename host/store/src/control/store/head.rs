//! `control.head`: how far the ledger went, remembered outside the database.
//!
//! Written after each event by whoever wrote it, and by each process that obeys one that is not there yet. So it is
//! never ahead of the ledger: where it is, the database was set back, or an older copy was put in its place. A crash
//! between event and file leaves it behind, which is no harm.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use switchback_system::private::{self, NotPrivate, Owner};

use crate::control::mark::Mark;

/// The file is one line of this length, so that it is overwritten in place and needs no room on a disk that is full.
const LINE_BYTES: usize = 256;

/// The file of a store.
pub(super) struct HeadFile(PathBuf);

/// Why the file does not say how far the ledger went.
#[derive(Debug, thiserror::Error)]
pub(super) enum HeadFileError {
    #[error("it is gone")]
    Gone,
    #[error("it does not say where the ledger ended")]
    Unreadable,
    #[error(transparent)]
    File(#[from] NotPrivate),
    #[error("it cannot be read or written")]
    Io(#[from] io::Error),
}

impl HeadFile {
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// What it says.
    pub(super) fn read(&self) -> Result<Mark, HeadFileError> {
        let file = private::open_to_look(&self.0).map_err(missing)?;
        file.lock_shared()?;
        read(&file)
    }

    /// Writes this down, whatever it said before. Durable when it returns.
    pub(super) fn write(&self, mark: &Mark) -> Result<(), HeadFileError> {
        Ok(private::write_durably(&self.0, &line(mark)?)?)
    }

    /// Goes on to what `next` makes of what it says, if that is further; makes the file where it is gone.
    pub(super) fn advance(&self, next: impl FnOnce(&Mark) -> Mark) -> Result<(), HeadFileError> {
        let options = &mut OpenOptions::new();
        let file = private::open_with(&self.0, options.read(true).write(true), Owner::Ours);
        let file = match file.map_err(missing) {
            Err(HeadFileError::Gone) => return self.write(&next(&Mark::default())),
            other => other?,
        };
        file.lock()?;
        let known = read(&file)?;
        let next = next(&known);
        if next.is_after(&known) {
            file.write_all_at(&line(&next)?, 0)?;
        }
        Ok(())
    }
}

fn missing(error: NotPrivate) -> HeadFileError {
    if error.is_missing() { HeadFileError::Gone } else { error.into() }
}

fn read(file: &File) -> Result<Mark, HeadFileError> {
    let mut text = String::new();
    file.take(2 * LINE_BYTES as u64).read_to_string(&mut text)?;
    serde_json::from_str(&text).map_err(|_| HeadFileError::Unreadable)
}

fn line(mark: &Mark) -> io::Result<Vec<u8>> {
    let text = serde_json::to_string(mark)?;
    Ok(format!("{text:<width$}\n", width = LINE_BYTES - 1).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::number::EventSequence;
    use switchback_model::release::Digest;
    use switchback_model::route::Generation;

    fn mark(recoveries: u64, sequence: u64) -> Mark {
        Mark {
            sequence: EventSequence::new(sequence),
            head: Digest::of(&sequence.to_le_bytes()),
            recoveries,
            generation: Generation::new(sequence),
        }
    }

    #[test]
    fn it_only_grows_unless_it_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let head = HeadFile::at(dir.path().join("control.head"));
        assert!(matches!(head.read(), Err(HeadFileError::Gone)));
        for (next, known) in [((0, 3), (0, 3)), ((0, 2), (0, 3)), ((1, 1), (1, 1)), ((0, 9), (1, 1))] {
            head.advance(|_| mark(next.0, next.1)).unwrap();
            assert_eq!(head.read().unwrap(), mark(known.0, known.1));
        }
        head.write(&mark(0, 1)).unwrap();
        assert_eq!(head.read().unwrap(), mark(0, 1));
        std::fs::write(head.path(), "").unwrap();
        assert!(matches!(head.read(), Err(HeadFileError::Unreadable)));
        assert!(head.advance(|_| mark(9, 9)).is_err(), "what is damaged is not written over");
    }

    #[test]
    fn the_longest_mark_fits_its_line() {
        let (sequence, generation) = (EventSequence::new(u64::MAX), Generation::new(u64::MAX));
        let max = Mark { sequence, head: Digest::of(b""), recoveries: u64::MAX, generation };
        assert_eq!(line(&max).unwrap().len(), LINE_BYTES);
    }
}
