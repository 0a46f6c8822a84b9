//! What slots and processes may be called.

use crate::beginning::beginning;
use crate::limits::NAME_BYTES_MAX;

/// Refuses a name that cannot be shown on a line, or kept in a path: 1 to 64 bytes, and none of them of a control character,
/// `/` or `\\`.
pub fn check_name(name: &str) -> Result<(), InvalidName> {
    let is_good = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(is_allowed);
    if is_good { Ok(()) } else { Err(InvalidName(shown(name))) }
}

/// A name that may be none, on one line.
pub fn shown(name: &str) -> String {
    beginning(&name.escape_debug().to_string(), NAME_BYTES_MAX)
}

/// A name that nobody chose, made acceptable.
pub fn acceptable(name: &str) -> String {
    let allowed = name.chars().map(|c| if is_allowed(c) { c } else { '_' });
    let mut bytes = 0;
    let name: String = allowed
        .take_while(|c| {
            bytes += c.len_utf8();
            bytes <= NAME_BYTES_MAX
        })
        .collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

fn is_allowed(c: char) -> bool {
    !c.is_control() && !"/\\".contains(c)
}

/// A text that is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name: 1 to {NAME_BYTES_MAX} bytes without control characters, `/` and `\\` are")]
pub struct InvalidName(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_has_neither_control_characters_nor_slashes() {
        let (longest, endless) = ("x".repeat(NAME_BYTES_MAX), "x".repeat(1 << 20));
        for good in ["inbound", "switchback score", "größer", &longest] {
            assert_eq!(check_name(good), Ok(()), "{good}");
            assert_eq!(acceptable(good), good);
        }
        for bad in ["", "a\nb", "a/b", "a\\b", "\u{1b}[2J", &endless] {
            let why = check_name(bad).unwrap_err().to_string();
            assert!(why.len() < 200 && !why.contains('\u{1b}'), "{why}");
            assert_eq!(check_name(&acceptable(bad)), Ok(()), "{bad:.10}");
        }
        assert_eq!((acceptable("a/b\n"), acceptable("")), ("a_b_".to_owned(), "unknown".to_owned()));
        // No character is cut in two.
        assert_eq!(acceptable(&"ü".repeat(40)), "ü".repeat(32));
    }
}
