//! A request, up to the message.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use switchback_gateway::{Direction, Transaction};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

use super::Ended;
use super::refusal::Refusal;
use super::verb::{Dialect, Verb};
use crate::serve::fields;
use crate::serve::limits::{FIELDS_MAX, HEAD_BYTES_MAX, LINE_BYTES_MAX};

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) verb: Verb,
    pub(super) dialect: Dialect,
    /// How many bytes follow; unknown if the client ends with the end of the connection.
    pub(super) length: Option<u64>,
    /// Whether they are compressed by zlib.
    pub(super) is_compressed: bool,
    pub(super) transaction: Transaction,
}

/// A line without its end.
pub(super) async fn line<S: AsyncBufRead + Unpin>(stream: &mut S) -> Result<String, Ended> {
    let mut line = Vec::new();
    stream.take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line).await?;
    let Some(text) = line.strip_suffix(b"\n") else {
        return Err(match line.len() {
            LINE_BYTES_MAX => Refusal::protocol(format!("a line is longer than {LINE_BYTES_MAX} bytes")).into(),
            _ => Ended::Gone(std::io::ErrorKind::UnexpectedEof.into()),
        });
    };
    // Addresses may be UTF-8 (RFC 6531). What is not is not an address of anybody.
    Ok(String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text)).into_owned())
}

impl Request {
    /// The first line: `CHECK SPAMC/1.5`.
    pub(super) fn begin(line: &str) -> Result<Self, Refusal> {
        let other = || {
            Refusal::protocol(
                "this is spamd's protocol: a request begins with a line such as `CHECK SPAMC/1.5`, versions 1.2 to 1.5",
            )
        };
        let (verb, dialect) = line.trim_end().split_once(' ').ok_or_else(other)?;
        let (Ok(verb), Ok(dialect)) = (verb.parse(), dialect.parse()) else { return Err(other()) };
        Ok(Self { verb, dialect, length: None, is_compressed: false, transaction: Transaction::new() })
    }

    /// The fields, up to an empty line.
    pub(super) async fn read_fields<S: AsyncBufRead + Unpin>(&mut self, stream: &mut S) -> Result<(), Ended> {
        let (mut bytes, mut count) = (0, 0);
        let mut told = HeaderMap::new();
        loop {
            let line = line(stream).await?;
            if line.is_empty() {
                break;
            }
            (bytes, count) = (bytes + line.len(), count + 1);
            if bytes > HEAD_BYTES_MAX || count > FIELDS_MAX {
                return Err(Refusal::protocol("there are too many fields").into());
            }
            let (name, value) =
                line.split_once(':').ok_or_else(|| Refusal::protocol("a line is not a field, `Name: value`"))?;
            self.read_field(name, value.trim())?;
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes())) {
                told.append(name, value);
            }
        }
        match self.dialect {
            // `User` of spamc is whose settings hold, and there are none of users here. Nothing is known but that mail arrives.
            Dialect::Spamc(_) => self.transaction.direction = Some(Direction::Inbound),
            Dialect::Rspamc => self.transaction = fields::transaction(&told).map_err(Refusal::protocol)?,
        }
        self.transaction.is_advice = true;
        Ok(())
    }

    fn read_field(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        if name.eq_ignore_ascii_case("Content-length") {
            let length = value.parse().ok().filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()));
            let length = length.ok_or_else(|| Refusal::protocol("the Content-length is not a number"))?;
            if self.length.replace(length).is_some_and(|before| before != length) {
                return Err(Refusal::protocol("there are two lengths"));
            }
        } else if name.eq_ignore_ascii_case("Compress") {
            if !value.eq_ignore_ascii_case("zlib") {
                return Err(Refusal::protocol("messages are compressed by zlib, or not at all"));
            }
            self.is_compressed = true;
        }
        Ok(())
    }
}
