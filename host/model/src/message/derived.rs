//! What the accessors of [`Message`] share: each thing derived once, on first use.

use super::address::Mailbox;
use super::authentication::{Authentication, Report};
use super::body::Body;
use super::content::Kept;
use super::decode::is_broken;
use super::defects::Defects;
use super::fields::{End, Field};
use super::headers::Headers;
use super::hidden::Recipients;
use super::layout::{Kind, Layout, Part};
use super::limits::{FIELD_BYTES_READ_MAX, MAILBOXES_MAX, SUBJECT_BYTES_MAX};
use super::links::KeptLinks;
use super::value::PlainMailbox;
use super::{Message, charset, encoded_words, value};

impl Message {
    pub(super) fn layout(&self) -> &Layout {
        self.0.layout.get_or_init(|| Layout::of(&self.0.bytes))
    }

    pub(super) fn header_fields(&self) -> &Headers {
        let layout = self.layout();
        let make = || Headers::new(&self.0.bytes, &layout.fields, layout.is_too_complex);
        self.0.headers.get_or_init(make)
    }

    pub(super) fn body(&self) -> &Body {
        self.0.body.get_or_init(|| Body::of(&self.0.bytes, self.layout()))
    }

    pub(super) fn kept_text(&self) -> &Kept {
        self.0.text.get_or_init(|| self.body().text())
    }

    /// The text with the bytes that could not be decoded as they are; none where all could.
    pub(super) fn literal_text(&self) -> Option<Kept> {
        self.body().literal_text()
    }

    /// The subject with the bytes that could not be decoded as they are; none where all could.
    pub(super) fn literal_subject(&self) -> Option<String> {
        let value = self.values("subject").next()?;
        let read = &value[..value.len().min(FIELD_BYTES_READ_MAX)];
        encoded_words::is_lossy(read).then(|| charset::literal(&read[..read.len().min(SUBJECT_BYTES_MAX)]))
    }

    pub(super) fn kept_html(&self) -> &Kept {
        self.0.html.get_or_init(|| self.body().html())
    }

    pub(super) fn kept_links(&self) -> &KeptLinks {
        self.0.links.get_or_init(|| KeptLinks::of(self.body()))
    }

    /// The fields of a name in lower case.
    pub(super) fn fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        let is_it = |field: &&Field| self.0.bytes[field.name.clone()].eq_ignore_ascii_case(name.as_bytes());
        self.layout().fields.iter().filter(is_it)
    }

    /// The values of the fields of a name, as they are.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields(name).map(|field| &self.0.bytes[field.value.clone()])
    }

    /// The mailboxes of `From` as models see them: the author's or, where nobody can tell, those that mail-parser finds
    /// and whatever else the author may be.
    pub(super) fn shown_authors(&self) -> Vec<Mailbox> {
        let author = self.author().mailbox();
        let plain = self.values("from").next().and_then(PlainMailbox::of);
        if let Some((author, plain)) = author.zip(plain)
            && (plain.name, plain.address) == (&*author.name, &*author.address)
        {
            return vec![author.clone()];
        }
        let mut shown = self.mailboxes("from");
        if let Some(author) = author {
            // With the name as it is decoded everywhere else.
            let is_read_alike = matches!(&*shown, [only] if only.is_same(author));
            return if is_read_alike { shown } else { vec![author.clone()] };
        }
        for candidate in self.author().candidates() {
            if shown.len() < MAILBOXES_MAX && !shown.iter().any(|known| known.is_same(candidate)) {
                shown.push(candidate.clone());
            }
        }
        shown
    }

    pub(super) fn mailboxes(&self, name: &str) -> Vec<Mailbox> {
        let mut found = Vec::new();
        for value in self.values(name) {
            value::mailboxes(value, |name, address| {
                found.push(Mailbox::new(name, address));
                found.len() < MAILBOXES_MAX
            });
            if found.len() == MAILBOXES_MAX {
                break;
            }
        }
        found
    }

    pub(super) fn trusted_results(&self) -> Authentication {
        let mut read = Authentication::default();
        let mut found = false;
        for field in &self.layout().fields {
            let name = &self.0.bytes[field.name.clone()];
            if name.eq_ignore_ascii_case(b"received") && found {
                break;
            }
            if self.0.context.trusted.is_empty() || !name.eq_ignore_ascii_case(b"authentication-results") {
                continue;
            }
            if let Some(report) = Report::read(&self.0.bytes[field.value.clone()])
                && report.is_of(&self.0.context.trusted)
            {
                found = true;
                read.add(&report);
            }
        }
        read
    }

    pub(super) fn find_defects(&self) -> Defects {
        let layout = self.layout();
        let bytes = &self.0.bytes;
        let header = &bytes[..layout.body_start];
        let broken = |part: &Part| part.kind == Kind::Leaf && is_broken(part.media.encoding, &bytes[part.body.clone()]);
        let no_header = layout.fields.is_empty() || layout.header_end != End::EmptyLine;
        let bad_from = self.author().doubt().is_some();
        let bad_bytes = memchr::memchr(0, bytes).is_some() || std::str::from_utf8(header).is_err();
        let mut defects = Defects::default();
        defects.note(Defects::NO_HEADER, no_header);
        defects.note(Defects::BAD_FROM, bad_from);
        defects.note(Defects::BAD_DATE, self.date().is_none());
        defects.note(Defects::BAD_MIME, layout.is_broken || layout.parts.iter().any(broken));
        defects.note(Defects::BAD_BYTES, bad_bytes);
        defects.note(Defects::TOO_COMPLEX, layout.is_too_complex);
        defects
    }

    pub(super) fn visible_header(&self, recipients: Recipients) -> &[u8] {
        let kept = match recipients {
            Recipients::Masked => &self.0.masked_header,
            Recipients::Granted => &self.0.granted_header,
        };
        kept.get_or_init(|| self.header_fields().raw(&self.0.bytes, recipients))
    }

    /// Everything behind the header, as it came.
    pub(super) fn body_bytes(&self) -> &[u8] {
        &self.0.bytes[self.layout().body_start..]
    }

    /// Where the line that separates header and body begins.
    pub(super) fn separator(&self) -> usize {
        let layout = self.layout();
        match layout.header_end {
            End::EmptyLine => {
                let before = &self.0.bytes[..layout.body_start.saturating_sub(1)];
                memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)
            }
            _ => layout.body_start,
        }
    }
}
