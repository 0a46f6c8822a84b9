//! Which parts are the body, and their content.

use std::sync::{Arc, OnceLock};

use memchr::memchr;
use smallvec::{SmallVec, smallvec};

use super::charset::{self, Charset};
use super::content::{Kept, cut};
use super::decode::transfer;
use super::html::{HiddenText, Page};
use super::layout::{Kind, Layout, Part};
use super::limits::{BODY_BYTES_READ_MAX, CONTENT_BYTES_MAX};

/// One text part of the body, decoded.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) content: Arc<String>,
    /// For HTML, the page, read when somebody asks for it.
    page: Option<OnceLock<Page>>,
    /// Sections of one alternative say the same in different forms.
    alternative: Option<usize>,
    /// The bytes without their transfer encoding, where decoding lost some.
    undecoded: Option<Vec<u8>>,
}

/// The body of a message.
///
/// Its sections are the parts of plain text and HTML that mail programs show in the message: not
/// attachments, and without a file name. Where there is none, it is the first text that has a file
/// name or another type; where there is none either, the text of an attached message.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) sections: Vec<Section>,
    /// Whether some of the text was not decoded.
    pub(super) truncated: bool,
}

impl Section {
    fn of(part: &Part, body: &[u8]) -> Self {
        let bytes = transfer(part.media.encoding, body);
        let is_html = part.media.is_html();
        let told = part.media.charset.as_deref().and_then(Charset::of);
        let charset = told.or_else(|| is_html.then(|| charset::declared(&bytes)).flatten());
        let decoded = charset::decode(charset, bytes);
        let undecoded = decoded.is_lossy.then(|| transfer(part.media.encoding, body).into_owned());
        Self::read(decoded.text, is_html, part.alternative, undecoded)
    }

    fn read(text: String, is_html: bool, alternative: Option<usize>, undecoded: Option<Vec<u8>>) -> Self {
        let content = if is_html { text } else { line_breaks(text) };
        Self { content: Arc::new(content), page: is_html.then(OnceLock::new), alternative, undecoded }
    }

    /// The same section with a text of which no byte is lost.
    fn literal(&self) -> Self {
        let text = self.undecoded.as_deref().map_or_else(|| String::clone(&self.content), charset::literal);
        Self::read(text, self.is_html(), self.alternative, None)
    }

    fn is_html(&self) -> bool {
        self.page.is_some()
    }

    /// What the HTML says; none for plain text.
    pub(super) fn page(&self) -> Option<&Page> {
        Some(self.page.as_ref()?.get_or_init(|| Page::read(&self.content)))
    }

    /// What a person reads.
    pub(super) fn text(&self) -> &Arc<String> {
        self.page().map_or(&self.content, |page| &page.text)
    }

    fn is_blank(&self) -> bool {
        self.text().chars().all(char::is_whitespace)
    }
}

impl Body {
    pub(super) fn of(bytes: &[u8], layout: &Layout) -> Self {
        let chosen = chosen(&layout.parts);
        let mut body = Self { sections: Vec::with_capacity(chosen.len()), truncated: false };
        let mut bytes_left = BODY_BYTES_READ_MAX;
        for part in chosen {
            let raw = &bytes[part.body.clone()];
            let read = &raw[..raw.len().min(bytes_left)];
            body.truncated |= read.len() < raw.len();
            bytes_left -= read.len();
            body.sections.push(Section::of(part, read));
        }
        body
    }

    /// What a person reads: of each alternative the plain text or, where that is blank, the HTML's.
    pub(super) fn text(&self) -> Kept {
        let spoken: SmallVec<[usize; 4]> = self
            .sections
            .iter()
            .filter(|section| !section.is_html() && !section.is_blank())
            .filter_map(|section| section.alternative)
            .collect();
        let is_shown = |section: &&Section| match section.alternative {
            Some(alternative) => section.is_html() != spoken.contains(&alternative),
            None => true,
        };
        let shown: SmallVec<[&Section; 4]> = self.sections.iter().filter(is_shown).collect();
        self.join(&shown, Section::text)
    }

    /// Whether bytes of the text have no meaning in their character set.
    pub(super) fn is_lossy(&self) -> bool {
        self.sections.iter().any(|section| section.undecoded.is_some())
    }

    /// What a person reads, with the bytes that have no meaning as they are: for comparing, where [`Body::text`] is the
    /// same for different bytes. None where nothing was lost.
    pub(super) fn literal_text(&self) -> Option<Kept> {
        let literal =
            || Self { sections: self.sections.iter().map(Section::literal).collect(), truncated: self.truncated };
        self.is_lossy().then(|| literal().text())
    }

    /// All HTML, as it came.
    pub(super) fn html(&self) -> Kept {
        let html: SmallVec<[&Section; 4]> = self.sections.iter().filter(|section| section.is_html()).collect();
        self.join(&html, |section| &section.content)
    }

