//! Addresses in text, of which mail programs make links.
//!
//! Those with a scheme are found by linkify, but for hosts that are numbers in odd forms. These, and those without a scheme
//! (`www.host`, `host.com/path`, `//host/path`), are found here, in what is between: linkify's own way of finding them is
//! quadratic for some texts, and takes the names of files for hosts.

use std::ops::ControlFlow;

use linkify::{LinkFinder, LinkKind};
use memchr::{memchr, memchr2_iter, memmem};
use url::{Host, Url};

/// Last labels of hosts that are one without a path or `www.` in front. Any of two letters is, too. The list is part of
/// the reading, and no public suffix list, which every build would have another of: it has what senders use (the most
/// registered of <https://www.iana.org/domains/root/db>), and none that is also an extension of files (`zip`, `mov`).
const TOP_LABELS: &[&str] = &[
    "academy",
    "agency",
    "app",
    "asia",
    "beauty",
    "best",
    "bid",
    "biz",
    "blog",
    "bond",
    "business",
    "buzz",
    "cam",
    "care",
    "cat",
    "center",
    "cfd",
    "chat",
    "click",
    "cloud",
    "club",
    "com",
    "company",
    "cyou",
    "date",
    "design",
    "dev",
    "digital",
    "download",
    "edu",
    "email",
    "example",
    "expert",
    "express",
    "finance",
    "fit",
    "fun",
    "global",
    "gov",
    "group",
    "guru",
    "host",
    "icu",
    "info",
    "ink",
    "int",
    "jobs",
    "lat",
    "life",
    "link",
    "live",
    "lol",
    "loan",
    "ltd",
    "market",
    "media",
    "men",
    "mil",
    "mobi",
    "mom",
    "monster",
    "name",
    "net",
    "network",
    "news",
    "ninja",
    "one",
    "online",
    "org",
    "page",
    "party",
    "plus",
    "pro",
    "quest",
    "racing",
    "rest",
    "review",
    "rocks",
    "run",
    "sbs",
    "science",
    "services",
    "shop",
    "site",
    "skin",
    "social",
    "solutions",
    "space",
    "store",
    "stream",
    "studio",
    "support",
    "systems",
    "tech",
    "today",
    "tokyo",
    "tools",
    "top",
    "trade",
    "travel",
    "vip",
    "wang",
    "website",
    "wiki",
    "win",
    "work",
    "works",
    "world",
    "xin",
    "xyz",
    "zone",
];

/// Bytes of a host (RFC 1035, section 2.3.4).
const HOST_BYTES_MAX: usize = 253;

/// Bytes of a host with what may be around it, a user and a port.
const AUTHORITY_BYTES_MAX: usize = 2 * HOST_BYTES_MAX;

/// Bytes of an address of version 6 with its brackets.
const BRACKETED_BYTES_MAX: usize = 48;

/// Calls `each` with every address, in order, until it has enough.
pub(super) fn in_text<'t>(text: &'t str, mut each: impl FnMut(&'t str) -> ControlFlow<()>) {
    let mut done = 0;
    if memmem::find(text.as_bytes(), b"://").is_some() {
        let mut finder = LinkFinder::new();
        for found in finder.kinds(&[LinkKind::Url]).links(text) {
            let before = text.get(done..found.start()).unwrap_or("");
            done = found.end();
            if bare(before, &mut each).is_break() || each(&text[found.start()..found.end()]).is_break() {
                return;
            }
        }
    }
    let _ = bare(&text[done..], &mut each);
}

/// Addresses without a scheme. Only what is around a slash or `www.` is looked at: most of a text has neither.
fn bare<'t>(text: &'t str, each: &mut impl FnMut(&'t str) -> ControlFlow<()>) -> ControlFlow<()> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = candidate(&bytes[from..]).map(|at| from + at) {
        let start = bytes[from..at].iter().rposition(is_delimiter).map_or(from, |before| from + before + 1);
        let end_from = |from: usize| bytes[from..].iter().position(is_delimiter).map_or(bytes.len(), |at| from + at);
        let mut end = end_from(at);
        if let Some(length) = bracketed(&bytes[..end], &bytes[end..]) {
            end = end_from(end + length);
        }
        if let Some(found) = of_chunk(&text[start..end]) {
            each(found)?;
        }
        from = end;
    }
    ControlFlow::Continue(())
}

