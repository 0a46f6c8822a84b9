//! Texts without the messages that are forwarded or returned in them.

use std::borrow::Cow;

/// How a line goes on, behind its dashes, above a message that somebody else wrote.
const BEGINNINGS: [&str; 7] = [
    // Gmail, Thunderbird, mutt, MH.
    "forwarded message",
    // Notes.
    "forwarded by",
    // sendmail.
    "original message follows",
    "unsent message follows",
    // qmail.
    "below this line is a copy of the message",
    // Exim.
    "this is a copy of the message",
    "this is a copy of your message",
];

/// The same of Apple Mail, without dashes.
const APPLE: &str = "begin forwarded message:";

/// The same of Outlook, which has it above what is answered too: where the subject says that it is forwarded.
const OUTLOOK: &str = "original message";

/// How it goes on below such a message: mutt, MH.
const ENDS: [&str; 2] = ["end forwarded message", "end of forwarded message"];

/// How subjects of what is forwarded begin.
const SUBJECTS: [&str; 4] = ["fw:", "fwd:", "[fwd:", "wg:"];

/// A text without what is forwarded in it; as it was where nothing is.
pub(super) fn without_forwarded<'a>(text: Cow<'a, str>, subject: &str) -> Cow<'a, str> {
    let is_forward = SUBJECTS.iter().any(|prefix| starts_with(subject.trim_start(), prefix));
    let begins = |line: &str| {
        starts_with(line, APPLE)
            || behind_dashes(line).is_some_and(|said| {
                BEGINNINGS.iter().any(|known| starts_with(said, known)) || (is_forward && starts_with(said, OUTLOOK))
            })
    };
    let ends = |line: &str| behind_dashes(line).is_some_and(|said| ENDS.iter().any(|known| starts_with(said, known)));
    if !text.lines().any(begins) {
        return text;
    }
    let mut kept = String::with_capacity(text.len());
    let mut is_inside = false;
    for line in text.split_inclusive('\n') {
        is_inside |= begins(line);
        if !is_inside {
            kept.push_str(line);
        }
        is_inside &= !ends(line);
    }
    Cow::Owned(kept)
}

/// What a line says behind three dashes or more.
fn behind_dashes(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let said = line.trim_start_matches('-');
    (line.len() - said.len() >= 3).then(|| said.trim_start())
}

fn starts_with(text: &str, lower: &str) -> bool {
    text.as_bytes().get(..lower.len()).is_some_and(|start| start.eq_ignore_ascii_case(lower.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_wrote_leaves_the_text() {
        for mark in [
            "---------- Forwarded message ---------",
            "-------- Forwarded Message --------",
            "Begin forwarded message:",
            "------------- Forwarded by A B/Example on 01/02/2003 ---",
            "   ----- Original message follows -----",
            "--- Below this line is a copy of the message.",
            "------ This is a copy of the message, including all the headers. ------",
        ] {
            let text = format!("is this spam?\n{mark}\nFrom: pills\n\ncheap pills\n");
            assert_eq!(without_forwarded(Cow::Borrowed(&text), "hello"), "is this spam?\n", "{mark}");
        }
        let mutt = "look\n----- Forwarded message from a <b> -----\npills\n----- End forwarded message -----\nbye\n";
        assert_eq!(without_forwarded(Cow::Borrowed(mutt), "x"), "look\nbye\n");
        let mh = "look\n----- Forwarded Message\npills\n----- End of Forwarded Message\nbye\n";
        assert_eq!(without_forwarded(Cow::Borrowed(mh), "x"), "look\nbye\n");
    }

    #[test]
    fn what_is_answered_or_only_spoken_of_stays() {
        let outlook = "yes\n-----Original Message-----\nFrom: b\n\nis it?\n";
        assert_eq!(without_forwarded(Cow::Borrowed(outlook), "RE: it"), outlook);
        for subject in ["Fw: it", " FWD: it", "[Fwd: it]", "WG: it"] {
            assert_eq!(without_forwarded(Cow::Borrowed(outlook), subject), "yes\n", "{subject}");
        }
        for text in ["a forwarded message is one that\n", "--\nforwarded message\n", "-- forwarded message\n", ""] {
            assert_eq!(without_forwarded(Cow::Borrowed(text), "fw: x"), text);
        }
    }
}
