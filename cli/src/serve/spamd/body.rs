//! The message of a request.

use std::io::{self, Read as _};
use std::time::Duration;

use flate2::read::ZlibDecoder;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::refusal::Refusal;
use super::request::Request;
use super::{Ended, silent};
use crate::serve::limits::BODY_BYTES_MAX;

/// A message, or its beginning.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// Whether it is longer than this.
    pub(super) is_partial: bool,
}

impl Body {
    /// Reads as many bytes as were announced, or up to the end of the connection, and keeps as many as a message may have.
    pub(super) async fn read<S: AsyncRead + Unpin>(
        stream: &mut S,
        request: &Request,
        bytes_max: u64,
        idle: Duration,
    ) -> Result<Self, Ended> {
        if request.length.is_some_and(|length| length > BODY_BYTES_MAX) {
            return Err(Refusal::data(format!("a message of more than {BODY_BYTES_MAX} bytes is not read")).into());
        }
        // Nothing is set aside for what is only announced.
        let (mut bytes, mut total) = (Vec::new(), 0_u64);
        let mut buffer = vec![0; 64 << 10];
        let end = request.length.unwrap_or(BODY_BYTES_MAX);
        while total < end {
            let room = usize::try_from(end - total).unwrap_or(usize::MAX).min(buffer.len());
            let read = timeout(idle, stream.read(&mut buffer[..room])).await.map_err(|_| silent())??;
            if read == 0 {
                break;
            }
            let kept = usize::try_from(bytes_max - bytes.len() as u64).unwrap_or(usize::MAX).min(read);
            bytes.extend_from_slice(&buffer[..kept]);
            total += read as u64;
        }
        if request.length.is_some_and(|length| total < length) {
            let why = format!("{end} bytes were announced, and {total} came");
            return Err(Refusal::protocol(why).into());
        }
        let body = Self { is_partial: total > bytes.len() as u64, bytes };
        if request.is_compressed { body.inflated(bytes_max).await } else { Ok(body) }
    }

    /// What was compressed, as far as a message may have bytes: no more of it is made.
    async fn inflated(self, bytes_max: u64) -> Result<Self, Ended> {
        let inflating = spawn_blocking(move || {
            let mut bytes = Vec::new();
            let read = ZlibDecoder::new(&self.bytes[..]).take(bytes_max + 1).read_to_end(&mut bytes);
            let is_partial = self.is_partial || bytes.len() as u64 > bytes_max;
            bytes.truncate(usize::try_from(bytes_max).unwrap_or(usize::MAX));
            // What ends too early is what was kept of it.
            match read {
                Err(_) if !is_partial => Err(Refusal::protocol("the message is not compressed by zlib, as it says")),
                _ => Ok(Self { bytes, is_partial }),
            }
        });
        Ok(inflating.await.map_err(io::Error::other)??)
    }
}
