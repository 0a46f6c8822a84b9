//! The message of a request: bounded, and compressed as its label says.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::problem::Problem;
use crate::serve::limits::{BODY_BYTES_MAX, ZSTD_WINDOW_LOG_MAX};

/// A message, or its beginning.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    /// Whether it is longer than this.
    pub(super) is_partial: bool,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    None,
    Gzip,
    Zstd,
}

impl Coding {
    /// What the label says: `Content-Encoding`, or `Compression`, which Rspamd's clients send.
    fn labelled(fields: &HeaderMap) -> Result<Self, Problem> {
        let mut labels =
            [header::CONTENT_ENCODING.as_str(), "compression"].into_iter().filter_map(|name| fields.get(name));
        let Some(label) = labels.next() else { return Ok(Self::None) };
        if labels.any(|other| other != label) {
            return Err(Problem::coding("a body is compressed in one way"));
        }
        match label.as_bytes().trim_ascii().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Ok(Self::None),
            b"gzip" | b"x-gzip" => Ok(Self::Gzip),
            b"zstd" => Ok(Self::Zstd),
            _ => Err(Problem::coding("a body is compressed by gzip or zstd, or not at all")),
        }
    }

    /// What a body begins with says.
    fn seen(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What was compressed, as a stream.
    fn decoder<'a>(self, bytes: &'a [u8]) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::None => Box::new(bytes),
            Self::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(bytes)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(decoder)
            }
        })
    }
}

/// Reads a body, and keeps as many bytes as a message may have.
///
/// # Errors
/// If it is too long, too slow, or compressed in another way than its label says.
pub(super) async fn read(
    fields: &HeaderMap,
    mut body: Body,
    bytes_max: u64,
    idle: Duration,
) -> Result<Received, Problem> {
    let coding = Coding::labelled(fields)?;
    if body.size_hint().lower() > BODY_BYTES_MAX {
        return Err(Problem::too_long(BODY_BYTES_MAX));
    }
    let (mut bytes, mut total) = (Vec::new(), 0_u64);
    while let Some(frame) = timeout(idle, body.frame()).await.map_err(|_| Problem::slow())? {
        let frame = frame.map_err(|error| Problem::bad(format!("the body ends early: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        let kept = usize::try_from(bytes_max - bytes.len() as u64).unwrap_or(usize::MAX).min(data.len());
        bytes.extend_from_slice(&data[..kept]);
        total += data.len() as u64;
        if total > BODY_BYTES_MAX {
            return Err(Problem::too_long(BODY_BYTES_MAX));
        }
    }
    let received = Received { is_partial: total > bytes.len() as u64, bytes };
    let seen = Coding::seen(&received.bytes);
    if seen != coding {
        let (seen, labelled) = (seen.name(), coding.name());
        return Err(Problem::coding(format!("the body looks compressed by {seen}, and its label says by {labelled}")));
    }
    if coding == Coding::None { Ok(received) } else { received.decoded(coding, bytes_max).await }
}

impl Received {
    /// What was compressed, as far as a message may have bytes: no more of it is made.
    async fn decoded(self, coding: Coding, bytes_max: u64) -> Result<Self, Problem> {
        let decoding = spawn_blocking(move || {
            let mut bytes = Vec::new();
            let read = coding.decoder(&self.bytes).and_then(|of| of.take(bytes_max + 1).read_to_end(&mut bytes));
            let is_partial = self.is_partial || bytes.len() as u64 > bytes_max;
            bytes.truncate(usize::try_from(bytes_max).unwrap_or(usize::MAX));
            match read {
                // What ends too early is what was kept of it.
                Err(error) if !is_partial => {
                    Err(Problem::coding(format!("the body is not compressed by {}: {error}", coding.name())))
                }
                _ => Ok(Self { bytes, is_partial }),
            }
        });
        decoding.await.map_err(|error| Problem::internal(&error))?
    }
}