/// How long the address of version 6 is, with its brackets, that follows a scheme.
fn bracketed(before: &[u8], bytes: &[u8]) -> Option<usize> {
    let is_host = before.ends_with(b"://") && bytes.first() == Some(&b'[');
    let close = memchr(b']', &bytes[..bytes.len().min(BRACKETED_BYTES_MAX)]).filter(|_| is_host)?;
    Some(close + 1)
}

/// The first slash, or the dot of a `www.`.
fn candidate(bytes: &[u8]) -> Option<usize> {
    memchr2_iter(b'/', b'.', bytes).find(|at| bytes[*at] == b'/' || is_www(&bytes[..=*at]))
}

/// Whether a text ends with `www.`.
fn is_www(bytes: &[u8]) -> bool {
    bytes.last_chunk::<4>().is_some_and(|word| word.eq_ignore_ascii_case(b"www."))
}

fn is_delimiter(byte: &u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b'<' | b'>' | b'"' | b'`' | b'|' | b'(' | b')' | b'[' | b']' | b'{' | b'}')
}

/// The address in a chunk of text, if it has one.
fn of_chunk(chunk: &str) -> Option<&str> {
    let slash = memchr(b'/', chunk.as_bytes());
    if slash.is_none() && find_www(chunk).is_none() {
        return None;
    }
    let found = odd_host(chunk).or_else(|| relative_scheme(chunk)).or_else(|| {
        // The host that ends where the path begins, or one that says that it is one.
        let start = match (slash, find_www(chunk)) {
            (Some(slash), None) => chunk[..slash].rfind(|c| !is_of_host(c)).map_or(0, |at| at + width_at(chunk, at)),
            (_, www) => www?,
        };
        let is_address = start > 0 && chunk[..start].ends_with(['@', '/']);
        Some(&chunk[start..]).filter(|found| !is_address && is_in_text(found))
    })?;
    // What ends a sentence, or the emphasis of one.
    let found = found.split('\u{a0}').next()?.trim_end_matches(|c| {
        matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '*' | '_' | '\'' | '~' | '“' | '”' | '’' | '»')
    });
    (found.len() > 3).then_some(found)
}

/// An address with a scheme whose host linkify takes for none and browsers for a number of version 4 or 6:
/// `http://3221225985/`, `http://0xc0.0.2.1/`, `http://[2001:db8::1]/` (URL, section 3.5).
fn odd_host(chunk: &str) -> Option<&str> {
    let bytes = chunk.as_bytes();
    memmem::find_iter(bytes, b"://").find_map(|colon| {
        let is_scheme = |scheme: &&[u8]| {
            let start = colon.checked_sub(scheme.len());
            start.is_some_and(|start| bytes[start..colon].eq_ignore_ascii_case(scheme))
        };
        let scheme = [&b"https"[..], b"http"].into_iter().find(is_scheme)?;
        let rest = &bytes[colon + 3..];
        let read = &rest[..rest.len().min(AUTHORITY_BYTES_MAX)];
        let end = read.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\'));
        let authority = std::str::from_utf8(&rest[..end.unwrap_or(read.len())]).ok()?;
        let authority = authority.trim_end_matches(['.', ',', ';', ':', '!', '*', '_', '\'', '~']);
        let url = Url::parse(&format!("http://{authority}")).ok()?;
        matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))).then(|| &chunk[colon - scheme.len()..])
    })
}

fn width_at(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

/// Where `www.` begins, unless in the midst of a word.
fn find_www(chunk: &str) -> Option<usize> {
    let bytes = chunk.as_bytes();
    let at = bytes.windows(4).position(|word| word.eq_ignore_ascii_case(b"www."))?;
    let is_within = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'.' | b'-'));
    (!is_within).then_some(at)
}

/// `//host/path`
fn relative_scheme(chunk: &str) -> Option<&str> {
    let start = chunk.trim_start_matches(['\'', '*', '_', ',', ';', '=']);
    let host = host(start.strip_prefix("//")?)?;
    start[2 + host.len()..].starts_with('/').then_some(start)
}

/// Whether a text begins with a host that is one without a scheme too: `www.host`, `host.com/path`.
fn is_in_text(text: &str) -> bool {
    has_www(text) || host(text).is_some_and(|host| text[host.len()..].starts_with('/'))
}

