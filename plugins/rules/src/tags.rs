//! Which elements the HTML has, of those that rules ask for.

/// Elements that tell something.
const TAGS: &[&str] = &["blink", "center", "form", "img", "marquee", "script"];

/// Some of the elements of an HTML body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(Vec<&'static str>);

impl Tags {
    /// Finds them in one pass over the HTML.
    pub(crate) fn of(html: &str) -> Self {
        let mut found = Vec::with_capacity(TAGS.len());
        for (at, _) in html.match_indices('<') {
            let rest = &html.as_bytes()[at + 1..];
            if let Some(tag) = TAGS.iter().find(|tag| starts_with(rest, tag))
                && !found.contains(tag)
            {
                found.push(*tag);
            }
        }
        Self(found)
    }

    /// Whether there is such an element. Only those of the table are ever found.
    pub fn has(&self, name: &str) -> bool {
        debug_assert!(TAGS.contains(&name), "{name} is not looked for");
        self.0.contains(&name)
    }
}

/// Whether what follows a `<` is this name, and the name ends there.
fn starts_with(rest: &[u8], name: &str) -> bool {
    let Some((tag, after)) = rest.split_at_checked(name.len()) else { return false };
    let ends = after.first().is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'));
    ends && tag.eq_ignore_ascii_case(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_whatever_their_case() {
        let tags = Tags::of("<p><FORM action=x><img/>\u{e9}<Script\n><imgs><cent");
        assert!(tags.has("form") && tags.has("img") && tags.has("script"));
        assert!(!tags.has("center") && !tags.has("blink"));
    }

    #[test]
    fn a_name_in_the_text_is_no_element() {
        assert_eq!(Tags::of("form < form </form> <format>"), Tags::default());
    }
}
