//! One text, written out plainly and as HTML.
//!
//! A text is paragraphs with blank lines between them. `[[label]]` is a link to the message's
//! address with that label; a bare address is a link to itself.

use crate::scenario::Look;

/// What a reader of plain text sees.
pub(crate) fn plain(text: &str, url: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, label, after)) = next_link(rest) {
        plain.push_str(before);
        plain.push_str(label);
        plain.push_str(if before.is_empty() || before.ends_with('\n') { ":\n" } else { " <" });
        plain.push_str(url);
        if !(before.is_empty() || before.ends_with('\n')) {
            plain.push('>');
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// `text` in lines of at most `width` characters, as mail programs wrap it.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let mut wrapped = String::with_capacity(text.len() + 32);
    for line in text.lines() {
        let mut column = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > width {
                wrapped.push('\n');
                column = 0;
            } else if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += length;
        }
        wrapped.push('\n');
    }
    wrapped
}

/// `text` as a reply quotes it.
pub(crate) fn quoted(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { ">\n".into() } else { format!("> {line}\n") }).collect()
}

/// The text as paragraphs of HTML.
pub(crate) fn html(text: &str, url: &str, look: Look) -> String {
    let frame = match look {
        Look::Letter => ("<div>", "</div><div><br></div>\n"),
        Look::Designed => ("<p style=\"margin:0 0 16px;line-height:24px\">", "</p>\n"),
        Look::Crude => ("<p><font face=\"Arial\" size=\"3\">", "</font></p>\n"),
    };
    framed(text, url, look, frame)
}

/// The text as HTML, each paragraph between these.
pub(crate) fn framed(text: &str, url: &str, look: Look, (open, close): (&str, &str)) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    for paragraph in text.split("\n\n") {
        html.push_str(open);
        inline(paragraph, url, look, &mut html);
        html.push_str(close);
    }
    html
}

fn inline(paragraph: &str, url: &str, look: Look, html: &mut String) {
    let mut rest = paragraph;
    while let Some((before, label, after)) = next_link(rest) {
        escape_lines(before, url, html);
        let style = match look {
            Look::Designed => " style=\"background:#2a5db0;color:#ffffff;padding:12px 24px;border-radius:4px\"",
            Look::Letter | Look::Crude => "",
        };
        html.push_str(&format!("<a href=\"{}\"{style}>", escaped(url)));
        html.push_str(&escaped(label));
        html.push_str("</a>");
        rest = after;
    }
    escape_lines(rest, url, html);
}

fn escape_lines(text: &str, url: &str, html: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(url).filter(|_| !url.is_empty()) {
        let address = escaped(url);
        html.push_str(&escaped(before).replace('\n', "<br>\n"));
        html.push_str(&format!("<a href=\"{address}\">{address}</a>"));
        rest = after;
    }
    html.push_str(&escaped(rest).replace('\n', "<br>\n"));
}

/// Text that HTML shows as it is.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text before the next link, its label, and the text after it.
fn next_link(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("[[")?;
    let (label, after) = rest.split_once("]]")?;
    Some((before, label, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_becomes_a_link_in_both_forms() {
        let text = "See <this>, [[now]].\n\n[[Open]]";
        let url = "https://a.example/?x=1&y=2";
        assert_eq!(
            plain(text, url),
            "See <this>, now <https://a.example/?x=1&y=2>.\n\nOpen:\nhttps://a.example/?x=1&y=2"
        );
        let html = html(text, url, Look::Letter);
        assert!(html.contains("<a href=\"https://a.example/?x=1&amp;y=2\">now</a>."), "{html}");
        assert!(html.contains("&lt;this&gt;"));
    }

    #[test]
    fn wrapping_keeps_words_and_paragraphs() {
        assert_eq!(wrapped("aa bb cc\n\ndd", 5), "aa bb\ncc\n\ndd\n");
    }
}
