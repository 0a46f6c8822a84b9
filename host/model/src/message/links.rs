//! The links of a message.

mod in_text;
mod plain;

use std::collections::HashSet;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use self::in_text::{in_text, is_bare};
use super::body::Body;
use super::content::{cut, shared};
use super::deriving::OnceLock;
use super::html::Page;
use super::limits::{LINK_TEXT_BYTES_MAX, LINK_URL_BYTES_MAX, LINKS_MAX};

/// A link found in the message: the target of an anchor, a form or a frame, a URL in the text that mail programs make
/// one of, or what some mail programs load and show instead of something else (`srcset`, `background`, a video).
///
/// The `src` of an image is not one: it leads nowhere, and all programs show the same.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Link {
    /// The target as an absolute URL, at most 2,048 bytes.
    pub url: Arc<str>,
    /// The host name of the target: lower case, ASCII form; empty if it has none (`mailto:`).
    pub host: Arc<str>,
    /// The text shown for it, white space collapsed, at most 256 bytes: of a link whose only content is
    /// an image, the image's alternative text.
    pub text: Arc<str>,
}

crate::debug! {
    /// Without its text, which belongs in no log.
    Link { url: unsaid, host: unsaid, text: unsaid }
}

/// Links in the order of the message, without repetitions of the same target and text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Links<'a> {
    /// The links.
    pub items: &'a [Link],
    /// Whether there were more than were asked for, or than are kept.
    pub truncated: bool,
}

/// The links that are kept.
#[derive(Debug)]
pub(super) struct KeptLinks {
    /// Targets, hosts and texts, one behind the other.
    texts: String,
    places: Vec<Place>,
    truncated: bool,
    /// The links each by itself, once somebody asks for them.
    items: OnceLock<Vec<Link>>,
}

/// Where a link is in the texts.
#[derive(Debug)]
struct Place {
    url: Range<usize>,
    host: Range<usize>,
    text: Range<usize>,
}

impl KeptLinks {
    pub(super) fn of(body: &Body) -> Self {
        let mut finding = Finding { truncated: body.truncated, ..Finding::default() };
        for section in &body.sections {
            match section.page() {
                Some(page) => finding.page(page),
                None => finding.plain(&section.content),
            }
        }
        let Finding { texts, places, truncated, .. } = finding;
        Self { texts, places, truncated, items: OnceLock::new() }
    }

    pub(super) fn links(&self, max: usize) -> Links<'_> {
        let each = |[url, host, text]: [&str; 3]| Link { url: shared(url), host: shared(host), text: shared(text) };
        let items = self.items.get_or_init(|| self.texts().map(each).collect());
        let items = &items[..items.len().min(max)];
        Links { items, truncated: self.truncated || items.len() < self.places.len() }
    }

    /// Target, host and text of each link.
    pub(super) fn texts(&self) -> impl ExactSizeIterator<Item = [&str; 3]> {
        self.places.iter().map(|at| [&at.url, &at.host, &at.text].map(|at| &self.texts[at.clone()]))
    }

    /// Whether there were more than are kept.
    pub(super) fn is_truncated(&self) -> bool {
        self.truncated
    }
}

/// Links that are being found.
#[derive(Default)]
struct Finding {
    texts: String,
    places: Vec<Place>,
    truncated: bool,
    /// Target and text of those, once there are so many that looking through them costs more.
    seen: HashSet<(Box<str>, Box<str>)>,
    /// The text that is shown for a link, memory that is used for all of them.
    shown: String,
}

/// Links that are looked through.
const LOOKED_THROUGH_MAX: usize = 32;

/// Links for which there is room at first, and bytes of each.
const LINKS_EXPECTED: usize = 8;
const LINK_BYTES_EXPECTED: usize = 128;

impl Finding {
    fn is_full(&self) -> bool {
        self.places.len() == LINKS_MAX
    }

