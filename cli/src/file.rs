//! Small files: read up to a bound, written whole or not at all.

use std::fs::{File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;

/// The most bytes of a file with a key or a password. A secret key has 262; minisign takes passwords of up to 1,024.
const SMALL_BYTES_MAX: u64 = 8 << 10;

/// Reads a file with a key or a password.
pub(crate) fn read_small(path: &Path) -> anyhow::Result<String> {
    read_text(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(SMALL_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SMALL_BYTES_MAX {
        bail!("it is larger than {SMALL_BYTES_MAX} bytes, so it is something else");
    }
    String::from_utf8(bytes).ok().context("it is not text, so it is something else")
}

/// Who may read a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    /// Its owner: mode 0600.
    Owner,
    /// Everybody that the umask leaves.
    Everybody,
}

/// Writes a file that must not be there yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8], access: Access) -> anyhow::Result<()> {
    let written = temporary(path, bytes, access).and_then(|file| Ok(file.persist_noclobber(path)?));
    written.with_context(|| format!("cannot write {}", path.display())).map(drop)
}

/// Writes a file, in the place of one that may be there.
pub(crate) fn write(path: &Path, bytes: &[u8], access: Access) -> anyhow::Result<()> {
    let written = temporary(path, bytes, access).and_then(|file| Ok(file.persist(path)?));
    written.with_context(|| format!("cannot write {}", path.display())).map(drop)
}

/// The content on its disk, under another name in the same folder. It is gone when the value is.
fn temporary(path: &Path, bytes: &[u8], access: Access) -> anyhow::Result<NamedTempFile> {
    let mode = match access {
        Access::Owner => 0o600,
        Access::Everybody => 0o666,
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}
