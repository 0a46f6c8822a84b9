//! Where a link leads, and where it says that it leads.

/// The last two labels of a host, or three where the last has two letters and the one before at most three:
/// `example.co.uk`. An address, of version 4 or 6, is returned as it is, and so is a host of fewer labels. Dots at the
/// end do not count. The public suffix list would say it better, but another with every build.
///
/// ```
/// use switchback_features::site;
///
/// assert_eq!(site("u123.ct.example.com"), "example.com");
/// assert_eq!(site("news.example.co.uk"), "example.co.uk");
/// assert_eq!(site("192.0.2.7"), "192.0.2.7");
/// ```
pub fn site(host: &str) -> &str {
    let host = host.trim_end_matches('.');
    if is_address(host) {
        return host;
    }
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(top), Some(second)) = (dots.next(), dots.next()) else { return host };
    let is_country = host.len() - top == ".uk".len() && top - second <= ".com".len();
    let start = if is_country { dots.next() } else { Some(second) };
    start.map_or(host, |dot| &host[dot + 1..])
}

/// Whether a host is an address: it ends with a digit or a bracket.
pub(super) fn is_address(host: &str) -> bool {
    host.ends_with(|last: char| last.is_ascii_digit() || last == ']')
}

/// Whether the text that is shown for a link names the host of another [`site`] than the link's `host`, in lower case.
/// A text names a host where it has `://`, behind the first one, or begins with `www.`: ASCII letters, digits, hyphens and
/// dots, with a dot among them that is not at an end. Never for a link without a host.
///
/// ```
/// use switchback_features::shows_another_host;
///
/// assert!(shows_another_host("HTTPS://www.Bank.example/login", "evil.example"));
/// assert!(!shows_another_host("https://www.bank.example/", "click.bank.example"));
/// assert!(!shows_another_host("click here", "evil.example"));
/// ```
pub fn shows_another_host(text: &str, host: &str) -> bool {
    let from = match text.find("://") {
        Some(at) => &text[at + "://".len()..],
        None if text.get(..4).is_some_and(|www| www.eq_ignore_ascii_case("www.")) => text,
        None => return false,
    };
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let end = from.bytes().position(|byte| !is_part(&byte)).unwrap_or(from.len());
    let named = from[..end].trim_matches('.');
    !host.is_empty() && named.contains('.') && !site(named).eq_ignore_ascii_case(site(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_what_somebody_registered() {
        for (host, expected) in [
            ("u123.ct.mail.example.com", "example.com"),
            ("example.com.", "example.com"),
            ("news.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
            ("news.example.com.au", "example.com.au"),
            ("news.example.de", "example.de"),
            ("localhost", "localhost"),
            ("192.0.2.7", "192.0.2.7"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("...", ""),
        ] {
            assert_eq!(site(host), expected, "{host}");
        }
    }

    #[test]
    fn a_text_names_another_host_or_it_does_not() {
        for (text, host, expected) in [
            ("https://bank.example/", "evil.example", true),
            ("WWW.BANK.example", "evil.example", true),
            ("see https://bank.example", "evil.example", true),
            ("https://bank.example", "192.0.2.7", true),
            ("https://192.0.2.7/x", "192.0.2.7", false),
            ("https://shop.bank.co.uk", "www.bank.co.uk", false),
            ("https://Bank.Example.:443", "bank.example", false),
            ("https://bank.example@evil.example", "evil.example", true),
            ("bank.example", "evil.example", false),
            ("https://bank", "evil.example", false),
            ("https://.../", "evil.example", false),
            ("www.é", "evil.example", false),
            ("wwé", "evil.example", false),
            ("https://bank.example/", "", false),
        ] {
            assert_eq!(shows_another_host(text, host), expected, "{text} for {host}");
        }
    }
}
