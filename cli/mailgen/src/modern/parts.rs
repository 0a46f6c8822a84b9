//! Parts and their encodings.

use crate::dice::{Dice, alphabet};
use crate::draft::{Draft, Story};
use crate::entity::{Entity, crlf};
use crate::mailer::{Mailer, uuid};
use crate::mime;
use crate::scenario::Attached;

/// The longest line, in bytes, that is sent as it is (RFC 5322, section 2.1.1, allows 998).
const LINE_MAX: usize = 900;

/// The largest attachments, in bytes before they are encoded. Most are far smaller.
const PHOTO_BYTES_MAX: u32 = 180_000;
const DOCUMENT_BYTES_MAX: u32 = 120_000;
const LOGO_BYTES_MAX: u32 = 16_000;

/// How a program encodes texts, where it has a choice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encoding {
    /// As it is, if its lines are short enough: 7bit or 8bit.
    Plain,
    QuotedPrintable,
    Base64,
}

impl Encoding {
    pub(super) fn draw(mailer: Mailer, dice: &mut Dice) -> Self {
        let weights = match mailer {
            Mailer::Google | Mailer::Yahoo => [10, 80, 10],
            Mailer::Exchange => [10, 65, 25],
            Mailer::Apple => [10, 90, 0],
            Mailer::Proton => [0, 10, 90],
            Mailer::Desktop => [60, 30, 10],
            Mailer::Platform => [22, 68, 10],
            Mailer::Script => [45, 20, 35],
        };
        [Self::Plain, Self::QuotedPrintable, Self::Base64][dice.weighted(weights)]
    }

    /// A part with this text. Plain text mostly needs no encoding, and has none then.
    pub(super) fn text(self, subtype: &str, text: &str, dice: &mut Dice) -> Entity {
        let bare = subtype == "plain" && text.is_ascii() && self == Self::QuotedPrintable && dice.chance(800);
        if bare { Self::Plain } else { self }.text_of(subtype, text)
    }

    /// A part with this text in this encoding.
    pub(super) fn text_of(self, subtype: &str, text: &str) -> Entity {
        let short_lines = text.lines().all(|line| line.len() < LINE_MAX);
        let (name, body) = match self {
            Self::Base64 => ("base64", mime::base64_lines(&crlf(text.as_bytes()))),
            Self::Plain if short_lines => (if text.is_ascii() { "7bit" } else { "8bit" }, text.replace('\n', "\r\n")),
            Self::Plain | Self::QuotedPrintable => ("quoted-printable", mime::quoted_printable(text.as_bytes())),
        };
        let fields =
            format!("Content-Type: text/{subtype}; charset=\"utf-8\"\r\nContent-Transfer-Encoding: {name}\r\n");
        Entity { fields, body }
    }
}

/// A picture that a page shows.
#[derive(Debug)]
pub(super) struct Inline {
    /// Its `Content-ID`, without angle brackets.
    pub(super) id: String,
    name: String,
    bytes: Vec<u8>,
}

