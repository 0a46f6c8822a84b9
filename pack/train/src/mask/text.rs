//! Texts without what is masked in them.

use std::borrow::Cow;

/// The most lines that a footer has behind its rule.
const FOOTER_LINES_MAX: usize = 12;

/// The fewest underscores of the rule above a footer.
const RULE: &str = "____________________";

/// A subject without what stands in brackets: a list's name.
pub(super) fn without_tags(subject: &str) -> Cow<'_, str> {
    let Some((before, after)) = subject.split_once('[') else { return Cow::Borrowed(subject) };
    let Some((_, after)) = after.split_once(']') else { return Cow::Borrowed(subject) };
    Cow::Owned(before.to_owned() + &without_tags(after))
}

/// Words by which a filter says in the subject what it makes of a message, and words that stand beside them.
const VERDICTS: [&str; 13] = [
    "spam",
    "junk",
    "bulk",
    "virus",
    "malware",
    "phish",
    "phishing",
    "fraud",
    "disarmed",
    "graymail",
    "marketing",
    "external",
    "ext",
];
const BESIDE: [&str; 20] = [
    "suspected",
    "suspect",
    "suspicious",
    "probable",
    "probably",
    "possible",
    "possibly",
    "likely",
    "potential",
    "definitely",
    "confirmed",
    "detected",
    "high",
    "low",
    "score",
    "hits",
    "mail",
    "email",
    "warning",
    "is",
];

/// A subject without what a filter or the receiving server wrote in front of it: `*****SPAM*****`, `[SPAM 7.5]`, `{Spam?}`, `[EXTERNAL]`.
pub(super) fn without_verdicts(subject: &str) -> &str {
    let mut rest = subject;
    while let Some(after) = behind_verdict(rest) {
        rest = after;
    }
    rest
}

fn behind_verdict(subject: &str) -> Option<&str> {
    let text = subject.trim_start();
    let opening = text.chars().next()?;
    let (said, after) = match opening {
        '[' => text[1..].split_once(']')?,
        '{' => text[1..].split_once('}')?,
        '*' => text.trim_start_matches('*').trim_start().split_once('*')?,
        _ => return None,
    };
    let lower = said.to_ascii_lowercase();
    let words = || lower.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let is_verdict = said.is_ascii() && words().any(|word| VERDICTS.contains(&word));
    (is_verdict && words().all(|word| VERDICTS.contains(&word) || BESIDE.contains(&word)))
        .then(|| after.trim_start_matches('*').trim_start())
}

/// A text without the footers of its list, quoted ones too: the lines behind a rule of underscores, as far as a blank line that
/// something else follows.
pub(super) fn without_footer(text: &str) -> Cow<'_, str> {
    if !text.contains(RULE) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut footer = 0_usize;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_matches(['>', ' ', '|', '\r', '\n']);
        if bare.starts_with(RULE) {
            footer = FOOTER_LINES_MAX;
        } else if bare.is_empty() {
            footer = 0;
        }
        if footer == 0 {
            kept.push_str(line);
        }
        footer = footer.saturating_sub(1);
    }
    Cow::Owned(kept)
}

/// A text without an address in lower case, however it is written there, with its `@` as it is or as URLs have it.
pub(super) fn without<'a>(text: Cow<'a, str>, address: &str) -> Cow<'a, str> {
    let forms = [address.to_owned(), address.replace('@', "%40")];
    forms.iter().fold(text, |text, form| match find(&text, form) {
        None => text,
        Some(_) => Cow::Owned(cut(&text, form)),
    })
}

fn cut(text: &str, form: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find(rest, form) {
        kept.extend([&rest[..at], " "]);
        rest = &rest[at + form.len()..];
    }
    kept + rest
}

/// Where a text in lower case is in another, whatever its case. Only letters of ASCII have one here, so places stay.
fn find(text: &str, lower: &str) -> Option<usize> {
    let mark = lower.find(['@', '%']).unwrap_or(0);
    let (text, lower) = (text.as_bytes(), lower.as_bytes());
    let is_here = |at: usize| text.get(at..at + lower.len()).is_some_and(|part| part.eq_ignore_ascii_case(lower));
    let marks = text.iter().enumerate().filter(|(_, byte)| **byte == lower[mark]);
    marks.filter_map(|(at, _)| at.checked_sub(mark)).find(|at| is_here(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_lists_leave_the_subject() {
        assert_eq!(without_tags("Re: [ILUG] Kernel [PATCH] again"), "Re:  Kernel  again");
        assert_eq!(without_tags("an [open tag"), "an [open tag");
    }

    #[test]
    fn what_a_filter_says_leaves_the_subject_and_what_the_sender_says_stays() {
        for subject in [
            "*****SPAM***** hello",
            "*** SPAM *** hello",
            "***SPAM(9.4)*** hello",
            "[SPAM] hello",
            "[SPAM 7.5 hits] [EXTERNAL] hello",
            "[SUSPECTED_SPAM] hello",
            "{Spam?} hello",
            "{Disarmed} {Definitely Spam?}hello",
        ] {
            assert_eq!(without_verdicts(subject), "hello", "{subject}");
        }
        for subject in [
            "spam: hello",
            "[Spam-L] hello",
            "[junk mail",
            "** hello **",
            "[bulk order] hello",
            "Re: [SPAM] hello",
            "",
            "*",
        ] {
            assert_eq!(without_verdicts(subject), subject);
        }
    }

    #[test]
    fn footers_leave_the_text_quoted_or_not() {
        let footer =
            "_______________________________________________\nSome list -- a@b.example\nTo leave: c@b.example\n";
        let text = format!("hello\n{footer}\nafter\n> {}\nbye\n", footer.trim_end().replace('\n', "\n> "));
        assert_eq!(without_footer(&text), "hello\n\nafter\n");
        assert_eq!(without_footer("a __ b\n"), "a __ b\n");
        let long = format!("{RULE}\n{}", "line\n".repeat(FOOTER_LINES_MAX));
        assert_eq!(without_footer(&long), "line\n", "one that does not end");
    }

    #[test]
    fn an_address_leaves_texts_and_urls() {
        let cut = |text: &'static str| without(Cow::Borrowed(text), "trap@pot.example").into_owned();
        assert_eq!(cut("Dear Trap@POT.example, trap@pot.example!"), "Dear  ,  !");
        assert_eq!(cut("http://x.example/?to=trap%40pot.example&y"), "http://x.example/?to= &y");
        assert_eq!(cut("nobody@pot.example"), "nobody@pot.example");
    }
}
