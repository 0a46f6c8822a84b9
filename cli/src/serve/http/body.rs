//! The message of a request: bounded, and compressed as its label says.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use switchback_gateway::{Gateway, Text};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::problem::Problem;
use crate::serve::inflate::inflate;
use crate::serve::limits::{BODY_BYTES_MAX, ZSTD_WINDOW_LOG_MAX};

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
    gateway: &Gateway,
    idle: Duration,
) -> Result<Text, Problem> {
    let coding = Coding::labelled(fields)?;
    if body.size_hint().lower() > BODY_BYTES_MAX {
        return Err(Problem::too_long(BODY_BYTES_MAX));
    }
    let (mut text, mut total) = (gateway.text(), 0_u64);
    while let Some(frame) = timeout(idle, body.frame()).await.map_err(|_| Problem::slow())? {
        let frame = frame.map_err(|error| Problem::bad(format!("the body ends early: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        text.append(&data);
        total += data.len() as u64;
        if total > BODY_BYTES_MAX {
            return Err(Problem::too_long(BODY_BYTES_MAX));
        }
    }
    let seen = Coding::seen(text.bytes());
    // Of what there was no memory for nothing is seen.
    if seen != coding && !text.is_refused() {
        let (seen, labelled) = (seen.name(), coding.name());
        return Err(Problem::coding(format!("the body looks compressed by {seen}, and its label says by {labelled}")));
    }
    if coding == Coding::None { Ok(text) } else { decoded(text, coding, gateway.text()).await }
}

async fn decoded(text: Text, coding: Coding, inflated: Text) -> Result<Text, Problem> {
    let decoding = spawn_blocking(move || inflate(coding.decoder(text.bytes())?, &text, inflated));
    let decoded = decoding.await.map_err(|error| Problem::internal(&error))?;
    decoded.map_err(|error| Problem::coding(format!("the body is not compressed by {}: {error}", coding.name())))
}
