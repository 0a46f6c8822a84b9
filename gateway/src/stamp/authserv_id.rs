//! Whose an `Authentication-Results` field is (RFC 8601, section 2.2).
//!
//! A field is ours, and removed, wherever some reader could take it for ours: in any case, between comments, in quotes, behind
//! a version number as well as before one, with a job behind its name. What has no name that can be read is nobody's.

/// The name that a field begins with. None if there is none, or a comment or quote before its end never closes.
pub(super) fn read(value: &[u8]) -> Option<Vec<u8>> {
    let (first, rest) = word(value)?;
    if !first.iter().all(u8::is_ascii_digit) {
        return Some(first);
    }
    // A version where it does not belong, unless it is the name.
    Some(word(rest).map_or(first, |(second, _)| second))
}

/// Whether it is the name of this server.
pub(super) fn is_of(id: &[u8], server: &str) -> bool {
    let is_it = |id: &[u8]| id.strip_suffix(b".").unwrap_or(id).eq_ignore_ascii_case(server.as_bytes());
    is_it(id) || id.split(|byte| *byte == b'/').next().is_some_and(is_it)
}

/// The next word, a token or a quoted string, and what follows it.
fn word(value: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = without_comments(value)?;
    let mut word = Vec::new();
    let is_quoted = rest.first() == Some(&b'"');
    if is_quoted {
        rest = &rest[1..];
    }
    while let Some((&byte, next)) = rest.split_first() {
        match byte {
            b'"' if is_quoted => return Some((word, next)),
            b'\\' if is_quoted => {
                let (&escaped, after) = next.split_first()?;
                word.push(escaped);
                rest = after;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(' | b'"' if !is_quoted => break,
            _ => word.push(byte),
        }
        rest = next;
    }
    (!is_quoted && !word.is_empty()).then_some((word, rest))
}

/// What follows white space and comments, which nest and have escapes (RFC 5322, section 3.2.2).
fn without_comments(mut value: &[u8]) -> Option<&[u8]> {
    let mut depth = 0_usize;
    while let Some((&byte, next)) = value.split_first() {
        match byte {
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b'\\' if depth > 0 => {
                value = next.get(1..)?;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ if depth > 0 => {}
            _ => return Some(value),
        }
        value = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// <https://github.com/rspamd/rspamd/issues/4827>, <https://github.com/rspamd/rspamd/issues/5652>,
    /// <https://github.com/trusteddomainproject/OpenDMARC/issues/311>.
    #[test]
    fn a_field_is_ours_however_its_name_is_written() {
        let is_ours = |value: &str| read(value.as_bytes()).is_some_and(|id| is_of(&id, "mx.site.example"));
        for ours in [
            " mx.site.example; spf=pass",
            "MX.Site.EXAMPLE;none",
            " mx.site.example 1; none",
            " 1 mx.site.example; none",
            "\r\n\tmx.site.example\r\n ; none",
            "\n mx.site.example",
            " (a (nested \\) b) c) mx.site.example (x); none",
            " \"mx.site.example\"; none",
            " \"mx.\\site.example\"; none",
            " mx.site.example(x); none",
            " mx.site.example.; none",
            " mx.site.example/4711; none",
            " mx.site.example; spf=pass (never closed",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "",
            " ",
            ";",
            " ; mx.site.example",
            " other.example; none",
            " other.example mx.site.example; none",
            " mx.site.example.evil; none",
            " amx.site.example; none",
            " (mx.site.example); none",
            " (never closed mx.site.example; none",
            " \"mx.site.example; none",
            " \"mx.site.example\\",
            " (\\",
            " 1; mx.site.example",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
