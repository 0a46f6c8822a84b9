//! A filter behind a pipe: it reads paths of messages, one a line, and answers each with a line of JSON.
//!
//! ```text
//! filter_stdin RELEASE < PATHS
//! ```

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead as _, ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde_json::{Value, json};
use switchback::{LocalSlot, Message, Runtime, SlotConfig};

/// The longest line: no path of Linux is longer.
const PATH_BYTES_MAX: u64 = 4_096;

fn main() -> Result<(), Box<dyn Error>> {
    let release = env::args_os().nth(1).ok_or("usage: filter_stdin RELEASE < PATHS")?;
    let runtime = Runtime::builder().slot(SlotConfig::new("inbound")).build()?;
    let slot = runtime.slot("inbound")?;
    slot.promote(&runtime.load(release)?)?;

    match serve(&slot, &mut io::stdin().lock(), &mut io::stdout().lock()) {
        // Whoever asked has gone, and needs no answer.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        served => Ok(served?),
    }
}

fn serve(slot: &LocalSlot, input: &mut impl io::BufRead, out: &mut impl io::Write) -> io::Result<()> {
    let mut line = Vec::new();
    while input.by_ref().take(PATH_BYTES_MAX).read_until(b'\n', &mut line)? > 0 {
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() as u64 == PATH_BYTES_MAX {
            return Err(io::Error::new(ErrorKind::InvalidData, "a line is too long for a path"));
        }
        // A path is bytes, and need not be text.
        writeln!(out, "{}", answer(slot, Path::new(OsStr::from_bytes(&line))))?;
        // Whoever asks waits for the answer before it asks again.
        out.flush()?;
        line.clear();
    }
    Ok(())
}

/// A file that cannot be read has no verdict: whoever asks decides what that means.
fn answer(slot: &LocalSlot, path: &Path) -> Value {
    match read(path, slot.config().message_bytes_max) {
        Ok(bytes) => json!({ "path": path.to_string_lossy(), "verdict": slot.score(&Message::parse(bytes)) }),
        Err(error) => json!({ "path": path.to_string_lossy(), "error": error.to_string() }),
    }
}

/// A message that is larger than the slot takes need not be read to its end: one byte more tells.
fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
