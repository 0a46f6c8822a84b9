//! The message of a request.

use std::io;
use std::time::Duration;

use flate2::read::ZlibDecoder;
use switchback_gateway::{Gateway, Text};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::refusal::Refusal;
use super::request::Request;
use super::{Ended, silent};
use crate::serve::inflate::inflate;
use crate::serve::limits::BODY_BYTES_MAX;

/// Reads as many bytes as were announced, or up to the end of the connection, and keeps as many as a message may have.
pub(super) async fn read<S: AsyncRead + Unpin>(
    stream: &mut S,
    request: &Request,
    gateway: &Gateway,
    idle: Duration,
) -> Result<Text, Ended> {
    if request.length.is_some_and(|length| length > BODY_BYTES_MAX) {
        return Err(Refusal::data(format!("a message of more than {BODY_BYTES_MAX} bytes is not read")).into());
    }
    // Nothing is set aside for what is only announced.
    let (mut text, mut total) = (gateway.text(), 0_u64);
    let mut buffer = vec![0; 64 << 10];
    let end = request.length.unwrap_or(BODY_BYTES_MAX);
    while total < end {
        let room = usize::try_from(end - total).unwrap_or(usize::MAX).min(buffer.len());
        let read = timeout(idle, stream.read(&mut buffer[..room])).await.map_err(|_| silent())??;
        if read == 0 {
            break;
        }
        text.append(&buffer[..read]);
        total += read as u64;
    }
    if request.length.is_some_and(|length| total < length) {
        let why = format!("{end} bytes were announced, and {total} came");
        return Err(Refusal::protocol(why).into());
    }
    if !request.is_compressed {
        return Ok(text);
    }
    let inflated = gateway.text();
    let inflating = spawn_blocking(move || inflate(ZlibDecoder::new(text.bytes()), &text, inflated));
    let inflated = inflating.await.map_err(io::Error::other)?;
    Ok(inflated.map_err(|_| Refusal::protocol("the message is not compressed by zlib, as it says"))?)
}
