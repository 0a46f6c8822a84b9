//! The value of a `From` field that every program reads the same: one mailbox (RFC 5322, section 3.4).

use std::borrow::Cow;

use super::Doubt;
use super::addresses;
use crate::message::address::{Mailbox, strict_domain};
use crate::message::limits::FIELD_BYTES_READ_MAX;
use crate::message::value::{self, PlainMailbox};

/// Reads a value as the one mailbox that it holds.
pub(super) fn mailbox(value: &[u8]) -> Result<Mailbox, Doubt> {
    plain(value).map_or_else(|| by_grammar(value), Ok)
}

/// A value that needs no grammar, which finds the same in it.
fn plain(value: &[u8]) -> Option<Mailbox> {
    let PlainMailbox { name, address } = PlainMailbox::of(value)?;
    let (local, written) = address.split_once('@')?;
    let domain = strict_domain(written)?;
    Some(if *domain == *written {
        Mailbox::new(name, address)
    } else {
        Mailbox::new(name, &format!("{local}@{domain}"))
    })
}

fn by_grammar(value: &[u8]) -> Result<Mailbox, Doubt> {
    if value.len() > FIELD_BYTES_READ_MAX {
        return Err(Doubt::TooLong);
    }
    check_folds(value)?;
    let text = addresses::unfolded(value);
    if text.chars().any(|c| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(Doubt::Control);
    }
    let parts = Parts::of(&text)?;
    let (local, domain) = match parts.angle {
        Some(angle) => addr_spec(trimmed(angle))?,
        // Some programs take quotes for a name's where there are no brackets.
        None if parts.bare.contains('"') => return Err(Doubt::Address),
        None => addr_spec(trimmed(&parts.bare))?,
    };
    let address = format!("{local}@{domain}");
    parts.check_display(&address, value.contains(&b'\n'))?;
    // A word in a comment behind the address counts as one in the display name.
    if text.contains("=?") && !is_decoded_alike(&text, &address) {
        return Err(Doubt::Encoded);
    }
    let name =
        if parts.angle.is_some() { value::text(parts.display.trim().as_bytes(), usize::MAX).0 } else { "".into() };
    Ok(Mailbox::new(&unquoted(&name), &address))
}

/// A value, taken apart at its brackets.
#[derive(Default)]
struct Parts<'a> {
    /// Between the angle brackets, where there are any.
    angle: Option<&'a str>,
    /// Before the angle bracket, or everything where there is none.
    display: &'a str,
    /// What is there without comments: where there is no angle bracket, the address.
    bare: Cow<'a, str>,
    /// An `@` stands in the display name, outside of quoted strings and comments.
    has_stray_at: bool,
    /// A comment stands between two pieces of `bare`.
    is_split: bool,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, Doubt> {
        let mut parts = Self { display: text, ..Self::default() };
        let mut bare = String::with_capacity(text.len());
        let mut has_bare = false;
        let mut has_comment_behind = false;
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let length = match next {
                '"' => closing(rest, '"')?,
                '(' => comment(rest)?,
                '<' if parts.angle.is_none() => closing(rest, '>')?,
                '<' | ',' => return Err(Doubt::SeveralMailboxes),
                ':' | ';' => return Err(Doubt::Group),
                ')' | '>' => return Err(Doubt::Unclosed),
                '\\' => return Err(Doubt::Address),
                _ => next.len_utf8(),
            };
            let (token, behind) = rest.split_at(length);
            match next {
                '(' => has_comment_behind |= has_bare,
                '<' => {
                    parts.angle = Some(&token[1..length - 1]);
                    parts.display = &text[..text.len() - rest.len()];
                }
                // Text behind the bracket is another address for some programs.
                _ if parts.angle.is_some() && !next.is_whitespace() => return Err(Doubt::SeveralMailboxes),
                _ => {
                    parts.has_stray_at |= next == '@';
                    parts.is_split |= has_comment_behind && !next.is_whitespace();
                    has_bare |= !matches!(next, ' ' | '\t');
                    bare.push_str(token);
                }
            }
            rest = behind;
        }
        parts.bare = bare.into();
        Ok(parts)
    }

    /// Makes sure that no program finds another address in the display name.
    fn check_display(&self, address: &str, is_folded: bool) -> Result<(), Doubt> {
        if self.angle.is_none() && self.is_split {
            // Without angle brackets there is no name, and a comment must not split the address.
            return Err(Doubt::Address);
        }
        if self.angle.is_some() && self.has_stray_at {
            let is_same = !is_folded && trimmed(self.display).eq_ignore_ascii_case(address);
            return is_same.then_some(()).ok_or(Doubt::SeveralMailboxes);
        }
        if self.angle.is_some() && has_stray_mark(self.display) {
            return Err(Doubt::Address);
        }
        Ok(())
    }
}

/// Whether a value with encoded words is the same for every program, and holds no other address when it is decoded: some
/// decode all of it before they look for addresses.
fn is_decoded_alike(text: &str, address: &str) -> bool {
    // Tabs that are no word's are white space.
    let shown = value::text(text.replace('\t', " ").as_bytes(), usize::MAX).0;
    addresses::are_words_exact(text)
        && !shown.contains(char::is_control)
        && !shown.contains("=?")
        && !addresses::holds_another(&shown, address)
}

