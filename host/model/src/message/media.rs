//! What a MIME part says about itself: type, parameters, disposition, encoding.

use std::borrow::Cow;
use std::sync::Arc;

use mail_parser::ContentType;

use super::decode::{Encoding, declared};
use super::file_name::{self, Names};
use super::limits::{MEDIA_TYPE_BYTES_MAX, PARAMETER_BYTES_READ_MAX};
use super::value::parameters;

/// What the fields of a part say about its body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Media {
    /// In lower case, `text/html`; empty if nothing usable is said.
    pub(super) media_type: Cow<'static, str>,
    pub(super) charset: Option<Cow<'static, str>>,
    pub(super) boundary: Option<Vec<u8>>,
    pub(super) file_name: Option<Arc<str>>,
    pub(super) is_attachment: bool,
    pub(super) encoding: Encoding,
    /// What the encoding is called, if the part says one: `other` where nobody knows it.
    pub(super) declared_encoding: Option<&'static str>,
}

impl Media {
    /// Takes note of a field, if it is one of those that matter here. The first of a name counts, but for the names of
    /// a file: programs differ in which they take.
    pub(super) fn note(&mut self, seen: &mut Seen, name: &[u8], value: &[u8]) {
        if name.eq_ignore_ascii_case(b"content-type") {
            seen.of_type.note(value, "name");
            if !std::mem::replace(&mut seen.content_type, true) {
                parameters(value, |parsed| self.note_type(parsed));
                self.note_rest(value);
            }
        } else if name.eq_ignore_ascii_case(b"content-transfer-encoding")
            && !std::mem::replace(&mut seen.encoding, true)
        {
            self.encoding = Encoding::of(value);
            self.declared_encoding = declared(value);
        } else if name.eq_ignore_ascii_case(b"content-disposition") {
            seen.of_disposition.note(value, "filename");
            if !std::mem::replace(&mut seen.disposition, true) {
                parameters(value, |parsed| self.note_disposition(parsed));
            }
        }
    }

    /// Concludes what all fields together say.
    pub(super) fn conclude(&mut self, seen: Seen) {
        self.file_name = seen.of_disposition.and(seen.of_type).chosen();
    }

    fn note_type(&mut self, parsed: &ContentType<'_>) {
        // `text/html charset=x`, without a semicolon, is still HTML.
        let token = |part| str::split_ascii_whitespace(part).next().unwrap_or("");
        if let Some(subtype) = parsed.c_subtype.as_deref() {
            self.media_type = media_type(token(&parsed.c_type), token(subtype));
        }
        self.charset = parsed.attribute("charset").map(charset);
        let boundary = parsed.attribute("boundary").map(str::trim_end).filter(|boundary| !boundary.is_empty());
        self.boundary = boundary.map(|boundary| boundary.as_bytes().to_vec());
    }

    /// What the parameters of a long field say behind those that were read.
    fn note_rest(&mut self, value: &[u8]) {
        if value.len() <= PARAMETER_BYTES_READ_MAX {
            return;
        }
        for parameter in file_name::parameters(value) {
            let is = |name: &[u8]| parameter.name.eq_ignore_ascii_case(name);
            if is(b"boundary") && self.boundary.is_none() {
                let boundary = parameter.value.trim_ascii_end();
                self.boundary = (!boundary.is_empty()).then(|| boundary.to_vec());
            } else if is(b"charset") && self.charset.is_none() {
                self.charset = Some(charset(&String::from_utf8_lossy(&parameter.value)));
            }
        }
    }

    fn note_disposition(&mut self, parsed: &ContentType<'_>) {
        self.is_attachment = parsed.c_type.trim().eq_ignore_ascii_case("attachment");
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.media_type.starts_with("multipart/")
    }

    /// Whether it says that it is a message.
    pub(super) fn says_message(&self) -> bool {
        matches!(&*self.media_type, "message/rfc822" | "message/global")
    }

    /// Whether it is a message that can be read where it stands.
    pub(super) fn is_message(&self) -> bool {
        self.says_message() && matches!(self.encoding, Encoding::Identity | Encoding::Unknown)
    }

    pub(super) fn is_html(&self) -> bool {
        matches!(&*self.media_type, "text/html" | "application/xhtml+xml")
    }

    /// Whether it is text of any kind. RFC 2045, section 5.2: what says nothing is plain text.
    pub(super) fn is_text(&self) -> bool {
        self.media_type.is_empty() || self.media_type.starts_with("text/") || self.is_html()
    }

    /// Whether it is text that mail programs show in the message.
    pub(super) fn is_readable(&self) -> bool {
        matches!(&*self.media_type, "" | "text/plain") || self.is_html()
    }
}

