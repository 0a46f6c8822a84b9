//! Domains in one form.

use mail_auth::common::to_a_label;

/// A domain in lower case and ASCII (RFC 5891), without the dot at its end. None if it is not a domain of at least two labels
/// that DNS can be asked for (RFC 1035, section 2.3.4): a single label, an address literal, or anything that somebody wrote to
/// be read in two ways.
pub(super) fn normal(domain: &str) -> Option<String> {
    let domain = to_a_label(domain.strip_suffix('.').unwrap_or(domain));
    let is_label = |label: &str| {
        let is_sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(is_sound)
    };
    (domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label)).then(|| domain.into_owned())
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn a_domain_has_one_form() {
        assert_eq!(normal("News.Example.").as_deref(), Some("news.example"));
        assert_eq!(normal("Bücher.example").as_deref(), Some("xn--bcher-kva.example"));
        let long = ["a"; 130].join(".");
        for odd in ["", ".", "localhost", "[192.0.2.1]", "a..b", "a b.example", "a;b.example", "a\r\n.example", &long] {
            assert_eq!(normal(odd), None, "{odd}");
        }
    }
}
