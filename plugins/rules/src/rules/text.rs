//! What the message says.

use super::subject::invisible;
use crate::mail::Mail;
use crate::phrases::Topic;
use crate::rule::{Rule, rule};
use switchback_guest::Category::{Phish, Spam};

/// The Generic Test for Unsolicited Bulk Email: <https://spamassassin.apache.org/gtube/>.
const GTUBE: &str = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

/// Invisible characters in a text that are no accident: newsletters use a few.
const MANY_INVISIBLE: usize = 8;

pub(super) const RULES: &[Rule] = &[
    rule("GTUBE", 30.0, Spam, "the standard test string of spam filters", is_gtube),
    rule("ASKS_CREDENTIALS", 1.5, Phish, "the reader is to confirm an account or a password", |mail| {
        mail.topics.has(Topic::Credentials)
    }),
    rule("THREATENS", 1.2, Phish, "the reader is warned of a block or of strange activity", |mail| {
        mail.topics.has(Topic::Threat)
    }),
    rule("ADVANCE_FEE", 3.5, Phish, "a stranger's millions: three phrases of advance-fee fraud", |mail| {
        mail.topics.count(Topic::AdvanceFee) >= 3
    }),
    rule("EXTORTION", 3.0, Phish, "two phrases of extortion", |mail| mail.topics.count(Topic::Extortion) >= 2),
    rule("SHOP_TALK", 0.3, Spam, "two phrases of bulk advertising", |mail| mail.topics.count(Topic::Selling) >= 2),
    rule("MUCH_SHOP_TALK", 1.4, Spam, "four phrases of bulk advertising", |mail| {
        mail.topics.count(Topic::Selling) >= 4
    }),
    rule("GOODS", 0.3, Spam, "goods that are sold by bulk mail", |mail| mail.topics.has(Topic::Goods)),
    rule("REMOVAL", 1.8, Spam, "it says how not to get such mail again", |mail| mail.topics.has(Topic::Removal)),
    rule("EXCUSE", 1.6, Spam, "it says that it is not spam", |mail| mail.topics.has(Topic::Excuse)),
    rule("CLICK_HERE", 1.1, Spam, "it says where to click", |mail| mail.topics.has(Topic::ClickHere)),
    rule("TEXT_SHOUTS", 0.3, Spam, "a line of the text is in capitals", |mail| mail.text.lines().any(shouts)),
    rule("TEXT_EXCLAIMS", 2.4, Spam, "the text exclaims twice in a row", |mail| mail.text.contains("!!")),
    rule("TEXT_MONEY", 1.2, Spam, "the text names a large sum of money", |mail| names_large_sum(&mail.text)),
    rule("INVISIBLE_TEXT", 1.5, Phish, "many characters that nobody sees", |mail| {
        invisible(&mail.text) >= MANY_INVISIBLE
    }),
];

/// Twenty letters or more, and none of them small.
fn shouts(line: &str) -> bool {
    let capitals = line.bytes().filter(u8::is_ascii_uppercase).count();
    capitals >= 20 && !line.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// A dollar sign and four digits or more: `$5,000`, `$ 10000`.
fn names_large_sum(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let sum = text[at + 1..].bytes().skip_while(|byte| *byte == b' ');
        sum.take_while(|byte| byte.is_ascii_digit() || *byte == b',').filter(u8::is_ascii_digit).count() >= 4
    })
}

/// The phrase table finds it with any digits; it has to be exact.
fn is_gtube(mail: &Mail) -> bool {
    mail.topics.has(Topic::Gtube) && mail.text.contains(GTUBE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::tests::applies;
    use switchback_guest::Message;

    fn check(rule: &str, yes: &[&str], no: &[&str]) {
        yes.iter().for_each(|text| assert!(applies(rule, Message::builder().text(text)), "{rule}: {text:?}"));
        no.iter().for_each(|text| assert!(!applies(rule, Message::builder().text(text)), "{rule}: {text:?}"));
    }

    #[test]
    fn gtube_has_to_be_exact() {
        check(
            "GTUBE",
            &[GTUBE, &format!("Text\n{GTUBE}\nand more")],
            &[&GTUBE.replace("34X", "35X"), &GTUBE.to_lowercase()],
        );
    }

    #[test]
    fn phishing() {
        check("ASKS_CREDENTIALS", &["Please verify your\naccount"], &["a verified account"]);
        check("THREATENS", &["We noticed unusual activity"], &["usual activity"]);
        check(
            "ADVANCE_FEE",
            &["a barrister for the next of kin, ten million dollars"],
            &["a million dollars for the lottery"],
        );
        check("EXTORTION", &["I recorded you with your webcam"], &["is your webcam on?"]);
        check("INVISIBLE_TEXT", &[&"a\u{200b}b".repeat(8)], &["a\u{200b}b"]);
    }

    #[test]
    fn loud_text() {
        check("TEXT_SHOUTS", &["Hello\nTHIS IS A GREAT OPPORTUNITY!"], &["THIS IS A GREAT opportunity", "NASA\nESA"]);
        check("TEXT_EXCLAIMS", &["Now!!"], &["Now!", "Now! And then!"]);
        check("TEXT_MONEY", &["$5,000", "earn $ 10000 a week"], &["$500", "5,000 $", "$12.3456"]);
    }

    #[test]
    fn advertising() {
        check("SHOP_TALK", &["Act now, order today"], &["Act now"]);
        check("MUCH_SHOP_TALK", &["Act now, order today, risk free, no obligation"], &["Act now, order today"]);
        check("GOODS", &["refinance your house"], &["finance"]);
        check("REMOVAL", &["to be removed from our list"], &["he was removed from office"]);
        check("EXCUSE", &["This is not SPAM"], &["this is spam"]);
        check("CLICK_HERE", &["CLICK HERE"], &["it clicks here"]);
    }
}
