//! What a person reads in an HTML body, and where it would lead them.
//!
//! Tokens are those of the HTML standard (`scanner.rs`), because what counts is what a mail program shows: mail-parser's
//! own HTML-to-text knows neither which elements hide their content nor anchors. One pass collects text and anchors; there
//! is no tree, so nothing can nest too deeply. A tokenizer that goes a character at a time was the largest cost of real
//! mail: this one jumps from tag to tag, and its tests hold it against html5ever, which passes the standard's own.
//!
//! * White space collapses, block elements and `<br>` break lines, cells are set apart by a space,
//!   `<pre>` is kept as it is.
//! * The content of `<script>`, `<style>` and `<title>` is not read, unless the page has `<svg>` or `<math>`, in which it
//!   is markup. Content that browsers hide but mail
//!   programs show (`<noscript>`, `<noembed>`, `<plaintext>`) is, links included.
//! * What one common mail program shows is read, also where others do not: Outlook's conditional comments
//!   (`<!--[if mso]>`) and its vector shapes with a target (VML).
//! * Nothing is left out: text that CSS hides is text here, because it is evidence. How much it is, is counted (`hiding.rs`).

mod collector;
mod hiding;
mod references;
mod scanner;
mod tag;

use std::ops::Range;
use std::sync::Arc;

use super::content::cut;
use super::limits::LINK_TEXT_BYTES_MAX;
use collector::Collector;
pub use hiding::HiddenText;
pub(super) use scanner::{Scanner, Token};

/// An HTML body, read once.
#[derive(Debug)]
pub(super) struct Page {
    /// What a person reads.
    pub(super) text: Arc<String>,
    /// What leads somewhere, in the order of the text.
    pub(super) anchors: Vec<Anchor>,
    /// Whether there were more anchors than are kept.
    pub(super) truncated: bool,
    /// The target that relative ones are relative to (`<base href>`).
    base: Option<Range<usize>>,
    /// How much of the text is hidden.
    pub(super) hidden: HiddenText,
    /// The values of attributes, one behind the other.
    values: String,
}

/// An element that leads somewhere, or something that some mail program loads and shows in its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    /// Where in the values of [`Page`] the target is, as written.
    href: Range<usize>,
    /// Where its text is in [`Page::text`].
    pub(super) text: Range<usize>,
    /// The alternative text of an image in it, as `href`.
    alt: Range<usize>,
}

impl Page {
    pub(super) fn read(html: &str) -> Self {
        Collector::new(html).page(html)
    }

    /// The target of an anchor as written.
    pub(super) fn href(&self, anchor: &Anchor) -> &str {
        &self.values[anchor.href.clone()]
    }

    pub(super) fn base(&self) -> Option<&str> {
        Some(&self.values[self.base.clone()?])
    }

    /// Writes the text that is shown for an anchor: its own or, where it has none, its image's.
    pub(super) fn show(&self, anchor: &Anchor, shown: &mut String) {
        collapse(&self.text[anchor.text.clone()], shown);
        if shown.is_empty() {
            collapse(&self.values[anchor.alt.clone()], shown);
        }
    }
}

/// White space collapsed, at most as much as a link's text may have.
fn collapse(text: &str, collapsed: &mut String) {
    collapsed.clear();
    collapsed.reserve(text.len().min(2 * LINK_TEXT_BYTES_MAX));
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(cut(word, LINK_TEXT_BYTES_MAX));
        if collapsed.len() > LINK_TEXT_BYTES_MAX {
            break;
        }
    }
    collapsed.truncate(collapsed.floor_char_boundary(LINK_TEXT_BYTES_MAX));
}