    fn join<'a>(&'a self, sections: &[&'a Section], text: impl Fn(&'a Section) -> &'a Arc<String>) -> Kept {
        if let [section] = sections
            && text(section).len() <= CONTENT_BYTES_MAX
        {
            return Kept::new(Arc::clone(text(section)), self.truncated);
        }
        let bytes: usize = sections.iter().map(|section| text(section).len() + 1).sum();
        let mut joined = String::with_capacity(bytes.min(CONTENT_BYTES_MAX));
        let mut truncated = self.truncated;
        for section in sections {
            if !joined.is_empty() && !joined.ends_with('\n') {
                joined.push('\n');
            }
            let text = text(section);
            let kept = cut(text, CONTENT_BYTES_MAX.saturating_sub(joined.len()));
            truncated |= kept.len() < text.len();
            joined.push_str(kept);
        }
        joined.truncate(CONTENT_BYTES_MAX);
        Kept::new(Arc::new(joined), truncated)
    }

    /// How much of the text in HTML is hidden.
    pub(super) fn hidden(&self) -> HiddenText {
        let mut all = HiddenText::default();
        self.sections.iter().filter_map(Section::page).for_each(|page| all.add(page.hidden));
        all
    }
}

/// The parts that are the body.
fn chosen(parts: &[Part]) -> SmallVec<[&Part; 4]> {
    let is_shown = |part: &Part| part.kind == Kind::Leaf && !part.media.is_attachment;
    let inline = |part: &&Part| is_shown(part) && part.media.is_readable() && part.media.file_name.is_none();
    let own = |part: &&Part| part.message_depth == 0;
    let found: SmallVec<[&Part; 4]> = parts.iter().filter(own).filter(inline).collect();
    if !found.is_empty() {
        return found;
    }
    let named = parts.iter().filter(own).find(|part| is_shown(part) && part.media.is_text());
    if let Some(named) = named {
        return smallvec![named];
    }
    let depth = parts.iter().filter(inline).map(|part| part.message_depth).min();
    parts.iter().filter(inline).filter(|part| Some(part.message_depth) == depth).collect()
}

/// Lines that end in a line feed alone, so that a message has the same text however it was stored.
fn line_breaks(text: String) -> String {
    let Some(first) = memchr(b'\r', text.as_bytes()) else { return text };
    let mut kept = String::with_capacity(text.len());
    let (mut start, mut from) = (0, first);
    while let Some(at) = memchr(b'\r', &text.as_bytes()[from..]) {
        let at = from + at;
        from = at + 1;
        if text.as_bytes().get(from) == Some(&b'\n') {
            kept.push_str(&text[start..at]);
            start = from;
        }
    }
    kept.push_str(&text[start..]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(message: &str) -> Body {
        Body::of(message.as_bytes(), &Layout::of(message.as_bytes()))
    }

    fn text(message: &str) -> String {
        body(message).text().content(usize::MAX).value.to_owned()
    }

    fn multipart(subtype: &str, parts: &[&str]) -> String {
        let parts: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
        format!("Content-Type: multipart/{subtype}; boundary=b\n\n{parts}--b--\n")
    }

    const PLAIN: &str = "Content-Type: text/plain\n\nplain";
    const HTML: &str = "Content-Type: text/html\n\n<p>rich</p>";
    const BLANK: &str = "Content-Type: text/plain\n\n \n";

    #[test]
    fn of_alternatives_the_plain_text_is_read() {
        assert_eq!(text(&multipart("alternative", &[PLAIN, HTML])), "plain");
        assert_eq!(text(&multipart("alternative", &[BLANK, HTML])), "rich");
        assert_eq!(text(&multipart("alternative", &[HTML])), "rich");
    }

    #[test]
    fn what_is_shown_one_after_another_is_joined() {
        assert_eq!(text(&multipart("mixed", &[PLAIN, HTML])), "plain\nrich");
    }

    #[test]
    fn attached_text_is_not_the_body() {
        let attached = "Content-Type: text/plain; name=notes.txt\n\nnotes";
        assert_eq!(text(&multipart("mixed", &[HTML, attached])), "rich");
        assert_eq!(text(&multipart("mixed", &[attached])), "notes");
        let attachment = "Content-Disposition: attachment\n\nnotes";
        assert_eq!(text(&multipart("mixed", &[attachment])), "");
    }

    #[test]
    fn an_attached_message_is_read_where_there_is_nothing_else() {
        let attached = "Content-Type: message/rfc822\n\nSubject: x\n\ninner";
        assert_eq!(text(&multipart("mixed", &[attached])), "inner");
        assert_eq!(text(&multipart("mixed", &[PLAIN, attached])), "plain");
    }

    #[test]
    fn text_and_html_are_bounded() {
        let long = format!("Content-Type: text/plain\n\n{}", "é".repeat(CONTENT_BYTES_MAX));
        let kept = body(&long).text();
        let content = kept.content(usize::MAX);
        assert!(content.truncated);
        assert_eq!(content.value.len(), CONTENT_BYTES_MAX);
        let long = format!("Content-Type: text/html\n\n{}", "x".repeat(BODY_BYTES_READ_MAX + 1));
        assert!(body(&long).html().content(usize::MAX).truncated);
    }

    #[test]
    fn how_lines_end_does_not_matter() {
        let unix = "Content-Type: text/plain\n\none\ntwo\n";
        assert_eq!(text(unix), text(&unix.replace('\n', "\r\n")));
    }
}
