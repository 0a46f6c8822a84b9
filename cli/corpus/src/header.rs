//! Header fields as lines of bytes: what tells a message from other text.

/// How long the header of a message may be before its first known field, in bytes.
const HEADER_BYTES_MAX: usize = 1 << 20;

/// Fields that mail has, besides those with one of [`PREFIXES`], in lower case.
const FIELDS: &[&str] = &[
    "apparently-to",
    "authentication-results",
    "bcc",
    "cc",
    "date",
    "delivered-to",
    "dkim-signature",
    "domainkey-signature",
    "envelope-to",
    "from",
    "in-reply-to",
    "message-id",
    "mime-version",
    "received",
    "received-spf",
    "references",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
];

/// What other fields of mail begin with.
const PREFIXES: &[&str] = &["arc-", "content-", "list-", "resent-", "x-"];

/// Whether a line begins with `name:`.
pub(super) fn is_field(line: &[u8]) -> bool {
    field_name(line).is_some()
}

/// Whether a line begins with a field that mail has.
pub(super) fn is_known_field(line: &[u8]) -> bool {
    let Some(name) = field_name(line).map(<[u8]>::to_ascii_lowercase) else { return false };
    FIELDS.iter().any(|field| field.as_bytes() == name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
}

/// The lines of a header, up to the first empty one.
pub(super) fn header_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = &text[..text.len().min(HEADER_BYTES_MAX)];
    text.split_inclusive(|byte| *byte == b'\n').take_while(|line| !matches!(*line, b"\n" | b"\r\n"))
}

/// The name of the field that a line begins with: printable ASCII (RFC 5322, 2.2), with white space behind it in mail as
/// it is.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let end = line.iter().take(256).position(|byte| !matches!(byte, b'!'..=b'9' | b';'..=b'~'))?;
    let behind = &line[end..];
    let blanks = behind.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (end > 0 && behind.get(blanks) == Some(&b':')).then(|| &line[..end])
}
