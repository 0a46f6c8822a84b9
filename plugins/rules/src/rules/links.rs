//! Where the message leads to.

use crate::domains::{are_related, domain_in, foreign_brand, is_address, is_punycode, organisation};
use crate::mail::Mail;
use crate::rule::{Rule, rule};
use switchback_guest::Category::{Phish, Spam};
use switchback_guest::Link;

/// Top-level domains where names cost next to nothing.
const CHEAP: &[&str] =
    &["biz", "buzz", "cam", "cfd", "click", "cyou", "icu", "info", "rest", "sbs", "shop", "tk", "top", "xyz"];

/// Services that hide where a link leads.
const SHORTENERS: &[&str] = &["bit.ly", "cutt.ly", "goo.gl", "is.gd", "ow.ly", "rebrand.ly", "t.ly", "tinyurl.com"];

/// Services where anybody can put up a page within a minute.
const FREE_HOSTING: &[&str] = &[
    "000webhostapp.com",
    "blogspot.com",
    "geocities.com",
    "github.io",
    "netlify.app",
    "pages.dev",
    "r2.dev",
    "tripod.com",
    "vercel.app",
    "web.app",
    "weebly.com",
    "wixsite.com",
    "workers.dev",
];

pub(super) const RULES: &[Rule] = &[
    rule("LINK_ADDRESS", 2.4, Phish, "a link leads to a bare address", |mail| any(mail, |link| is_address(&link.host))),
    rule("LINK_TEXT_OTHER_HOST", 0.3, Phish, "a link shows another site than it leads to", |mail| {
        any(mail, shows_other_host)
    }),
    rule("LINK_BRAND", 2.2, Phish, "a link's host pretends to be a brand", |mail| any(mail, pretends_brand)),
    rule("LINK_USER", 2.5, Phish, "a link has a name before its host, to look like another", |mail| {
        any(mail, has_user)
    }),
    rule("LINK_PUNYCODE", 1.0, Phish, "a link's host has letters that may look like others", |mail| {
        any(mail, |link| is_punycode(&link.host))
    }),
    rule("LINK_PORT", 0.3, Spam, "a link leads to an unusual port", |mail| any(mail, has_odd_port)),
    rule("LINK_CHEAP", 0.3, Spam, "a link leads to a cheap top-level domain", |mail| {
        any(mail, |link| CHEAP.contains(&link.host.rsplit('.').next().unwrap_or_default()))
    }),
    rule("LINK_SHORTENED", 0.4, Spam, "a link hides where it leads to", |mail| {
        any(mail, |link| SHORTENERS.contains(&link.host.as_str()))
    }),
    rule("LINK_FREE_HOSTING", 0.5, Phish, "a link leads to a page that anybody can put up", |mail| {
        any(mail, |link| FREE_HOSTING.contains(&organisation(&link.host)))
    }),
    rule("LINK_ESCAPED", 1.2, Spam, "a link's host is written in escapes", |mail| {
        any(mail, |link| authority(&link.url).contains('%'))
    }),
    rule("LINK_REMOVE", 1.2, Spam, "a link is for being removed", |mail| {
        any(mail, |link| ["remove", "optout", "opt-out"].iter().any(|word| link.url.contains(word)))
    }),
];

fn any(mail: &Mail, test: impl Fn(&Link) -> bool) -> bool {
    mail.links.iter().any(test)
}

/// What stands between `//` and the path.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn shows_other_host(link: &Link) -> bool {
    !link.host.is_empty() && domain_in(&link.text).is_some_and(|shown| !are_related(&shown, &link.host))
}

/// A brand as a part of a host that does not belong to it: `paypal.com.evil.example`, `paypal-login.example`.
fn pretends_brand(link: &Link) -> bool {
    foreign_brand(&link.host, &link.host).is_some()
}

fn has_user(link: &Link) -> bool {
    link.url.starts_with("http") && authority(&link.url).contains('@')
}

fn has_odd_port(link: &Link) -> bool {
    let port = authority(&link.url).rsplit_once(':').map(|(_, port)| port);
    port.is_some_and(|port| !matches!(port, "80" | "443" | "") && port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use crate::rule::tests::applies;
    use switchback_guest::Message;

    fn check(rule: &str, yes: &[(&str, &str)], no: &[(&str, &str)]) {
        for (url, text) in yes {
            assert!(applies(rule, Message::builder().link(url, text)), "{rule}: {url} as {text:?}");
        }
        for (url, text) in no {
            assert!(!applies(rule, Message::builder().link(url, text)), "{rule}: {url} as {text:?}");
        }
    }

    #[test]
    fn a_link_that_shows_another_site() {
        let honest = [
            ("https://www.paypal.com/x", "paypal.com"),
            ("https://a.example/", "click here"),
            ("mailto:a@b.example", "b.com"),
        ];
        check("LINK_TEXT_OTHER_HOST", &[("http://evil.example/", "https://www.paypal.com/login")], &honest);
    }

    #[test]
    fn a_host_that_pretends() {
        let foreign = [("https://paypal.com.evil.example/", ""), ("https://paypal-login.example/", "")];
        check("LINK_BRAND", &foreign, &[("https://www.paypal.com/", ""), ("https://pineapple.example/", "")]);
        check("LINK_PUNYCODE", &[("https://xn--pypal-4ve.example/", "")], &[("https://paypal.example/", "")]);
        check(
            "LINK_USER",
            &[("https://paypal.com@evil.example/", "")],
            &[("https://evil.example/@paypal", ""), ("mailto:a@b.example", "")],
        );
    }

    #[test]
    fn a_host_that_hides() {
        check("LINK_ADDRESS", &[("http://192.0.2.1/x", ""), ("http://3221225985/", "")], &[("http://a1.example/", "")]);
        check(
            "LINK_PORT",
            &[("http://a.example:8081/", "")],
            &[("http://a.example:443/", ""), ("http://a.example/:8081", "")],
        );
        check("LINK_SHORTENED", &[("https://bit.ly/abc", "")], &[("https://orbit.ly/abc", "")]);
        check("LINK_ESCAPED", &[("http://%77%77w.example/", "")], &[("http://a.example/%20", "")]);
    }

    #[test]
    fn a_host_that_costs_nothing() {
        check("LINK_CHEAP", &[("https://a.top/", "")], &[("https://top.example/", "")]);
        check("LINK_FREE_HOSTING", &[("https://bank.web.app/", "")], &[("https://web.application.example/", "")]);
        check("LINK_REMOVE", &[("https://a.example/remove.php", "")], &[("https://a.example/", "")]);
    }
}