/// Media types and character sets of most parts: nothing is allocated for these.
const USUAL_TYPES: [(&str, &str, &str); 8] = [
    ("text", "html", "text/html"),
    ("text", "plain", "text/plain"),
    ("multipart", "alternative", "multipart/alternative"),
    ("multipart", "mixed", "multipart/mixed"),
    ("multipart", "related", "multipart/related"),
    ("multipart", "signed", "multipart/signed"),
    ("image", "png", "image/png"),
    ("image", "jpeg", "image/jpeg"),
];
const USUAL_CHARSETS: [&str; 6] = ["UTF-8", "utf-8", "us-ascii", "US-ASCII", "iso-8859-1", "ISO-8859-1"];

/// `main/subtype` in lower case.
fn media_type(main: &str, subtype: &str) -> Cow<'static, str> {
    let is_it = |(known, known_subtype, _): &&(&str, &str, &str)| {
        main.eq_ignore_ascii_case(known) && subtype.eq_ignore_ascii_case(known_subtype)
    };
    if let Some((_, _, usual)) = USUAL_TYPES.iter().find(is_it) {
        return Cow::Borrowed(usual);
    }
    let mut media_type = format!("{main}/{subtype}");
    media_type.make_ascii_lowercase();
    media_type.truncate(media_type.floor_char_boundary(MEDIA_TYPE_BYTES_MAX));
    Cow::Owned(media_type)
}

/// A character set as it is declared.
fn charset(declared: &str) -> Cow<'static, str> {
    let usual = USUAL_CHARSETS.into_iter().find(|usual| *usual == declared);
    usual.map_or_else(|| Cow::Owned(declared.to_owned()), Cow::Borrowed)
}

/// Which of the fields were there already, and the names that they gave.
#[derive(Debug, Default)]
pub(super) struct Seen {
    content_type: bool,
    encoding: bool,
    disposition: bool,
    of_disposition: Names,
    of_type: Names,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_types_are_what_they_are_called() {
        for (main, subtype, usual) in USUAL_TYPES {
            assert_eq!(format!("{main}/{subtype}"), usual);
            let media = media(&[("content-type", &format!("{}/{subtype}", main.to_uppercase()))]);
            assert_eq!(media.media_type, usual);
        }
    }

    fn media(fields: &[(&str, &str)]) -> Media {
        let (mut media, mut seen) = (Media::default(), Seen::default());
        for (name, value) in fields {
            media.note(&mut seen, name.as_bytes(), value.as_bytes());
        }
        media.conclude(seen);
        media
    }

    #[test]
    fn types_are_lower_case_and_parameters_are_read() {
        let media = media(&[("CONTENT-TYPE", " Multipart/Mixed; boundary=\"a b\"; charset=UTF-8")]);
        assert_eq!(media.media_type, "multipart/mixed");
        assert_eq!(media.boundary.as_deref(), Some(&b"a b"[..]));
        assert_eq!(media.charset.as_deref(), Some("UTF-8"));
    }

    #[test]
    fn the_name_of_the_disposition_wins() {
        let by_disposition = media(&[
            ("Content-Disposition", " attachment; filename*=utf-8''caf%C3%A9.pdf"),
            ("Content-Type", " application/pdf; name=other.pdf"),
        ]);
        assert_eq!(by_disposition.file_name.as_deref(), Some("café.pdf"));
        assert!(by_disposition.is_attachment);
        let by_type = media(&[("Content-Type", " application/pdf; name=\"=?utf-8?q?caf=C3=A9.pdf?=\"")]);
        assert_eq!(by_type.file_name.as_deref(), Some("café.pdf"));
    }

    #[test]
    fn the_first_field_of_a_name_counts() {
        let media = media(&[("Content-Type", " text/html"), ("Content-Type", " image/png")]);
        assert_eq!(media.media_type, "text/html");
    }

    #[test]
    fn no_other_parameter_pushes_out_those_that_decide_how_a_part_is_read() {
        let other = "a".repeat(PARAMETER_BYTES_READ_MAX);
        let value = format!(" multipart/mixed; x=\"{other}\"; boundary=b; charset=\"koi8-r\"");
        let media = media(&[("Content-Type", &value)]);
        assert_eq!((media.boundary.as_deref(), media.charset.as_deref()), (Some(&b"b"[..]), Some("koi8-r")));
    }

    #[test]
    fn sloppy_fields_are_understood() {
        assert_eq!(media(&[("Content-Type", " text/html charset=utf-8")]).media_type, "text/html");
        assert_eq!(media(&[("Content-Type", " text")]).media_type, "");
        assert_eq!(media(&[("Content-Transfer-Encoding", " BASE64 (really)")]).encoding, Encoding::Base64);
        assert_eq!(media(&[("Content-Transfer-Encoding", " x-uuencode")]).encoding, Encoding::Unknown);
    }
}
