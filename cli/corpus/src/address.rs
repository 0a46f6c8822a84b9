//! Addresses of an envelope, as options of a command and sidecars name them.

use crate::text::printable;

/// `MAIL FROM`: an address, with or without angle brackets, or nothing for the null sender.
///
/// # Errors
/// Why no server would have accepted it, for people.
pub fn reverse_path(text: &str) -> Result<String, String> {
    if matches!(text.trim(), "" | "<>") { Ok(String::new()) } else { address(text) }
}

/// `RCPT TO`: an address, or `postmaster` alone (RFC 5321, section 4.5.1).
///
/// # Errors
/// Why no server would have accepted it, for people.
pub fn forward_path(text: &str) -> Result<String, String> {
    let is_postmaster = text.trim().eq_ignore_ascii_case("postmaster");
    if is_postmaster { Ok(text.trim().to_owned()) } else { address(text) }
}

/// The longest address, in bytes: 64 before the `@`, and 255 behind it (RFC 5321, section 4.5.3.1).
const ADDRESS_BYTES_MAX: usize = 320;

/// An address as SMTP has it, so far as a mistake shows: what a server would have accepted is not told by its form.
fn address(text: &str) -> Result<String, String> {
    let text = text.trim();
    let bare = text.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).unwrap_or(text);
    let refuse = |why: &str| Err(format!("`{}` is not a valid address: {why}", printable(bare, ADDRESS_BYTES_MAX)));
    if bare.len() > ADDRESS_BYTES_MAX {
        return refuse("it has more than 320 bytes");
    }
    let Some((local, domain)) = bare.rsplit_once('@') else { return refuse("there is no `@`") };
    if local.is_empty() || domain.is_empty() {
        return refuse("an address has something before and behind the `@`");
    }
    let is_quoted = local.starts_with('"') && local.ends_with('"');
    let is_odd = |c: char| c.is_control() || (c.is_whitespace() || "<>,;".contains(c)) && !is_quoted;
    if local.chars().any(is_odd) {
        return refuse("there is a character before the `@` that no address can have");
    }
    let is_literal = domain.starts_with('[') && domain.ends_with(']');
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || "<>,;@()\"\\".contains(c);
    if domain.chars().any(is_odd) || !is_literal && domain.trim_end_matches('.').split('.').any(str::is_empty) {
        return refuse("there is no domain behind the `@`");
    }
    Ok(bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_a_server_could_have_been_told() {
        for (text, kept) in [
            ("a@x.example", "a@x.example"),
            (" <A.b+c@x.example.> ", "A.b+c@x.example."),
            ("\"a b\"@x.example", "\"a b\"@x.example"),
            ("ä@bücher.example", "ä@bücher.example"),
            ("a@[192.0.2.1]", "a@[192.0.2.1]"),
            ("root@localhost", "root@localhost"),
        ] {
            for parsed in [reverse_path(text), forward_path(text)] {
                assert_eq!(parsed.as_deref(), Ok(kept), "{text}");
            }
        }
        let long = format!("{}@x.example", "a".repeat(320));
        for (text, why) in [
            ("news", "no `@`"),
            ("@x.example", "before and behind"),
            ("a@", "before and behind"),
            ("a b@x.example", "before the `@`"),
            ("a@x.example, b@x.example", "before the `@`"),
            ("a\r\nRCPT@x.example", "before the `@`"),
            ("a@x..example", "no domain"),
            ("a@x example", "no domain"),
            (&long, "320 bytes"),
        ] {
            for refused in [reverse_path(text).unwrap_err(), forward_path(text).unwrap_err()] {
                assert!(refused.contains(why) && !refused.contains('\n'), "{refused}");
            }
        }
        assert_eq!((reverse_path("<>"), reverse_path("")), (Ok(String::new()), Ok(String::new())));
        assert!(forward_path("").is_err());
        assert_eq!(forward_path("Postmaster").as_deref(), Ok("Postmaster"));
    }
}
