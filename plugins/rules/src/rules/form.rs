//! How the message is made: what mail programs do, and bulk mailers often do not.

use crate::mail::Mail;
use crate::rule::{Rule, rule};
use switchback_guest::Category::{Bulk, Ham, Phish, Spam};

/// Less text than this beside a picture is no text.
const LITTLE_TEXT_BYTES: usize = 80;

pub(super) const RULES: &[Rule] = &[
    rule("DATE_UNUSABLE", 3.0, Spam, "the date is missing or cannot be read", |mail| mail.defects.bad_date),
    rule("MESSAGE_ID_MISSING", 1.2, Spam, "the message has no identification", |mail| mail.message_id.is_none()),
    rule("MESSAGE_ID_ODD", 2.0, Spam, "the message's identification names no host", |mail| {
        mail.message_id.as_deref().is_some_and(names_no_host)
    }),
    rule("MIME_BROKEN", 1.8, Spam, "the structure or an encoding is broken", |mail| mail.defects.bad_mime),
    rule("BYTES_BROKEN", 2.0, Spam, "there are bytes that may not be there", |mail| mail.defects.bad_bytes),
    rule("HTML_ONLY", 0.5, Spam, "there is nothing but HTML", |mail| mail.has_html && mail.counts.parts == 1),
    rule("HTML_FORM", 0.3, Phish, "there is a form to fill in", |mail| mail.tags.has("form")),
    rule("HTML_SCRIPT", 0.2, Spam, "there is a program in the HTML", |mail| mail.tags.has("script")),
    rule("HTML_LOUD", 0.3, Spam, "the HTML is centred or blinks", |mail| {
        ["center", "marquee", "blink"].iter().any(|tag| mail.tags.has(tag))
    }),
    rule("PICTURE_ONLY", 3.0, Spam, "there is a picture and hardly any text", is_picture),
    rule("LIST", -0.8, Bulk, "a mailing list sent it and says how to leave", |mail| mail.is_list && !mail.answers),
    rule("LIST_ANSWER", -2.0, Ham, "an answer on a mailing list", |mail| mail.is_list && mail.answers),
];

/// `<part@host>` is the form.
fn names_no_host(message_id: &str) -> bool {
    let host = message_id.trim().trim_end_matches('>').rsplit_once('@').map_or("", |(_, host)| host);
    host.is_empty() || !host.contains(|c: char| c.is_alphanumeric())
}

fn is_picture(mail: &Mail) -> bool {
    mail.text.trim().len() < LITTLE_TEXT_BYTES && mail.tags.has("img")
}

#[cfg(test)]
mod tests {
    use crate::rule::tests::applies;
    use switchback_guest::{Defects, Message, MessageBuilder};

    fn html(html: &str) -> MessageBuilder {
        Message::builder().html(html)
    }

    #[test]
    fn what_every_mail_program_writes() {
        let id = |id: &str| Message::builder().header("Message-ID", id);
        assert!(applies("MESSAGE_ID_MISSING", Message::builder()));
        assert!(!applies("MESSAGE_ID_MISSING", id("<1@example.com>")));
        assert!(applies("MESSAGE_ID_ODD", id("<1@>")) && applies("MESSAGE_ID_ODD", id("123")));
        assert!(!applies("MESSAGE_ID_ODD", id("<1@example.com>")));
        assert!(!applies("MESSAGE_ID_ODD", Message::builder()));
    }

    #[test]
    fn each_defect_has_its_rule() {
        let none = Defects::default;
        for (rule, defects) in [
            ("DATE_UNUSABLE", Defects { bad_date: true, ..none() }),
            ("MIME_BROKEN", Defects { bad_mime: true, ..none() }),
            ("BYTES_BROKEN", Defects { bad_bytes: true, ..none() }),
        ] {
            assert!(applies(rule, Message::builder().defects(defects)), "{rule}");
            assert!(!applies(rule, Message::builder()), "{rule}");
        }
    }

    #[test]
    fn what_stands_in_the_html() {
        assert!(applies("HTML_FORM", html("<p><FORM action=x>")) && !applies("HTML_FORM", html("<format>")));
        assert!(applies("HTML_SCRIPT", html("<script>")) && !applies("HTML_SCRIPT", html("script")));
        assert!(applies("HTML_LOUD", html("<CENTER>")) && !applies("HTML_LOUD", html("<p>center")));
        assert!(applies("HTML_ONLY", html("<p>")) && !applies("HTML_ONLY", html("<p>").parts(3)));
        assert!(!applies("HTML_ONLY", Message::builder().text("text")));
        assert!(applies("PICTURE_ONLY", html("<img src=x>").text(" \n")));
        assert!(!applies("PICTURE_ONLY", html("<img src=x>").text(&"much text ".repeat(20))));
        assert!(!applies("PICTURE_ONLY", html("<p>")));
    }

    #[test]
    fn lists_and_answers_on_lists() {
        let list = || Message::builder().header("List-Unsubscribe", "<mailto:leave@example.com>");
        assert!(applies("LIST", list()) && !applies("LIST", Message::builder()));
        assert!(applies("LIST_ANSWER", list().header("References", "<1@example.com>")));
        assert!(!applies("LIST_ANSWER", list()));
    }
}
