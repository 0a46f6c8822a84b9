//! One message made anew with another header or another text.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Html,
}

/// How texts are encoded.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    QuotedPrintable,
    Base64,
}

/// A message with the fields of some names replaced. What is not a field is dropped.
pub(crate) fn with_fields(bytes: &[u8], dropped: &[&str], added: &str) -> Vec<u8> {
    let end = header_end(bytes);
    let mut made = added.as_bytes().to_vec();
    let mut keeps = true;
    for line in bytes[..end].split_inclusive(|byte| *byte == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|byte| *byte == b':').next().unwrap_or(b"").trim_ascii();
            let is_dropped = dropped.iter().any(|dropped| name.eq_ignore_ascii_case(dropped.as_bytes()));
            keeps = !is_dropped && !line.starts_with(b"From ") && !line.trim_ascii().is_empty();
        }
        if keeps {
            made.extend_from_slice(line);
        }
    }
    made.extend_from_slice(b"\n");
    made.extend_from_slice(&bytes[end..]);
    made
}

/// Where the body begins.
fn header_end(bytes: &[u8]) -> usize {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line.trim_ascii().is_empty() {
            break;
        }
    }
    at
}

/// A message whose texts were edited, in UTF-8. None if it has none that is shown.
pub(crate) fn with_texts(
    bytes: &[u8],
    encoding: Encoding,
    edit: &mut dyn FnMut(Kind, &str) -> String,
) -> Option<Vec<u8>> {
    let parsed = MessageParser::new().parse(bytes)?;
    let mut made = bytes.to_vec();
    let mut texts: Vec<&MessagePart<'_>> = shown(&parsed);
    texts.sort_by_key(|part| std::cmp::Reverse(part.offset_body));
    let is_whole = matches!(parsed.parts[0].body, PartType::Text(_) | PartType::Html(_));
    for part in &texts {
        let (kind, text) = match &part.body {
            PartType::Text(text) => (Kind::Plain, text),
            PartType::Html(text) => (Kind::Html, text),
            _ => continue,
        };
        let (fields, body) = encoded(kind, encoding, &edit(kind, &text.replace("\r\n", "\n")));
        let end = part.offset_end as usize;
        if is_whole {
            made.truncate(part.offset_body as usize);
            made.extend_from_slice(body.as_bytes());
            made = with_fields(&made, &["content-type", "content-transfer-encoding"], &fields);
        } else {
            made.splice(part.offset_header as usize..end, format!("{fields}\n{body}\n").into_bytes());
        }
    }
    (!texts.is_empty()).then_some(made)
}

/// The parts that are text and shown.
fn shown<'a>(parsed: &'a Message<'a>) -> Vec<&'a MessagePart<'a>> {
    let mut ids: Vec<_> = parsed.text_body.iter().chain(&parsed.html_body).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let parts = ids.into_iter().filter_map(|id| parsed.part(id));
    parts
        .filter(|part| {
            part.attachment_name().is_none() && part.content_disposition().is_none_or(|kind| !kind.is_attachment())
        })
        .collect()
}

/// A message whose first attachment in base64, signatures aside, has one byte more. None if there is none.
pub(crate) fn with_another_attachment(bytes: &[u8]) -> Option<Vec<u8>> {
    let parsed = MessageParser::new().parse(bytes)?;
    let is_signature = |part: &MessagePart<'_>| {
        part.content_type().and_then(|kind| kind.subtype()).is_some_and(|subtype| subtype.ends_with("-signature"))
    };
    let fits = |part: &&MessagePart<'_>| part.encoding == mail_parser::Encoding::Base64 && !is_signature(part);
    let attached = parsed.attachments().find(fits)?;
    let content = [attached.contents(), b"x"].concat();
    let mut made = bytes.to_vec();
    made.splice(
        attached.offset_body as usize..attached.offset_end as usize,
        format!("{}\n", lines(&content)).into_bytes(),
    );
    Some(made)
}

fn encoded(kind: Kind, encoding: Encoding, text: &str) -> (String, String) {
    let subtype = if kind == Kind::Plain { "plain" } else { "html" };
    let (name, body) = match encoding {
        Encoding::QuotedPrintable => ("quoted-printable", quoted_printable(text)),
        Encoding::Base64 => ("base64", lines(text.as_bytes())),
    };
    (format!("Content-Type: text/{subtype}; charset=utf-8\nContent-Transfer-Encoding: {name}\n"), body)
}

fn lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    encoded.as_bytes().chunks(76).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

/// RFC 2045, section 6.7.
fn quoted_printable(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for line in text.split('\n') {
        let mut width = 0;
        for byte in line.bytes() {
            if width > 70 {
                made.push_str("=\n");
                width = 0;
            }
            if (33..127).contains(&byte) && byte != b'=' {
                made.push(char::from(byte));
                width += 1;
            } else {
                let _ = write!(made, "={byte:02X}");
                width += 3;
            }
        }
        made.push('\n');
    }
    made
}