impl Inline {
    /// A company's logo.
    pub(super) fn logo(dice: &mut Dice) -> Self {
        let name = format!("image{:03}.png", dice.between(1, 9));
        let id = format!(
            "{name}@01D{}.{}",
            dice.characters(alphabet::UPPER_HEX, 5),
            dice.characters(alphabet::UPPER_HEX, 8)
        );
        Self { id, name, bytes: noise(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", LOGO_BYTES_MAX, dice) }
    }

    pub(super) fn into_entity(self) -> Entity {
        let Self { id, name, bytes } = self;
        let fields = format!(
            "Content-Type: image/png; name=\"{name}\"\r\nContent-Description: {name}\r\n\
             Content-Disposition: inline; filename=\"{name}\"; size={}\r\nContent-ID: <{id}>\r\n\
             Content-Transfer-Encoding: base64\r\n",
            bytes.len()
        );
        Entity { fields, body: mime::base64_lines(&bytes) }
    }
}

/// A photograph.
pub(super) fn photo(dice: &mut Dice) -> Entity {
    let name = format!("IMG_{}.jpg", dice.characters(alphabet::DIGITS, 4));
    let bytes = noise(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", PHOTO_BYTES_MAX, dice);
    attachment("image/jpeg", &name, &bytes)
}

/// A document: PDF more often than anything else.
pub(super) fn document(attached: Attached, dice: &mut Dice) -> Entity {
    const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let number = dice.between(1000, 99_999);
    if attached == Attached::Document && dice.chance(400) {
        let bytes = noise(b"PK\x03\x04\x14\0\x06\0", DOCUMENT_BYTES_MAX, dice);
        return attachment(WORD, &format!("draft-{number}.docx"), &bytes);
    }
    let name = *dice.pick(&["invoice", "document", "ticket", "scan", "statement"]);
    attachment("application/pdf", &format!("{name}-{number}.pdf"), &pdf(dice))
}

/// What a reader of PDF recognises: a header, a compressed page, and a trailer.
fn pdf(dice: &mut Dice) -> Vec<u8> {
    let page = noise(b"\x78\x9c", DOCUMENT_BYTES_MAX, dice);
    let mut bytes = format!(
        "%PDF-1.7\n%\u{e2}\u{e3}\u{cf}\u{d3}\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n\
         << /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>\n\
         endobj\n4 0 obj\n<< /Length {} /Filter /FlateDecode >>\nstream\n",
        page.len()
    )
    .into_bytes();
    bytes.extend_from_slice(&page);
    let start = bytes.len();
    bytes.extend_from_slice(
        format!("\nendstream\nendobj\ntrailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").as_bytes(),
    );
    bytes
}

/// Noise behind a beginning: small more often than large, by the cube of a number that is as often one as another.
fn noise(head: &[u8], bytes_max: u32, dice: &mut Dice) -> Vec<u8> {
    let roll = u64::from(dice.between(100, 1000));
    let length = u64::from(bytes_max) * roll * roll * roll / 1_000_000_000;
    let mut bytes = head.to_vec();
    bytes.resize(head.len() + length as usize, 0);
    dice.fill(&mut bytes[head.len()..]);
    bytes
}

fn attachment(media_type: &str, name: &str, bytes: &[u8]) -> Entity {
    let fields = format!(
        "Content-Type: {media_type};\r\n name=\"{name}\"\r\nContent-Disposition: attachment;\r\n filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n"
    );
    Entity { fields, body: mime::base64_lines(bytes) }
}

/// An invitation (RFC 5545, RFC 5546).
pub(super) fn calendar(story: &Story<'_>, draft: &Draft, dice: &mut Dice) -> String {
    let starts = story.moment.plus(i64::from(dice.between(1, 400)) * 3_600).in_zone(0);
    let ends = starts.plus(1_800);
    let (name, address) = (&story.sender.name, &story.sender.address);
    let text = draft.body.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;").replace('\n', "\\n");
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "METHOD:REQUEST".to_owned(),
        "PRODID:-//Example//Calendar 7.1//EN".to_owned(),
        "VERSION:2.0".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", uuid(dice)),
        format!("DTSTAMP:{}", story.moment.in_zone(0).basic()),
        format!("DTSTART:{}", starts.basic()),
        format!("DTEND:{}", ends.basic()),
        format!("SUMMARY:{}", draft.subject.replace(',', "\\,")),
        format!("ORGANIZER;CN=\"{name}\":mailto:{address}"),
        format!(
            "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN={0}:mailto:{0}",
            story.recipient
        ),
        format!("LOCATION:https://meet.example/{}", dice.characters(alphabet::LOWER, 10)),
        format!("DESCRIPTION:{text}"),
        "SEQUENCE:0".to_owned(),
        "STATUS:CONFIRMED".to_owned(),
        "BEGIN:VALARM".to_owned(),
        "ACTION:DISPLAY".to_owned(),
        "DESCRIPTION:REMINDER".to_owned(),
        "TRIGGER;RELATED=START:-PT15M".to_owned(),
        "END:VALARM".to_owned(),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    lines.iter().map(|line| folded(line)).collect()
}

/// A line of a calendar, in lines of at most 75 bytes (RFC 5545, section 3.1).
fn folded(line: &str) -> String {
    let (mut text, mut rest) = (String::new(), line);
    while rest.len() > 74 {
        let (head, tail) = rest.split_at(rest.floor_char_boundary(74));
        text.push_str(head);
        text.push_str("\n ");
        rest = tail;
    }
    format!("{text}{rest}\n")
}

/// The calendar beside the texts, as the alternative that programs show.
pub(super) fn calendar_part(calendar: &str) -> Entity {
    let encoded = Encoding::Base64.text_of("calendar", calendar);
    Entity { fields: encoded.fields.replace("\"utf-8\"", "\"utf-8\"; method=REQUEST"), ..encoded }
}

/// The calendar again, as a file.
pub(super) fn calendar_file(calendar: &str) -> Entity {
    attachment("application/ics", "invite.ics", &crlf(calendar.as_bytes()))
}
