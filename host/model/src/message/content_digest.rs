//! What a message says, as a digest. See [`Message::content_digest`] for the format, which is frozen.

use sha2::{Digest, Sha256};

use super::Message;

/// Stands before a text with its bytes as they are, so that it is never taken for a body.
const UNDECODED: &[u8] = b"undecoded";

/// [`Message::content_digest`].
pub(super) fn of(message: &Message) -> [u8; 32] {
    let text = message.text(usize::MAX);
    let links = message.links(usize::MAX);
    let attachments = message.attachments();
    let literal = message.literal_text();
    let literal = literal.as_ref().map(|kept| kept.content(usize::MAX));
    let mut hash = Sha256::new();
    add(&mut hash, normalised(text.value).as_bytes());
    add_count(&mut hash, links.items.len());
    links.items.iter().for_each(|link| add(&mut hash, link.host.as_bytes()));
    add_count(&mut hash, attachments.items.len());
    attachments.items.iter().for_each(|attachment| add(&mut hash, attachment.sha256.as_bytes()));
    let is_cut = text.truncated || literal.is_some_and(|literal| literal.truncated);
    // Parts that were not read are in none of the lists, and no list says so.
    let is_too_complex = message.layout().is_too_complex;
    if is_cut || links.truncated || attachments.truncated || is_too_complex {
        // Else whoever knows a message that is let through could change what lies beyond the bounds.
        add(&mut hash, message.body_bytes());
    }
    if let Some(literal) = literal {
        // Else all that nobody can decode would be one content: so many U+FFFD.
        add(&mut hash, UNDECODED);
        add(&mut hash, normalised(literal.value).as_bytes());
    }
    hash.finalize().into()
}

fn add(hash: &mut Sha256, bytes: &[u8]) {
    add_count(hash, bytes.len());
    hash.update(bytes);
}

fn add_count(hash: &mut Sha256, count: usize) {
    hash.update((count as u64).to_le_bytes());
}

/// Words in lower case with one space between them.
fn normalised(text: &str) -> String {
    let mut normalised = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !normalised.is_empty() {
            normalised.push(' ');
        }
        normalised.extend(word.chars().flat_map(char::to_lowercase));
    }
    normalised
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::attachments::hex;

    fn mail(subject: &str, text: &str, html: &str, attached: &str) -> String {
        let message = Message::parse(format!(
            "From: a@x.example\nSubject: {subject}\nContent-Type: multipart/mixed; boundary=b\n\n\
             --b\nContent-Type: text/plain\n\n{text}\n--b\nContent-Type: text/html\n\n{html}\n\
             --b\nContent-Type: application/pdf; name=a.pdf\n\n{attached}\n--b--\n"
        ));
        hex(&message.content_digest())
    }

    const HTML: &str = "<a href='http://one.example/?for=you'>here</a>";

    #[test]
    fn the_digest_is_frozen() {
        let frozen = "667597ab3e83e15e3b0fb143bc767d7aa7e2abdd28f6dc7ee4a7f99f8cdbe378";
        assert_eq!(mail("hi", "Caf\u{c9}  GRÜSSE\t\n ok", HTML, "1234"), frozen);
        let nothing = "9d908ecfb6b256def8b49a7c504e6c889c4b0e41fe6ce3e01863dd7b61a20aa0";
        assert_eq!(hex(&Message::parse("").content_digest()), nothing);
    }

    #[test]
    fn header_spacing_case_and_paths_do_not_matter() {
        let sent = mail("hi", "Pay now", HTML, "1234");
        assert_eq!(mail("other", " PAY \n\n now ", &HTML.replace("you", "me"), "1234"), sent);
    }

    #[test]
    fn what_it_says_where_it_leads_and_what_it_carries_matter() {
        let sent = mail("hi", "Pay now", HTML, "1234");
        assert_ne!(mail("hi", "Pay later", HTML, "1234"), sent);
        assert_ne!(mail("hi", "Pay now", &HTML.replace("one", "two"), "1234"), sent);
        assert_ne!(mail("hi", "Pay now", HTML, "1235"), sent);
    }

    #[test]
    fn of_a_message_beyond_the_bounds_every_byte_matters() {
        let digest = |body: String| Message::parse(format!("Subject: x\n\n{body}")).content_digest();
        let long = "word ".repeat(300_000);
        assert_eq!(digest(long.clone()), digest(long.clone()));
        assert_ne!(digest(long.clone()), digest(format!("{long}http://evil.example/")));
    }

    #[test]
    fn of_a_message_with_more_structure_than_is_read_every_byte_matters() {
        let digest = |message: &str| Message::parse(message).content_digest();
        let of_parts =
            |parts: &str| format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n{parts}--b--\n");
        let evil = "--b\nContent-Type: text/html\n\n<a href='http://evil.example/'>here</a>\n";
        let empty = "--b\n\n\n".repeat(1_000);
        assert_ne!(digest(&of_parts(&format!("{empty}{evil}"))), digest(&of_parts(&empty)));
        assert_ne!(digest(&of_parts(&format!("{empty}{evil}"))), digest("\nhello\n"));
        let nested = "Content-Type: message/rfc822\n\n".repeat(100);
        assert_ne!(digest(&format!("{nested}Subject: x\n\na")), digest(&format!("{nested}Subject: x\n\nb")));
    }

    #[test]
    fn what_cannot_be_decoded_counts_by_its_bytes() {
        let digest = |body: &[u8]| {
            let header = b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";
            Message::parse([&header[..], body].concat()).content_digest()
        };
        assert_ne!(digest(b"pay \xE0\xC1"), digest(b"pay \xC0\xE1"));
        assert_ne!(digest(b"pay \xE0\xC1"), digest("pay \u{fffd}\u{fffd}".as_bytes()));
        assert_eq!(
            digest(b"pay  \xE0\xC1\n"),
            digest(b"PAY \xE0\xC1"),
            "white space and case do not matter here either"
        );
        let html = |byte: &str| {
            Message::parse(format!(
                "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<b>={byte}</b>"
            ))
            .content_digest()
        };
        assert_ne!(html("E0"), html("E1"));
    }
}
