//! Files: small ones that are read up to a bound, and those that commands write.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
pub(crate) use switchback::output::Access;
use switchback::output::{Existing, Output, is_standard_output};

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

/// Begins a file that a command writes, in the place of one that may be there. Pipes and devices are written to.
pub(crate) fn create(path: &Path, access: Access) -> anyhow::Result<Output> {
    Output::create(path, access, Existing::Replace).with_context(|| cannot_write(path))
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
