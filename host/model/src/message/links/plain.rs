//! URLs that need no parsing: written as a parser would write them, as most are. What is told of them is what `url` tells.

use std::ops::Range;

/// Where the host is.
pub(super) type Host = Range<usize>;

/// Bytes of a host and of a label (RFC 1035, section 2.3.4).
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// Where the host of a URL is: `http` or `https`, a host of letters in lower case, digits and single hyphens whose last label
/// begins with a letter (it is no number), a path without dots at the beginning of a segment, and nothing in path, query and
/// fragment that is written in another way there. None for any other, which may be a URL as well.
pub(super) fn host(url: &str) -> Option<Host> {
    let start = ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme))?.len();
    let bytes = url.as_bytes();
    let length = bytes[start..].iter().position(|byte| !is_of_host(*byte))?;
    let end = start + length;
    if bytes[end] != b'/' || length > HOST_BYTES_MAX || !is_host(&bytes[start..end]) {
        return None;
    }
    let rest = &bytes[end..];
    let is_plain = rest.iter().fold(true, |plain, byte| plain & is_plain(*byte));
    let has_dots =
        || rest.windows(2).any(|pair| pair == b"/.") || rest.windows(3).any(|word| word.eq_ignore_ascii_case(b"%2e"));
    (is_plain && !has_dots()).then_some(start..end)
}

fn is_of_host(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.')
}

/// Whether these bytes of hosts are one as it stands.
fn is_host(host: &[u8]) -> bool {
    let is_label = |label: &[u8]| {
        let is_hyphen = |byte: Option<&u8>| byte == Some(&b'-');
        (1..=LABEL_BYTES_MAX).contains(&label.len()) && !is_hyphen(label.first()) && !is_hyphen(label.last())
    };
    let mut labels = host.split(|byte| *byte == b'.');
    let is_named =
        host.rsplit(|byte| *byte == b'.').next().and_then(<[u8]>::first).is_some_and(u8::is_ascii_alphabetic);
    // With two hyphens a label may be one in another alphabet.
    is_named && labels.all(is_label) && !host.windows(2).any(|pair| pair == b"--")
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        | matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'@'
                | b'/'
                | b'%'
                | b'?'
                | b'#'
        )
}

#[cfg(test)]
mod tests {
    use rand::seq::IndexedRandom as _;
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;
    use url::Url;

    use super::*;

    #[test]
    fn what_needs_no_parsing_is_what_parsing_gives() {
        const PIECES: &[&str] = &[
            "http://",
            "https://",
            "HTTP://",
            "a",
            "b",
            "z",
            "www.",
            "x.example",
            "com",
            "-",
            "--",
            "xn--",
            ".",
            "..",
            "/",
            "//",
            "?",
            "#",
            "%",
            "%2e",
            "%41",
            "&",
            "=",
            "@",
            ":",
            ":80",
            "1",
            "0x7f",
            "127.0.0.1",
            "_",
            "A",
            "\\",
            " ",
            "'",
            "|",
            "\t",
            "é",
            "{",
            "[",
            "]",
            "^",
            "`",
            "<",
            "/./",
            "/../",
            "/a/b",
            "~",
            "!",
            "*",
            "+",
            ",",
            ";",
            "$",
            "(",
            ")",
        ];
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut plain = 0;
        for _ in 0..200_000 {
            let mut url = ["http://x.example/", "https://a-b.c/", "http://"].choose(&mut random).unwrap().to_string();
            for _ in 0..random.random_range(0..6) {
                url.push_str(PIECES.choose(&mut random).unwrap());
            }
            let Some(host) = host(&url) else { continue };
            plain += 1;
            let parsed = Url::parse(&url).unwrap_or_else(|error| panic!("{url}: {error}"));
            assert_eq!((parsed.as_str(), parsed.host_str()), (&*url, Some(&url[host])));
        }
        assert!(plain > 10_000, "{plain}");
    }
}
