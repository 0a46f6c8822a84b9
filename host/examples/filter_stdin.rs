//! A filter behind a pipe: it reads paths of messages, one a line, and answers each with a line of JSON.
//!
//! ```text
//! filter_stdin RELEASE < PATHS
//! ```

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::{env, fs};

use serde_json::{Value, json};
use switchback::{LocalSlot, Message, Runtime, SlotConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let release = env::args_os().nth(1).ok_or("usage: filter_stdin RELEASE < PATHS")?;
    let runtime = Runtime::builder().slot(SlotConfig::new("inbound")).build()?;
    let slot = runtime.slot("inbound")?;
    slot.promote(&runtime.load(release)?)?;

    let mut out = io::stdout().lock();
    for path in io::stdin().lock().lines() {
        writeln!(out, "{}", answer(&slot, &path?))?;
        // Whoever asks waits for the answer before it asks again.
        out.flush()?;
    }
    Ok(())
}

/// A file that cannot be read has no verdict: whoever asks decides what that means.
fn answer(slot: &LocalSlot, path: &str) -> Value {
    match fs::read(path) {
        Ok(bytes) => json!({ "path": path, "verdict": slot.score(&Message::parse(bytes)) }),
        Err(error) => json!({ "path": path, "error": error.to_string() }),
    }
}