    /// Links of an HTML body: its anchors, and the URLs in the text between them.
    fn page(&mut self, page: &Page) {
        self.truncated |= page.truncated;
        let base = page.base().and_then(|base| Url::parse(base.trim()).ok());
        let mut between = 0;
        for anchor in &page.anchors {
            if let Some(text) = page.text.get(between..anchor.text.start) {
                self.plain(text);
            }
            between = between.max(anchor.text.end);
            if self.is_full() {
                self.truncated = true;
                return;
            }
            if let Some(url) = target(page.href(anchor), base.as_ref()) {
                let mut shown = std::mem::take(&mut self.shown);
                page.show(anchor, &mut shown);
                self.add(&url, &shown);
                self.shown = shown;
            }
        }
        self.plain(page.text.get(between..).unwrap_or(""));
    }

    /// URLs in plain text.
    fn plain(&mut self, text: &str) {
        in_text(text, |found| {
            if self.is_full() {
                self.truncated = true;
                return ControlFlow::Break(());
            }
            if let Some(url) = target(found, None) {
                self.add(&url, cut(found, LINK_TEXT_BYTES_MAX));
            }
            ControlFlow::Continue(())
        });
    }

    fn add(&mut self, url: &Target<'_>, text: &str) {
        let target = cut(url.as_str(), LINK_URL_BYTES_MAX);
        let text_of = |at: &Range<usize>| &self.texts[at.clone()];
        let is_same = |place: &Place| text_of(&place.url) == target && text_of(&place.text) == text;
        if self.places.len() <= LOOKED_THROUGH_MAX && self.places.iter().any(is_same) {
            return;
        }
        let seen = |url: &str, text: &str| (Box::from(url), Box::from(text));
        if self.places.len() == LOOKED_THROUGH_MAX {
            let each = self.places.iter().map(|place| seen(text_of(&place.url), text_of(&place.text)));
            self.seen = each.collect();
        }
        if self.places.len() >= LOOKED_THROUGH_MAX && !self.seen.insert(seen(target, text)) {
            return;
        }
        if self.places.is_empty() {
            self.places.reserve(LINKS_EXPECTED);
            self.texts.reserve(LINKS_EXPECTED * LINK_BYTES_EXPECTED);
        }
        let place = Place { url: self.keep(target), host: self.keep(url.host()), text: self.keep(text) };
        self.texts[place.host.clone()].make_ascii_lowercase();
        self.places.push(place);
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.texts.len();
        self.texts.push_str(text);
        start..self.texts.len()
    }
}

/// An absolute URL.
#[derive(Debug)]
enum Target<'a> {
    /// One that is written as it would be once it was parsed.
    Plain(&'a str, plain::Host),
    Parsed(Url),
}

impl Target<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Plain(url, _) => url,
            Self::Parsed(url) => url.as_str(),
        }
    }

    fn host(&self) -> &str {
        match self {
            Self::Plain(url, host) => &url[host.clone()],
            Self::Parsed(url) => url.host_str().unwrap_or(""),
        }
    }
}

/// The absolute URL that a target as written means in a mail program. None for what leads nowhere: a
/// place in the message itself, or something relative to nothing.
fn target<'a>(href: &'a str, base: Option<&Url>) -> Option<Target<'a>> {
    let href = href.trim_matches(|c: char| c.is_ascii_whitespace() || c.is_ascii_control());
    if let Some(host) = plain::host(href) {
        return Some(Target::Plain(href, host));
    }
    if href.is_empty() || href.starts_with('#') {
        return None;
    }
    let parsed = match Url::parse(href) {
        Err(url::ParseError::RelativeUrlWithoutBase) => relative(href, base),
        // `www.host:80`: no scheme has a dot but in theory.
        Ok(parsed) if base.is_none() && parsed.scheme().contains('.') => relative(href, None).or(Some(parsed)),
        parsed => parsed.ok(),
    };
    parsed.filter(|url| url.scheme() != "cid").map(Target::Parsed)
}

