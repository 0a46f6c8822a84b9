//! Reading release files, and their signatures, which lie beside them: `phish.wasm.minisig` beside `phish.wasm`.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use switchback_model::limits::{Limits, SIGNATURE_BYTES_MAX};
use switchback_model::release::{Draft, Refusal};

/// Reads a file that claims to be a release; no more than one byte over the size that `limits` allow.
///
/// # Errors
/// [`Refusal::Unreadable`], if the file cannot be read.
pub fn read_release(path: &Path, limits: &Limits) -> Result<Draft, Refusal> {
    let unreadable = |source| Refusal::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let bytes_max = limits.release_bytes_max + 1;
    // Read in one piece: a buffer that grows with what is read is copied again and again. A pipe says 0.
    let size = file.metadata().map_or(0, |metadata| metadata.len().min(bytes_max));
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(bytes_max).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Draft::new(bytes))
}

/// Where the signature of a release file lies: its path with `.minisig` after it.
pub fn signature_path(release: &Path) -> PathBuf {
    let mut path = release.as_os_str().to_owned();
    path.push(".minisig");
    path.into()
}

/// Reads the text of a signature; none if there is no such file. What the text says is not looked at.
///
/// # Errors
/// If there is something in its place that cannot be a signature, or cannot be read.
pub fn read_signature(path: &Path) -> Result<Option<String>, UnreadableSignature> {
    let unreadable = |fault| UnreadableSignature { path: path.to_owned(), fault };
    read(path).map_err(unreadable)
}

fn read(path: &Path) -> Result<Option<String>, Fault> {
    // A link to nothing is not the same as nothing: somebody meant to put a signature there.
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    // Looked at before it is opened, because opening a pipe waits for its writer.
    if !fs::metadata(path)?.is_file() {
        return Err(Fault::NoFile);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(SIGNATURE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > SIGNATURE_BYTES_MAX {
        return Err(Fault::Oversized);
    }
    String::from_utf8(bytes).map(Some).map_err(|_| Fault::Binary)
}

/// What lies where a signature should is none.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the signature {}", path.display())]
pub struct UnreadableSignature {
    path: PathBuf,
    #[source]
    fault: Fault,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("it is a folder or a device, not a file")]
    NoFile,
    #[error("it is larger than {SIGNATURE_BYTES_MAX} bytes, so it is something else")]
    Oversized,
    #[error("it is not text, so it is something else: expected is the .minisig file of `switchback sign` or minisign")]
    Binary,
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What reading a signature comes to, with all causes.
    fn refusal(path: &Path) -> String {
        let error = read_signature(path).unwrap_err();
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        std::error::Error::source(&error).unwrap().to_string()
    }

    #[test]
    fn a_signature_lies_beside_its_release() {
        assert_eq!(signature_path(Path::new("a/phish-1.0.0.wasm")), Path::new("a/phish-1.0.0.wasm.minisig"));
    }

    #[test]
    fn no_file_is_no_signature_and_anything_else_in_its_place_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        assert!(read_signature(&path("absent")).unwrap().is_none());
        fs::write(path("text"), "text").unwrap();
        assert_eq!(read_signature(&path("text")).unwrap().as_deref(), Some("text"));
        assert!(refusal(dir.path()).contains("folder"));
        assert!(refusal(Path::new("/dev/zero")).contains("device"));
        fs::write(path("huge"), vec![b'x'; SIGNATURE_BYTES_MAX + 1]).unwrap();
        assert!(refusal(&path("huge")).contains("larger than 16384 bytes"));
        fs::write(path("binary"), [0xff; 64]).unwrap();
        assert!(refusal(&path("binary")).contains("not text"));
        std::os::unix::fs::symlink(path("absent"), path("dangling")).unwrap();
        assert!(refusal(&path("dangling")).contains("No such file"));
        std::os::unix::fs::symlink(path("text"), path("link")).unwrap();
        assert_eq!(read_signature(&path("link")).unwrap().as_deref(), Some("text"));
    }
}
