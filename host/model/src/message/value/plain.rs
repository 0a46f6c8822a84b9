//! Mailboxes that need no parser: written as nearly all are. What is told of them is what mail-parser tells and what the
//! author's grammar does; the tests of both say so.

/// Bytes of a value that is looked at: nearly all have fewer.
const VALUE_BYTES_MAX: usize = 512;

/// The one mailbox of a field, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::message) struct PlainMailbox<'a> {
    /// Without quotes; empty if there is none.
    pub(in crate::message) name: &'a str,
    /// `local@domain`
    pub(in crate::message) address: &'a str,
}

impl<'a> PlainMailbox<'a> {
    /// `local@domain`, `<local@domain>`, or that behind a name and a space. A name is in quotes, or words with a space between
    /// them. All is ASCII, nothing is folded, escaped or encoded. None for any other value, which may be a mailbox as well.
    pub(in crate::message) fn of(value: &'a [u8]) -> Option<Self> {
        let value = std::str::from_utf8(value).ok().filter(|value| value.len() <= VALUE_BYTES_MAX)?;
        let value = value.trim_matches([' ', '\t']);
        let (display, address) = match value.strip_suffix('>') {
            Some(rest) => rest.split_once('<')?,
            None => ("", value),
        };
        let (local, domain) = address.split_once('@')?;
        let is_local = local.starts_with(is_atom) && local.bytes().all(|byte| is_atom(byte.into()) || byte == b'.');
        let is_domain =
            !domain.is_empty() && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        (is_local && is_domain).then_some(Self { name: name(display)?, address })
    }
}

/// The name in what stands before an address; none if it is another than the two kinds.
fn name(display: &str) -> Option<&str> {
    if display.is_empty() {
        return Some("");
    }
    let display = display.strip_suffix(' ')?;
    let (name, is_of_name): (_, fn(u8) -> bool) = match display.strip_prefix('"') {
        Some(quoted) => (quoted.strip_suffix('"')?, is_quoted),
        None => (display, is_bare),
    };
    let is_plain = name.bytes().all(|byte| is_of_name(byte) || byte == b' ');
    (is_plain && name.split(' ').all(|word| !word.is_empty())).then_some(name)
}

/// Letters of addresses, but for those that are a sign of something else in some field.
fn is_atom(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '+')
}

/// What means nothing in a name without quotes.
fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'&' | b'\'' | b'/' | b'!' | b'|' | b'#')
}

/// What means nothing in quotes.
fn is_quoted(byte: u8) -> bool {
    is_bare(byte) || matches!(byte, b'.' | b',' | b':' | b'(' | b')')
}

#[cfg(test)]
pub(in crate::message) mod samples {
    use rand::Rng;
    use rand::seq::IndexedRandom as _;
    use rand_chacha::ChaCha8Rng;

    /// What values are made of: pieces of those that need no parser, and of others.
    const PIECES: [&str; 44] = [
        "Ann",
        "ann",
        "B2",
        "O'Neil",
        "'Bob'",
        "a&b",
        "R/D",
        "-",
        "--",
        "_",
        "+",
        "!",
        "|",
        "#",
        "\"",
        "\"Ann Lee\"",
        "\"Lee, A.\"",
        "\"a(b):c\"",
        "\"",
        " ",
        "  ",
        "\t",
        "<",
        ">",
        "<ann@x.example>",
        "ann@x.example",
        "Ann.Lee@Mail.X.Example",
        "@",
        ".",
        "a.b",
        "x.example",
        "x",
        "example.",
        ".example",
        "-x.example",
        "(c)",
        ",",
        ";",
        ":",
        "\\",
        "=?utf-8?q?a?=",
        "é",
        "\n ",
        "\0",
    ];

    /// A value of a few of them, often in the usual form.
    pub(in crate::message) fn mailbox(rng: &mut ChaCha8Rng) -> String {
        let mut piece = || *PIECES.choose(rng).unwrap_or(&"");
        let (name, local, domain) = (format!("{}{}{}", piece(), piece(), piece()), piece(), piece());
        match rng.random_range(0..5) {
            0 => format!(" {name} <{local}@{domain}>"),
            1 => format!(" {name} <ann@x.example>"),
            2 => format!(" \"{name}\" <{local}@Mail.x.example>"),
            3 => format!(" {local}@{domain}"),
            _ => format!(" {name}{local}{domain}"),
        }
    }
}
