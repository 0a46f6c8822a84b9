//! What calls of a release take of its memory, for `switchback pack` and `switchback inspect`.

use std::path::PathBuf;

use switchback::Message;
use switchback_corpus::{Corpus, Format, Reading};
use switchback_pack::{Measured, Used};

use crate::show;

/// The messages of files and folders, if any are named, each with its name. What is no message is said on stderr, and left out.
pub(crate) fn messages(inputs: &[PathBuf]) -> impl Iterator<Item = (String, Message)> {
    let reading = Reading { format: Format::Auto, sidecars: true };
    let corpus = (!inputs.is_empty()).then(|| Corpus::open(inputs, reading, crate::exit::say));
    corpus.into_iter().flatten().filter_map(|entry| {
        let (name, raw) = entry.read();
        let raw = raw.inspect_err(|unread| crate::exit::say(&unread.about(&name))).ok()?;
        Some((name, raw.sidecar.unwrap_or_default().tell(Message::builder(raw.bytes)).build()))
    })
}

/// Labels, and what stands beside them.
pub(crate) fn lines(measured: &Measured) -> Vec<(&'static str, String)> {
    let Measured { messages, failed, start_bytes, memory, grown, written_bytes, spare_bytes, stack, .. } = measured;
    let bytes = |bytes: usize| show::bytes(bytes as u64);
    let of = |used: &Used| {
        format!("{} of {} ({})", bytes(used.bytes), bytes(used.bytes_max), show::printable(&used.message, 200))
    };
    let mut lines = vec![("measured", show::counted(*messages as u64, "message"))];
    if *failed > 0 {
        let first = measured.failure.as_deref().unwrap_or_default();
        lines.push(("failed", format!("{failed}, the first: {}", show::printable(first, 400))));
    }
    lines.extend(stack.as_ref().map(|stack| ("stack", format!("at most {}", of(stack)))));
    let growth = if *grown > 0 { format!("grew for {grown}") } else { format!("{} left", bytes(*spare_bytes)) };
    lines.push(("memory", format!("{} at the start, {growth}; at most {}", bytes(*start_bytes), of(memory))));
    lines.push(("written", format!("at most {} by one message", bytes(*written_bytes))));
    lines
}