/// Makes sure that no angle bracket is folded, and no quoted string or comment where one has an `@` or `<`: programs that read a
/// value line by line take it for ended there, and what follows for an address.
fn check_folds(value: &[u8]) -> Result<(), Doubt> {
    let (mut in_quotes, mut in_angle, mut depth) = (false, false, 0_usize);
    let (mut is_folded, mut has_at) = (false, false);
    let mut bytes = value.iter();
    while let Some(byte) = bytes.next() {
        let was_open = in_quotes || depth > 0;
        match byte {
            b'\n' if in_angle => return Err(Doubt::Address),
            b'\n' => is_folded |= was_open,
            b'@' | b'<' if was_open => has_at = true,
            b'\\' if was_open => drop(bytes.next()),
            b'"' if depth == 0 => in_quotes = !in_quotes,
            b'(' if !in_quotes => depth += 1,
            b')' if !in_quotes => depth = depth.saturating_sub(1),
            b'<' | b'>' if !was_open => in_angle = *byte == b'<',
            _ => {}
        }
        if is_folded && has_at {
            return Err(Doubt::Address);
        }
    }
    Ok(())
}

/// Whether there is a square bracket or a dot for itself in a display name, outside of quotes and comments. A dot behind a
/// letter, as in `J. Q. Public`, is not for itself.
fn has_stray_mark(display: &str) -> bool {
    let (mut in_quotes, mut depth) = (false, 0_usize);
    let mut before = ' ';
    display.chars().any(|c| {
        let is_inside = in_quotes || depth > 0;
        match c {
            _ if before == '\\' && is_inside => {}
            '"' if depth == 0 => in_quotes = !in_quotes,
            '(' if !in_quotes => depth += 1,
            ')' if !in_quotes => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_stray = !is_inside && (matches!(c, '[' | ']') || (c == '.' && !is_atom(before)));
        // A quoted pair ends with its second character.
        before = if before == '\\' && is_inside { ' ' } else { c };
        is_stray
    })
}

/// A text without the white space around it: that of RFC 5322, which knows no other.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The length of what begins with a bracket or quote and ends with `close`: quoted pairs do not close it, and inside
/// angle brackets neither do quoted strings.
fn closing(text: &str, close: char) -> Result<usize, Doubt> {
    let mut characters = text.char_indices().skip(1);
    let mut in_quotes = false;
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' if close == '"' || in_quotes => {
                characters.next();
            }
            '"' if close == '>' => in_quotes = !in_quotes,
            _ if c == close && !in_quotes => return Ok(at + c.len_utf8()),
            _ => {}
        }
    }
    Err(Doubt::Unclosed)
}

/// The length of a comment, with those inside it (RFC 5322, section 3.2.2).
fn comment(text: &str) -> Result<usize, Doubt> {
    let mut depth = 0_usize;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => {
                characters.next();
            }
            '(' => depth += 1,
            ')' if depth == 1 => return Ok(at + 1),
            ')' => depth -= 1,
            _ => {}
        }
    }
    Err(Doubt::Unclosed)
}

/// Reads an address without comments, folds and spaces: its local part without quotes, and its domain in lower case and
/// ASCII.
fn addr_spec(text: &str) -> Result<(&str, Cow<'_, str>), Doubt> {
    let (local, domain) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\"@").ok_or(Doubt::Address)?,
        None => text.split_once('@').ok_or(Doubt::NoMailbox)?,
    };
    if local.contains("=?") {
        return Err(Doubt::Encoded);
    }
    if !local.starts_with(is_atom) || !local.chars().all(|c| c == '.' || is_atom(c)) {
        return Err(Doubt::Address);
    }
    if domain.contains(['@', '(', ' ', '\t', '"']) {
        return Err(Doubt::Address);
    }
    Ok((local, strict_domain(domain).ok_or(Doubt::Domain)?))
}

/// Whether a character may be in an atom (RFC 5322, section 3.2.3; RFC 6532, section 3.2).
fn is_atom(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

/// A display name without the quotes around it.
fn unquoted(name: &str) -> Cow<'_, str> {
    match name.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) if inner.contains('\\') => Cow::Owned(inner.replace("\\\"", "\"").replace("\\\\", "\\")),
        Some(inner) => Cow::Borrowed(inner),
        None => Cow::Borrowed(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::value::samples;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn what_needs_no_grammar_is_what_the_grammar_finds() {
        let mut rng = ChaCha8Rng::seed_from_u64(12);
        let mut found = 0;
        for _ in 0..40_000 {
            let value = samples::mailbox(&mut rng);
            if let Some(plain) = plain(value.as_bytes()) {
                assert_eq!(by_grammar(value.as_bytes()), Ok(plain), "{value:?}");
                found += 1;
            }
        }
        assert!(found > 1_000, "{found}");
    }

    #[test]
    fn what_many_comments_cost_is_linear() {
        // Quadratic, it would take minutes.
        let text = format!("{}b@good.example", "() ".repeat(2_000_000));
        assert_eq!(Parts::of(&text).map(|parts| trimmed(&parts.bare).to_owned()), Ok("b@good.example".into()));
    }
}