/// What a target without a scheme means. Mail programs add the scheme to `//host`, `www.host` and `host.tld`.
fn relative(href: &str, base: Option<&Url>) -> Option<Url> {
    if let Some(base) = base {
        return base.join(href).ok();
    }
    let scheme = if href.starts_with("//") || href.starts_with("\\\\") {
        "https:"
    } else if is_bare(href) {
        "http://"
    } else {
        return None;
    };
    Url::parse(&format!("{scheme}{href}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::layout::Layout;
    use crate::message::{Defects, Message};

    fn links(content_type: &str, body: &str) -> Vec<[String; 3]> {
        let message = format!("Content-Type: {content_type}\n\n{body}");
        let body = Body::of(message.as_bytes(), &Layout::of(message.as_bytes()));
        let kept = KeptLinks::of(&body);
        let strings = |link: &Link| [&link.url, &link.host, &link.text].map(|part| part.to_string());
        kept.links(LINKS_MAX).items.iter().map(strings).collect()
    }

    #[test]
    fn links_of_plain_text_show_themselves() {
        let found = links("text/plain", "see http://Example.org/a. Or (https://x.example/?q=1), http://Example.org/a.");
        assert_eq!(
            found,
            [
                ["http://example.org/a", "example.org", "http://Example.org/a"],
                ["https://x.example/?q=1", "x.example", "https://x.example/?q=1"],
            ]
        );
    }

    #[test]
    fn links_of_html_are_anchors_and_urls_in_order() {
        let html = "go to http://one.example/ or <a href='HTTPS://TWO.example/x y'>http://bank.example</a> \
            <a href='mailto:a@b.example'>mail</a> <a href='#top'>top</a> <a href='/rel'>rel</a> <a href='//three.example'>3</a> \
            <a href='www.four.example'>4</a> then http://five.example";
        let hosts: Vec<String> = links("text/html", html).into_iter().map(|[_, host, _]| host).collect();
        assert_eq!(hosts, ["one.example", "two.example", "", "three.example", "www.four.example", "five.example"]);
        assert_eq!(links("text/html", html)[1], ["https://two.example/x%20y", "two.example", "http://bank.example"]);
    }

    #[test]
    fn a_link_is_kept_once_however_many_there_are() {
        let some: String = (0..2 * LOOKED_THROUGH_MAX).map(|n| format!("http://x.example/{n} ")).collect();
        let message = Message::parse(format!("Subject: x\n\n{some}{some}"));
        let all = message.links(usize::MAX);
        assert_eq!((all.items.len(), all.truncated), (2 * LOOKED_THROUGH_MAX, false));
        let fewer = message.links(all.items.len() - 1);
        assert_eq!((fewer.items.len(), fewer.truncated), (all.items.len() - 1, true));
    }

    #[test]
    fn relative_targets_use_the_base() {
        let html = "<base href='https://base.example/dir/'><a href='page'>p</a>";
        assert_eq!(links("text/html", html)[0][0], "https://base.example/dir/page");
    }

    #[test]
    fn disguised_hosts_come_out() {
        let html = "<a href='http://ex\nample.org%2e/'>1</a><a href='http://bücher.example/'>2</a>\
            <a href='http://user:pw@0x7f.1/'>3</a><a href='http:\\\\evil.example'>4</a><a href='App://Shop.Example/'>5</a>";
        let hosts: Vec<String> = links("text/html", html).into_iter().map(|[_, host, _]| host).collect();
        assert_eq!(hosts, ["example.org.", "xn--bcher-kva.example", "127.0.0.1", "evil.example", "shop.example"]);
    }

    #[test]
    fn links_are_bounded() {
        let many: String = (0..600).map(|n| format!("http://x.example/{n} ")).collect();
        let message = format!("\n{many}");
        let kept = KeptLinks::of(&Body::of(message.as_bytes(), &Layout::of(message.as_bytes())));
        assert_eq!(kept.links(usize::MAX).items.len(), LINKS_MAX);
        assert!(kept.links(usize::MAX).truncated);
        assert_eq!(kept.links(3).items.len(), 3);
        let long = format!("http://x.example/{}", "a".repeat(5_000));
        assert_eq!(links("text/plain", &long)[0][0].len(), LINK_URL_BYTES_MAX);
    }

    #[test]
    fn links_need_no_scheme() {
        let found =
            links("text/plain", "see www.One.example, or URL:two.com/x?y=1. (//three.example/z) http://four.example");
        let urls: Vec<&str> = found.iter().map(|link| &*link[0]).collect();
        let expected =
            ["http://www.one.example/", "http://two.com/x?y=1", "https://three.example/z", "http://four.example/"];
        assert_eq!(urls, expected);
        assert_eq!(found[0][2], "www.One.example");
        assert_eq!(links("text/plain", "www.x.example:80/a")[0][..2], ["http://www.x.example/a", "www.x.example"]);
        let html = "<a href='two.com/x'>1</a><a href='three.co'>2</a><a href='page.html'>3</a> www.five.example";
        let hosts: Vec<String> = links("text/html", html).into_iter().map(|[_, host, _]| host).collect();
        assert_eq!(hosts, ["two.com", "three.co", "www.five.example"]);
    }

    #[test]
    fn what_is_shown_elsewhere_is_a_link() {
        let html = "<form action='https://ham.example/'><button formaction='http://192.0.2.7/x'>Vote</button></form>\
            <td background='//bg.example/i.png'><img srcset='https://set.example/1 2x' src='cid:1'>";
        let hosts: Vec<String> = links("text/html", html).into_iter().map(|[_, host, _]| host).collect();
        assert_eq!(hosts, ["ham.example", "192.0.2.7", "bg.example", "set.example"]);
    }

    /// A filter that looks at one element at a time sees half of the link (baseStriker, 2018).
    #[test]
    fn a_link_that_is_split_between_two_elements_is_joined() {
        let html = "<head><base href='https://evil.example/x'></head><a href='/log/in'>1</a><a href=in>2</a>";
        let urls: Vec<String> = links("text/html", html).into_iter().map(|[url, ..]| url).collect();
        assert_eq!(urls, ["https://evil.example/log/in", "https://evil.example/in"]);
    }

    /// SpamAssassin bug 3449, rspamd#3490
    #[test]
    fn attributes_and_urls_are_read_as_browsers_read_them() {
        for html in [
            "<a/href='http://x.example/a'>",
            "<a class=\"a\"href='http://x.example/a'>",
            "<a \n HREF\t= \r\n http://x.example/a>",
            "<a =x href=http://x.example/a>",
            "<a <b href=http://x.example/a>",
            "<a title='>' href=http://x.example/a>",
            "<a href='ht\ntp://x.exa\r\nmple/\ta'>",
            "<a href='&#104;ttp&colon;//x.example&sol;a'>",
            "<a href='http://x.example/a' href=http://y.example>",
            "<a href='\x01 http://x.example/a'>",
            "<a href='http:x.example/a'>",
            "<a href='http:\\\\x.example\\a'>",
        ] {
            let found = links("text/html", &format!("{html}x</a>"));
            assert_eq!(found.iter().map(|[url, ..]| &**url).collect::<Vec<_>>(), ["http://x.example/a"], "{html}");
        }
    }

    /// rspamd#4956, rspamd#2496
    #[test]
    fn empty_elements_do_not_split_what_is_seen() {
        for html in [
            "htt<b></b>p://x.example/a",
            "http://x.exa<!-- -->mple/a",
            "<span>http://</span><span>x.example</span><i>/a</i>",
            "http://x.ex<font></font>ample/<wbr>a",
        ] {
            assert_eq!(links("text/html", &format!("<p>see {html} now"))[0][0], "http://x.example/a", "{html}");
        }
    }

    #[test]
    fn links_behind_more_text_than_is_kept_are_found_and_it_is_said() {
        let html = format!("<p>{}<a href=http://x.example/>x</a>", "some words ".repeat(30_000));
        let message = Message::parse(format!("Content-Type: text/html\n\n{html}"));
        assert!(message.text(usize::MAX).truncated);
        assert_eq!(&*message.links(1).items[0].url, "http://x.example/");
    }

    /// cyrus-imapd#4603
    #[test]
    fn text_and_links_behind_a_nul_are_kept_and_it_is_said() {
        for html in ["one\0 two", "<p\0>one two", "<p a='\0'>one two", "<!-- \0 -->one two", "\0<b\0></b\0>one two"] {
            let page = format!("Content-Type: text/html\n\n{html} <a href='http://x.example/\0a'>x</a>");
            let message = Message::parse(page);
            assert!(message.text(usize::MAX).value.replace('\0', "").ends_with("one two x"), "{html:?}");
            assert_eq!(&*message.links(1).items[0].host, "x.example", "{html:?}");
            assert!(message.defects().contains(Defects::BAD_BYTES));
        }
    }
}
