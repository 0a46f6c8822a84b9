//! Where the links of a campaign lead, without what tells its recipients apart.

use crate::message::Link;

/// The sites, sorted, without repetitions. Paths do not count: they are where trackers put who it was sent to.
pub(super) fn sites(links: &[Link]) -> Vec<&str> {
    let with_host = links.iter().filter(|link| !link.host.is_empty());
    let mut sites: Vec<&str> = with_host.map(|link| site(&link.host)).collect();
    sites.sort_unstable();
    sites.dedup();
    sites
}

/// The last two labels of a host, or three where the last has two letters and the one before at most three:
/// `example.co.uk`. Before that, tracking hosts have labels of their own for each recipient. The public suffix list would
/// say it better, but another with every build.
fn site(host: &str) -> &str {
    let host = host.trim_end_matches('.');
    // An address, of version 4 or 6.
    if host.ends_with(|last: char| last.is_ascii_digit() || last == ']') {
        return host;
    }
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(top), Some(second)) = (dots.next(), dots.next()) else { return host };
    let is_country = host.len() - top == ".uk".len() && top - second <= ".com".len();
    let start = if is_country { dots.next() } else { Some(second) };
    start.map_or(host, |dot| &host[dot + 1..])
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
    fn sites_are_told_once_and_in_order() {
        let link = |host: &str| Link { url: "".into(), host: host.into(), text: "".into() };
        let found = [link("y.example"), link("b.x.example"), link(""), link("a.x.example")];
        assert_eq!(sites(&found), ["x.example", "y.example"]);
    }
}
