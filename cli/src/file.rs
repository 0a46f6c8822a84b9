//! Files: small ones that are read up to a bound, and those that commands write.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
pub(crate) use switchback::files::Access;
use switchback::files::{Existing, Output, is_standard_output};

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

/// What a command writes that it does not name itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A page for people.
    Page,
    /// Records of a journal.
    Parquet,
    /// An array of numpy.
    Array,
}

impl Kind {
    /// How a file of this kind begins, in whatever case.
    fn begins(self) -> &'static [u8] {
        match self {
            Self::Page => b"<!DOCTYPE html>",
            Self::Parquet => b"PAR1",
            Self::Array => b"\x93NUMPY",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Page => "an HTML page",
            Self::Parquet => "a Parquet file",
            Self::Array => "an array of numpy",
        }
    }
}

/// Begins a file that a command writes, in the place of an empty one or one of its kind that may be there: never of anything
/// else, and never in the folder of a store or a journal. Pipes and devices are written to.
pub(crate) fn create(path: &Path, access: Access, kind: Kind) -> anyhow::Result<Output> {
    let output = Output::create(path, access, Existing::Replace).with_context(|| cannot_write(path))?;
    if let Some(file) = output.path() {
        check_place(file).and_then(|()| check_replaced(file, kind)).with_context(|| cannot_write(path))?;
    }
    Ok(output)
}

/// Refuses a file that would lie among those of a store or a journal.
fn check_place(file: &Path) -> anyhow::Result<()> {
    let folder = std::path::absolute(file)?;
    let is_ours = |dir: &Path| {
        let has = |name: &str| dir.join(name).symlink_metadata().is_ok();
        has("control.db") || has("key") && has("readers")
    };
    // A folder of a store is in it.
    match folder.ancestors().skip(1).take(2).find(|dir| is_ours(dir)) {
        Some(dir) => bail!("it would lie in {}, which is of a store or a journal: name another folder", dir.display()),
        None => Ok(()),
    }
}

/// Refuses to replace what is something else.
fn check_replaced(file: &Path, kind: Kind) -> anyhow::Result<()> {
    let mut begins = Vec::new();
    match File::open(file) {
        // What cannot be read has its reason.
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            bail!("something is there that cannot be read: {error}")
        }
        Err(_) => return Ok(()),
        Ok(there) => there.take(kind.begins().len() as u64).read_to_end(&mut begins)?,
    };
    if begins.is_empty() || begins.eq_ignore_ascii_case(kind.begins()) {
        return Ok(());
    }
    bail!("the file that is there is not {}, and is kept: name another one, or remove it", kind.name())
}

/// What is said of a file that cannot be written.
pub(crate) fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

/// Writes a file, in the place of one that may be there.
pub(crate) fn write(path: &Path, bytes: &[u8], access: Access) -> anyhow::Result<()> {
    let written = Output::create(path, access, Existing::Replace).and_then(|output| fill(output, bytes));
    written.with_context(|| cannot_write(path))
}

/// Writes a file that must not be there yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8], access: Access) -> anyhow::Result<()> {
    let written = Output::create(path, access, Existing::Keep).and_then(|output| fill(output, bytes));
    written.with_context(|| cannot_write(path))
}

/// Writes the whole of a file that was begun.
pub(crate) fn fill(mut output: Output, bytes: &[u8]) -> io::Result<()> {
    output.write_all(bytes)?;
    output.keep()
}

/// Where a command says what it did that writes this file: not in the middle of it, where it goes to standard output.
pub(crate) fn beside(path: Option<&Path>) -> Box<dyn Write> {
    match path.is_some_and(is_standard_output) {
        true => Box::new(io::stderr().lock()),
        false => Box::new(io::stdout().lock()),
    }
}