#[cfg(test)]
mod costs;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod real_pages;
#[cfg(test)]
mod standard;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::limits::{ANCHORS_MAX, HREF_BYTES_READ_MAX};

    fn text(html: &str) -> String {
        Page::read(html).text.to_string()
    }

    fn anchors(html: &str) -> Vec<(String, String)> {
        let page = Page::read(html);
        let shown = |anchor| {
            let mut shown = String::new();
            page.show(anchor, &mut shown);
            shown
        };
        page.anchors.iter().map(|anchor| (page.href(anchor).to_owned(), shown(anchor))).collect()
    }

    #[test]
    fn blocks_break_lines_and_white_space_collapses() {
        assert_eq!(text("<p>Dear  <b>friend</b>,</p>\n\n<div>hello<br>there</div>"), "Dear friend,\nhello\nthere");
        assert_eq!(text("<table><tr><td>a<td>b</tr><tr><td>c</table>"), "a b\nc");
        assert_eq!(text("<p>a </p><p> b <i>c </i> d </p>"), "a\nb c d");
        assert_eq!(text("f<b>r</b>ee&nbsp;&amp; caf&eacute;"), "free & café");
        assert_eq!(text("x<pre>a  b\n c</pre>y  z"), "x\na  b\n c\ny z");
        assert_eq!(text("<pre>a\r\nb\rc"), "a\nb\nc");
    }

    #[test]
    fn code_and_styles_are_not_read() {
        let html = "<title>t</title><style>p{}</style><script>if (a<b) x='<a href=z>'</script>seen<!-- not -->";
        assert_eq!(text(html), "seen");
        assert_eq!(anchors(html), []);
    }

    #[test]
    fn in_foreign_content_scripts_and_styles_are_markup() {
        let evil = "<p>Your account is suspended. <a href=http://x.example>verify</a>";
        for hiding in [
            "<svg><style>",
            "<math><style>",
            "<svg><script>",
            "<SVG><title>",
            "<svg><g><style>",
            "<svg><style>p{}<!-- </style> -->",
            "<svg><style><x y='</style>'>",
            "<svg><foreignObject><p>x</p></foreignObject><style>",
            "<svg></svg><svg><style>",
            "<svg><style><style>",
            "<svg><style><p><script>\"<a b='\"</script>",
            "<svg></svg><style>a<!--</style>",
        ] {
            let html = format!("<p>hello there</p>{hiding}{evil}");
            assert!(text(&html).contains("Your account is suspended. verify"), "{hiding}: {}", text(&html));
            assert!(anchors(&html).contains(&("http://x.example".to_owned(), "verify".to_owned())), "{hiding}");
        }
        let drawing = "<style>p{}</style><svg><style>.a{fill:red}</style><title>t</title><path d=M0/></svg><style>p{}</style>seen";
        assert_eq!(text(drawing), "seen");
    }

    #[test]
    fn styles_within_styles_of_foreign_content_cost_no_more_than_a_few_readings() {
        let nested = format!("<svg>{}a", "<style><b>".repeat(50_000));
        assert!(text(&nested).len() <= 10);
    }

    #[test]
    fn what_mail_programs_show_is_read() {
        assert_eq!(text("<noscript><a href='http://x.example'>here</a></noscript>"), "here");
        assert_eq!(anchors("<plaintext><a href='http://x.example'>here</a>").len(), 1);
    }

    #[test]
    fn anchors_have_targets_and_texts() {
        let html = "<a class=c href=' http://x.example/?a&amp;b '> Click\n <b>here</b> </a> or \
            <a href=//y.example><img alt='Log in' src=z></a><a name=n>n</a><form action=/go><input></form>";
        let expected = [(" http://x.example/?a&b ", "Click here"), ("//y.example", "Log in"), ("/go", "")];
        assert_eq!(anchors(html), expected.map(|(href, shown)| (href.to_owned(), shown.to_owned())));
    }

    #[test]
    fn the_first_target_counts_and_an_open_anchor_ends_at_the_next() {
        let html = "<a href=http://a.example href=http://b.example>one<a href=http://c.example>two";
        let expected = [("http://a.example", "one"), ("http://c.example", "two")];
        assert_eq!(anchors(html), expected.map(|(href, shown)| (href.to_owned(), shown.to_owned())));
    }

    #[test]
    fn the_first_base_counts() {
        assert_eq!(
            Page::read("<base href=http://a.example/><base href=http://b.example/>").base(),
            Some("http://a.example/")
        );
    }

    #[test]
    fn what_outlook_alone_shows_is_read() {
        let hidden = "<p>news</p><!--[if mso]><p>Your account is suspended.</p><a href='http://x.example'>Verify</a><![endif]-->";
        assert_eq!(text(hidden), "news\nYour account is suspended.\nVerify");
        assert_eq!(anchors(hidden), [("http://x.example".to_owned(), "Verify".to_owned())]);
        for condition in ["[IF gte mso 9]", " [if (gte mso 9)|(IE)]", "[if !mso]"] {
            assert_eq!(text(&format!("a<!--{condition}> b<![endif]-->")), "a b", "{condition}");
        }
        assert_eq!(text("a<![if !mso]>b<![endif]>c"), "abc");
        assert_eq!(text("a<!--[if !mso]><!-->b<!--<![endif]-->c"), "abc");
        assert_eq!(text("a<!-- [if it is a comment] -->b"), "ab");
    }

    #[test]
    fn a_conditional_comment_without_text_changes_nothing() {
        assert_eq!(text("free<!--[if mso]><table><tr><td><![endif]-->dom"), "freedom");
        assert_eq!(text("a<!--[if mso]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->b"), "ab");
        assert_eq!(text("<style>x</style><!--[if mso]><style>p{}</style><![endif]-->b"), "b");
        assert_eq!(text("a <!--[if mso]><pre>b<![endif]--> c  d"), "a\nb c d", "what is open in there ends there");
        let open = "<a href=http://x.example>one<!--[if mso]></a><![endif]--> two</a>";
        assert_eq!(anchors(open), [("http://x.example".to_owned(), "one two".to_owned())]);
    }

    #[test]
    fn nested_conditional_comments_are_bounded() {
        let nested = "<!--[if mso]>a".repeat(10_000);
        assert!(text(&nested).len() <= 10);
    }

    #[test]
    fn every_address_that_some_program_goes_to_or_shows_is_found() {
        for (html, expected) in [
            (
                "<form action=http://a.example><button formaction=http://b.example>",
                &["http://a.example", "http://b.example"][..],
            ),
            ("<input type=image src=//a.example/i formaction=//b.example>", &["//a.example/i", "//b.example"]),
            (
                "<v:roundrect href='http://a.example'><v:fill src='http://b.example'>",
                &["http://a.example", "http://b.example"],
            ),
            ("<area href=http://a.example>", &["http://a.example"]),
            ("<svg><a xlink:href=http://a.example>", &["http://a.example"]),
            ("<math href=http://a.example>", &["http://a.example"]),
            ("<table background=http://a.example/i>", &["http://a.example/i"]),
            ("<td style='background: #fff url( \"http://a.example/i\" ); x: calc(1)'>", &["http://a.example/i"]),
            (
                "<img src=http://no.example srcset='http://a.example/1 1x, http://b.example/2,3 2x,http://c.example,'>",
                &["http://a.example/1", "http://b.example/2,3", "http://c.example"],
            ),
            (
                "<picture><source srcset=http://a.example/1><video poster=http://b.example src=http://c.example>",
                &["http://a.example/1", "http://b.example", "http://c.example"],
            ),
            ("<meta http-equiv=Refresh content=\"0; URL='http://a.example/'\">", &["http://a.example/"]),
            ("<meta http-equiv=refresh content='0;http://a.example/'>", &["http://a.example/"]),
            ("<meta http-equiv=refresh content='0, url=http://a.example/'>", &["http://a.example/"]),
            ("<meta name=description content='0;http://no.example/'>", &[]),
            ("<embed src=http://a.example><object data=http://b.example>", &["http://a.example", "http://b.example"]),
            ("<link href=http://no.example><script src=http://no.example></script>", &[]),
            ("<body background='data:image/png;base64,xx' style='background:url()'>", &[]),
        ] {
            let found: Vec<String> = anchors(html).into_iter().map(|(href, _)| href).collect();
            assert_eq!(found, expected, "{html}");
        }
    }

    #[test]
    fn an_anchor_shows_the_first_of_its_images_that_says_something() {
        let images = "<a href=http://x.example><img alt=''><img alt='Log in'><img alt=logo></a><img alt=outside>";
        assert_eq!(anchors(images), [("http://x.example".to_owned(), "Log in".to_owned())]);
        let page = Page::read(&format!("<a href=http://x.example><img alt='{}'></a>", "a ".repeat(10_000)));
        assert!(page.values.len() <= "http://x.example".len() + LINK_TEXT_BYTES_MAX, "{}", page.values.len());
    }

    #[test]
    fn of_a_long_address_the_beginning_is_kept_and_of_many_it_is_said_that_there_are_more() {
        let long = Page::read(&format!("<a href='http://x.example/&amp;{}'>", "a".repeat(20_000)));
        assert_eq!((long.anchors.len(), long.anchors[0].href.len()), (1, HREF_BYTES_READ_MAX));
        let many = Page::read(&"<a href=http://x.example>x</a>".repeat(ANCHORS_MAX));
        assert!(many.anchors.len() == ANCHORS_MAX && !many.truncated);
        assert!(Page::read(&"<a href=http://x.example>x</a>".repeat(ANCHORS_MAX + 1)).truncated);
    }

    #[test]
    fn the_text_of_a_shape_is_that_of_its_link() {
        let button =
            "<!--[if mso]><v:roundrect href='http://x.example'><center>Shop now</center></v:roundrect><![endif]-->";
        assert_eq!(anchors(button), [("http://x.example".to_owned(), "Shop now".to_owned())]);
    }
}
