//! Messages that were compressed.

use std::io::{self, Read};

use switchback_gateway::Text;

/// What was compressed, as far as a message may have bytes and there is memory: no more of it is made.
///
/// # Arguments
/// * `decoder`: of what came
/// * `came`: what came
/// * `inflated`: the text that it becomes; nothing yet
///
/// # Errors
/// If it is not compressed in this way. What ends too early, because not all of it was kept, is the beginning of a message.
pub(super) fn inflate(mut decoder: impl Read, came: &Text, mut inflated: Text) -> io::Result<Text> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) if inflated.append(&buffer[..read]) => {}
            Ok(_) => break,
            Err(_) if came.is_partial() => break,
            Err(error) => return Err(error),
        }
    }
    inflated.end_as(came);
    if came.is_refused() {
        // What is left of it says nothing of the message.
        inflated.forget();
    }
    Ok(inflated)
}