/// Whether a target begins with a host, not with the name of a file.
pub(super) fn is_bare(target: &str) -> bool {
    let ends = |host: &str| matches!(target.as_bytes().get(host.len()), None | Some(b'/' | b'?' | b'#' | b':'));
    has_www(target) || host(target).is_some_and(ends)
}

/// `www.` with a name and its top behind it.
fn has_www(text: &str) -> bool {
    let Some((start, rest)) = text.split_at_checked(4) else { return false };
    let end = rest.find(|c| !is_of_host(c)).unwrap_or(rest.len());
    let labels = rest[..end].trim_end_matches('.').rsplit_once('.');
    start.eq_ignore_ascii_case("www.")
        && labels.is_some_and(|(name, top)| {
            !name.is_empty() && top.len() > 1 && !top.starts_with(|c: char| c.is_ascii_digit())
        })
}

/// The host that a text begins with, if its last label is one that hosts have.
fn host(text: &str) -> Option<&str> {
    let end = text.find(|c| !is_of_host(c)).unwrap_or(text.len());
    let host = Some(&text[..end]).filter(|host| host.len() <= HOST_BYTES_MAX)?;
    let (name, top) = host.rsplit_once('.')?;
    let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let is_top = (top.len() == 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic()))
        || top.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"))
        || TOP_LABELS.iter().any(|known| top.eq_ignore_ascii_case(known));
    (is_top && name.split('.').all(is_label)).then_some(host)
}

fn is_of_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-') || (!c.is_ascii() && c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        in_text(text, |found| {
            all.push(found);
            ControlFlow::Continue(())
        });
        all
    }

    #[test]
    fn addresses_without_a_scheme_are_found() {
        for (text, expected) in [
            ("go to www.x.example now", "www.x.example"),
            ("WWW.X.example/a?b", "WWW.X.example/a?b"),
            ("(www.x.example).", "www.x.example"),
            ("url:www.x.example/", "www.x.example/"),
            ("*bit.ly/a-b*", "bit.ly/a-b"),
            ("to:bit.ly/a.", "bit.ly/a"),
            ("login.bank.com/verify!", "login.bank.com/verify"),
            ("bücher.example/x", "bücher.example/x"),
            ("//x.example/a", "//x.example/a"),
            ("„www.x.example“", "www.x.example"),
        ] {
            assert_eq!(found(text), [expected], "{text}");
        }
    }

    #[test]
    fn names_of_files_and_other_text_are_no_addresses() {
        for text in [
            "open report.pdf or setup.exe",
            "include/foo.h and src/main.rs",
            "a.m./p.m., he/she, and/or, 24/7",
            "10.0.0.1/24 and 1.5/2.5",
            "me@x.example/home and me@www.x.example",
            "std.string/foo, os.path/x",
            "// comment.here",
            "//comment",
            "www. and www.x and wwww.x.example",
            "example.com",
            "./a.sh/..",
            "archive.zip/inner",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn hosts_in_odd_forms_are_found_behind_a_scheme() {
        for address in [
            "http://3221225985/",
            "http://3221225985",
            "http://[2001:db8::1]/",
            "https://[2001:db8::1]:8080/a?b",
            "http://192.0.513/",
            "http://0xc0.0.2.1/",
            "HTTP://0300.0.2.1/x",
            "http://192.0.2.1/",
            "http://me@3221225985/",
        ] {
            assert_eq!(found(address), [address]);
            assert_eq!(found(&format!("go to {address}, now")), [address]);
            let within = format!("http://x.example/a ({address}) www.y.example");
            assert_eq!(found(&within), ["http://x.example/a", address, "www.y.example"]);
        }
        for text in ["http://", "http://[", "http://[]", "http://[a", "ftp://3221225985/", "x://[2001:db8::1]/"] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn an_address_with_a_scheme_stays_what_it_was() {
        assert_eq!(found("see http://x.example/a.b/c, www.y.example"), ["http://x.example/a.b/c", "www.y.example"]);
        assert_eq!(found("https://x.example/?u=www.y.example/z"), ["https://x.example/?u=www.y.example/z"]);
    }

    #[test]
    fn long_chains_cost_no_more_than_their_length() {
        for chain in ["c.d_", "a.", "www.", "a.b/", "//a.b", "-.x/", "http://", "http://[", "http://a"] {
            let _ = found(&chain.repeat(100_000));
        }
    }
}
