//! The subject.

use super::sender::mixes_alphabets;
use crate::mail::Mail;
use crate::phrases::Topic;
use crate::rule::{Rule, rule};
use switchback_guest::Category::{Ham, Phish, Spam};

pub(super) const RULES: &[Rule] = &[
    rule("SUBJECT_EMPTY", 0.7, Spam, "there is no subject", |mail| mail.subject.trim().is_empty()),
    rule("SUBJECT_SHOUTS", 3.0, Spam, "the subject is in capitals", |mail| shouts(&mail.subject)),
    rule("SUBJECT_EXCLAIMS", 1.3, Spam, "the subject exclaims", |mail| mail.subject.contains('!')),
    rule("SUBJECT_MONEY", 1.3, Spam, "the subject names a sum of money", |mail| names_money(&mail.subject)),
    rule("SUBJECT_TAIL", 3.5, Spam, "a token stands far behind the subject", has_tail),
    rule("SUBJECT_ADVERTISES", 3.0, Spam, "the subject says it is advertising", |mail| {
        mail.subject.trim_start().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("adv:"))
    }),
    rule("SUBJECT_INVISIBLE", 2.5, Phish, "the subject has characters that nobody sees", |mail| {
        invisible(&mail.subject) > 0
    }),
    rule("SUBJECT_MIXED_SCRIPTS", 2.0, Phish, "the subject mixes alphabets within a word", |mail| {
        mixes_alphabets(&mail.subject)
    }),
    rule("SUBJECT_THREATENS", 1.8, Phish, "the subject is about a blocked or endangered account", |mail| {
        mail.subject_topics.has(Topic::Threat) || mail.subject_topics.has(Topic::Credentials)
    }),
    rule("SUBJECT_SELLS", 1.2, Spam, "the subject is shop talk", |mail| {
        mail.subject_topics.has(Topic::Selling) || mail.subject_topics.has(Topic::Goods)
    }),
    rule("FAKE_REPLY", 0.2, Spam, "the subject claims to answer, but nothing is answered", |mail| {
        claims_to_answer(&mail.subject) && !mail.answers
    }),
    rule("ANSWER", -3.0, Ham, "it answers another message", |mail| claims_to_answer(&mail.subject) && mail.answers),
];

/// Ten letters or more, of which at most one in ten is small.
fn shouts(subject: &str) -> bool {
    let capitals = subject.chars().filter(|c| c.is_uppercase()).count();
    let small = subject.chars().filter(|c| c.is_lowercase()).count();
    capitals + small >= 10 && small * 10 <= capitals + small
}

/// A currency sign with a digit beside it.
fn names_money(subject: &str) -> bool {
    let signs = subject.match_indices(['$', '£', '€']);
    signs.map(|(at, sign)| (subject[..at].chars().next_back(), subject[at + sign.len()..].chars().next())).any(
        |around| {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            digit(around.0) || digit(around.1)
        },
    )
}

/// One word after a wide gap: `Lose weight          xqzvt`, to make each copy different.
fn has_tail(mail: &Mail) -> bool {
    mail.subject.trim_end().rsplit_once("     ").is_some_and(|(_, tail)| !tail.trim().contains(' '))
}

fn claims_to_answer(subject: &str) -> bool {
    subject.trim_start().get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:"))
}

/// How many characters are there only to break up words.
pub(super) fn invisible(text: &str) -> usize {
    if text.is_ascii() {
        return 0;
    }
    text.matches(['\u{AD}', '\u{200B}', '\u{200C}', '\u{2060}', '\u{FEFF}']).count()
}

#[cfg(test)]
mod tests {
    use crate::rule::tests::applies;
    use switchback_guest::Message;

    fn check(rule: &str, yes: &[&str], no: &[&str]) {
        for subject in yes {
            assert!(applies(rule, Message::builder().subject(subject)), "{rule}: {subject:?}");
        }
        for subject in no {
            assert!(!applies(rule, Message::builder().subject(subject)), "{rule}: {subject:?}");
        }
    }

    #[test]
    fn the_form_of_a_subject() {
        check("SUBJECT_EMPTY", &["", "  "], &["x"]);
        check("SUBJECT_SHOUTS", &["READ THIS NOW", "URGENT: ANSWER!!"], &["NASA, ESA", "Read this now", "ОТВЕТ ждём"]);
        check("SUBJECT_EXCLAIMS", &["Free!"], &["Free?"]);
        check("SUBJECT_MONEY", &["Earn $500", "500€ for you", "US$ 5 or $5"], &["$HOME is unset", "500 people"]);
        check("SUBJECT_TAIL", &["Lose weight          qzx81"], &["A  table     of two words", "plain"]);
        check("SUBJECT_ADVERTISES", &["ADV: pills", " adv:x"], &["advice", "adv"]);
    }

    #[test]
    fn the_words_of_a_subject() {
        check("SUBJECT_THREATENS", &["Your account has been suspended", "Verify your ACCOUNT"], &["Your account"]);
        check("SUBJECT_SELLS", &["Make money from home", "Cheap Viagra"], &["Make haste"]);
        check("SUBJECT_INVISIBLE", &["Pay\u{200b}Pal"], &["PayPal"]);
        check("SUBJECT_MIXED_SCRIPTS", &["Vеrify"], &["Verify", "Привет world"]);
    }

    #[test]
    fn an_answer_needs_something_to_answer() {
        check("FAKE_REPLY", &["Re: your mail", "RE: x"], &["Your mail", "Regards"]);
        let answer = || Message::builder().subject("Re: x").header("In-Reply-To", "<1@example.com>");
        assert!(!applies("FAKE_REPLY", answer()));
        assert!(applies("ANSWER", answer()));
        check("ANSWER", &[], &["Re: x"]);
    }
}
