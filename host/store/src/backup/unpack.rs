//! Taking a backup apart, believing nothing of it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use switchback_model::release::Digest;
use switchback_system::shortage::{self, InWords};
use tar::{Archive, EntryType};

use super::BackupError;
use super::contents::{CONTENTS, Contents, FORMAT, Packed, RELEASES, is_expected};
use crate::limits::BACKUP_CONTENTS_BYTES_MAX;

/// Unpacks a backup into a folder, and returns its contents: every file that they name is there as it was, and nothing else.
pub(super) fn unpack(file: &Path, into: &Path) -> Result<Contents, BackupError> {
    let opened = File::open(file).map_err(BackupError::file(file))?;
    let unusable = |why: String| BackupError::Unusable { file: file.to_owned(), why };
    let no_archive = |error: io::Error| {
        let why = shortage::of_system(&error).map(|error| format!(" ({})", InWords(&error))).unwrap_or_default();
        unusable(format!("it is no backup, or it was cut off{why}"))
    };
    let mut archive = Archive::new(BufReader::new(opened));
    let (mut found, mut contents) = (Vec::new(), None);
    for entry in archive.entries().map_err(no_archive)? {
        let mut entry = entry.map_err(no_archive)?;
        let path = entry.path().map_err(no_archive)?.into_owned();
        if entry.header().entry_type() != EntryType::Regular || !is_expected(&path) {
            return Err(unusable(format!("`{}` is no file of a backup", path.display())));
        }
        if path == Path::new(CONTENTS) {
            let mut text = Vec::new();
            entry.take(BACKUP_CONTENTS_BYTES_MAX).read_to_end(&mut text).map_err(no_archive)?;
            contents = Some(read(&text).map_err(unusable)?);
            break;
        }
        let target = into.join(&path);
        let (bytes, sha256) = keep(&mut entry, &target).map_err(|failure| match failure {
            Failure::Read(error) => no_archive(error),
            Failure::Write(source) => BackupError::File { path: target.clone(), source },
        })?;
        found.push(Packed { path: path.to_string_lossy().into_owned(), bytes, sha256 });
    }
    let contents = contents.ok_or_else(|| unusable(format!("it was cut off: it has no {CONTENTS}")))?;
    if found != contents.files {
        return Err(unusable("it was changed: its files are not those that it was made of".to_owned()));
    }
    let is_another = |file: &&Packed| release_of(&file.path).is_some_and(|digest| digest != file.sha256);
    match contents.files.iter().find(is_another) {
        None => Ok(contents),
        Some(file) => Err(unusable(format!("its {} is another file than its name says", file.path))),
    }
}

/// The digest that the name of a release file says.
fn release_of(path: &str) -> Option<Digest> {
    path.strip_prefix(RELEASES)?.strip_prefix('/')?.strip_suffix(".wasm")?.parse().ok()
}

fn read(text: &[u8]) -> Result<Contents, String> {
    #[derive(serde::Deserialize)]
    struct Header {
        format: u32,
        program: String,
    }
    let said = |error: serde_json::Error| format!("its {CONTENTS} says nothing: {error}");
    let Header { format, program } = serde_json::from_slice(text).map_err(said)?;
    if format > FORMAT {
        return Err(format!("version {program} of Switchback made it: use that, or a newer one"));
    }
    serde_json::from_slice(text).map_err(said)
}

/// Which side of a copy failed.
enum Failure {
    Read(io::Error),
    Write(io::Error),
}

fn keep(from: &mut impl Read, target: &Path) -> Result<(u64, Digest), Failure> {
    let dir = target.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(Failure::Write)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target);
    let mut file = file.map_err(Failure::Write)?;
    let (mut sha256, mut length, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let bytes = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(bytes) => &buffer[..bytes],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::Read(error)),
        };
        file.write_all(bytes).map_err(Failure::Write)?;
        sha256.update(bytes);
        length += bytes.len() as u64;
    }
    file.sync_all().map_err(Failure::Write)?;
    Ok((length, <[u8; 32]>::from(sha256.finalize()).into()))
}

/// Gives an unpacked file its place, unless there is one.
pub(super) fn place(from: &Path, to: &Path) -> Result<bool, BackupError> {
    if from.symlink_metadata().is_err() || to.symlink_metadata().is_ok() {
        return Ok(false);
    }
    fs::rename(from, to).map(|()| true).map_err(BackupError::file(to))
}
