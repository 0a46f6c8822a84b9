//! What lies in folders, as one look finds it. Two looks tell what changed between them, whatever was told or not, and in whatever
//! way an editor saves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use walkdir::{DirEntry, WalkDir};

use super::outputs;

/// How long ago a file has to have been written for its times to tell it from one that is written once more, in seconds: clocks of
/// file systems tick every few milliseconds, those of some every second.
const SETTLED_S: i64 = 2;

/// The file by which a folder says that it can be made again (bford.info/cachedir): cargo's target has one.
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// What counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// The content of files of a model.
    Content,
    /// Size, times and number of files of mail, of which there may be many.
    Stamps,
}

/// What one look found.
#[derive(Default)]
pub(super) struct Tree {
    files: BTreeMap<PathBuf, Found>,
    /// The folders in which something may come, go or change.
    folders: BTreeSet<PathBuf>,
}

/// A file.
#[derive(Clone, Copy)]
struct Found {
    stamp: Stamp,
    /// Whether a file with this stamp has this content: it was not written just before it was looked at.
    is_settled: bool,
    /// None where only the stamp counts, or the file cannot be read.
    content: Option<[u8; 32]>,
}

/// What the system tells of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Tree {
    /// Looks at files, and at folders with all that is below them. What was read by an earlier look and has not been touched since is not
    /// read again. What is not there, or goes meanwhile, is not among what is found.
    pub(super) fn look(roots: &[PathBuf], counts: Counts, before: &Self) -> Self {
        let mut tree = Self::default();
        for root in roots {
            match fs::metadata(root) {
                Ok(metadata) if metadata.is_dir() => tree.walk(root, counts, before),
                Ok(metadata) => {
                    tree.note_folder_of(root);
                    tree.note_target_of(root);
                    tree.take(root, &metadata, counts, before);
                }
                Err(_) => tree.note_folder_of(root),
            }
        }
        tree
    }

    fn walk(&mut self, root: &Path, counts: Counts, before: &Self) {
        let walk = WalkDir::new(root).follow_links(true).into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() == 0 || !is_left_out(entry, counts)).flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => self.folders.extend([entry.into_path()]),
                Ok(metadata) => {
                    if entry.path_is_symlink() {
                        self.note_target_of(entry.path());
                    }
                    self.take(entry.path(), &metadata, counts, before);
                }
                Err(_) => {}
            }
        }
    }

    fn take(&mut self, path: &Path, metadata: &Metadata, counts: Counts, before: &Self) {
        // A pipe would be waited for.
        if !metadata.is_file() || outputs::is_ours(metadata) {
            return;
        }
        let stamp = Stamp::of(metadata);
        let known = before.files.get(path).filter(|known| known.is_settled && known.stamp == stamp);
        let found = known.copied().unwrap_or_else(|| Found {
            stamp,
            is_settled: stamp.is_settled(),
            content: (counts == Counts::Content).then(|| digest(path).ok()).flatten(),
        });
        self.files.insert(path.to_owned(), found);
    }

    fn note_folder_of(&mut self, path: &Path) {
        let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        self.folders.extend(folder.map(Path::to_owned));
    }

    /// What a link leads to changes in another folder.
    fn note_target_of(&mut self, link: &Path) {
        link.canonicalize().iter().for_each(|file| self.note_folder_of(file));
    }

    /// Adds what another look found elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        for (path, found) in other.files {
            self.files.entry(path).or_insert(found);
        }
        self.folders.extend(other.folders);
    }

    /// Where something may come, go or change.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.folders.iter().map(PathBuf::as_path)
    }

    /// The files that came, went or became others since an earlier look, by name.
    pub(super) fn changes_since(&self, before: &Self) -> Vec<PathBuf> {
        let gone = before.files.keys().filter(|path| !self.files.contains_key(*path));
        let other = self.files.iter().filter(|(path, found)| before.files.get(*path).is_none_or(|was| !found.is(was)));
        let changes: BTreeSet<_> = gone.chain(other.map(|(path, _)| path)).cloned().collect();
        changes.into_iter().collect()
    }
}

impl Found {
    fn is(&self, other: &Self) -> bool {
        match self.content.zip(other.content) {
            Some((content, other)) => content == other,
            None => self.stamp == other.stamp,
        }
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether it was not written just now. A clock that jumps makes it be read again, and nothing else.
    fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        self.changed.0.max(self.modified.0).saturating_add(SETTLED_S) < i64::try_from(now).unwrap_or(i64::MAX)
    }
}

fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hash.finalize().into())
}

/// Whether something below a folder is no file of a model, or none of mail.
fn is_left_out(entry: &DirEntry, counts: Counts) -> bool {
    let name = entry.file_name().to_string_lossy();
    match counts {
        // An editor's copy: of Emacs, Vim and many others, and of JetBrains.
        Counts::Content if name.ends_with('~') || name.starts_with('#') || name.starts_with("___jb_") => true,
        Counts::Content if name.starts_with('.') => name != ".cargo",
        Counts::Content => entry.file_type().is_dir() && entry.path().join(CACHE_TAG).is_file(),
        // Dovecot writes these whenever somebody reads mail.
        Counts::Stamps => name.starts_with("dovecot"),
    }
}

#[cfg(test)]
mod tests;
