//! What gives a label away without being a reason for it.
//!
//! The SpamAssassin public corpus was collected by a few people: their wanted mail is that of their
//! mailing lists, and their unwanted mail passed through their own servers. A model that learns the
//! names of these lists and servers is right on the corpus and on no other mail. `switchback train` masks what any
//! mailbox may have; this knows one corpus by name, and the releases of `linear` are frozen with it. So, before any
//! feature is extracted:
//!
//! * a line of text that names one of them is dropped, and so is the footer of a mailing list;
//! * tags of mailing lists (`[ILUG]`) are cut from subjects;
//! * mailboxes and links that name one of them are dropped;
//! * years are cut from subjects and texts: the wanted and the unwanted mail are of different months.

use switchback::Message as HostMessage;
use switchback_guest::Message;
use switchback_plugin_linear::{BODY_BYTES_MAX, LINKS_MAX};

use crate::guest::{guest_link, guest_mailbox};

/// What the collectors, their servers, their mailing lists and the lists' hosts are called.
const MARKS: &[&str] = &[
    "jmason",
    "taint.org",
    "spamassassin",
    "spam assassin",
    "zzzz",
    "netnoteinc",
    "slashnull",
    "sightings",
    "razor",
    "satalk",
    "yahoogroups",
    "yahoo! groups",
    "egroups",
    "lists.sourceforge",
    "sourceforge.net/lists",
    "sf.net",
    "osdn",
    "thinkgeek",
    "jabber",
    "linux.ie",
    "ilug",
    "exmh",
    "rpm-list",
    "rpm-zzzlist",
    "freshrpms",
    "xent.com",
    "fork@",
    "fork mailing",
    "listinfo",
    "mailman",
    "listmaster",
    "listserv",
    "mailing list",
    "majordomo",
    "deathtospam",
    "example.com",
    "labs.netnote",
    "spamcop",
    "insurance.iii",
    "dogma",
    "phobos",
    "csmining",
];

/// How many lines the footer of a mailing list has after its rule of underscores.
const FOOTER_LINES: usize = 4;

/// What a model in training sees of a message: subject, sender, text and links, masked.
pub fn message(host: &HostMessage) -> Message {
    let mut builder = Message::builder().subject(&subject(host.subject()));
    for mailbox in host.from().iter().filter(|mailbox| !is_marked(&mailbox.address)) {
        let mut mailbox = guest_mailbox(mailbox);
        if is_marked(&mailbox.name) {
            mailbox.name.clear();
        }
        builder = builder.from_mailbox(mailbox);
    }
    for mailbox in host.reply_to().iter().filter(|mailbox| !is_marked(&mailbox.address)) {
        builder = builder.reply_to_mailbox(guest_mailbox(mailbox));
    }
    // Twice as much, because lines will be missing.
    builder = builder.text(&text(host.text(2 * BODY_BYTES_MAX as usize).value));
    let links = host.links(2 * LINKS_MAX as usize).items.iter();
    for link in links.filter(|link| !is_marked(&link.url)) {
        builder = builder.link_record(guest_link(link));
    }
    builder.build()
}

/// A subject without tags of mailing lists, marks and years.
pub fn subject(subject: &str) -> String {
    let mut masked = String::with_capacity(subject.len());
    let mut rest = subject;
    while let Some((before, after)) = rest.split_once('[') {
        masked.push_str(before);
        rest = after.split_once(']').map_or(after, |(_, after)| after);
    }
    masked.push_str(rest);
    let words = masked.split_whitespace().filter(|word| !is_marked(word) && !is_year(word));
    words.collect::<Vec<_>>().join(" ")
}

/// A text without footers, lines with marks, and years.
pub fn text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut footer = 0_usize;
    for line in text.lines() {
        if line.trim_start_matches(['>', ' ']).starts_with("____________") {
            footer = FOOTER_LINES;
        }
        if footer == 0 && !is_marked(line) {
            push_without_years(line, &mut masked);
        }
        footer = footer.saturating_sub(1);
    }
    masked
}

fn push_without_years(line: &str, masked: &mut String) {
    for word in line.split_inclusive(' ') {
        if !is_year(word.trim()) {
            masked.push_str(word);
        }
    }
    masked.push('\n');
}

fn is_marked(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    MARKS.iter().any(|mark| text.contains(mark))
}

/// Whether a word is a year of the last fifty, with or without punctuation.
fn is_year(word: &str) -> bool {
    let digits = word.trim_matches(|character: char| !character.is_ascii_alphanumeric());
    digits.len() == 4
        && (digits.starts_with("19") || digits.starts_with("20"))
        && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_lists_and_years_leave_the_subject() {
        assert_eq!(subject("Re: [ILUG] Kernel [PATCH] of 2002, again"), "Re: Kernel of again");
        assert_eq!(subject("plain"), "plain");
        assert_eq!(subject("an [open tag"), "an open tag");
    }

    #[test]
    fn footers_and_marked_lines_leave_the_text() {
        let body = "Hello, in 2002 we met.\nSent via SourceForge: sf.net\nBye\n\
                    _______________________________________________\nSome list\nhttp://x\n\nafter";
        assert_eq!(text(body), "Hello, in we met.\nBye\nafter\n");
    }

    #[test]
    fn mailboxes_and_links_of_the_collectors_are_dropped() {
        let host = HostMessage::parse(
            "From: Justin <jm@jmason.org>\r\nReply-To: list@yahoogroups.com\r\nSubject: x\r\n\r\n\
             See http://www.linux.ie/x and http://a.example/\r\n\r\nhttp://b.example/\r\n",
        );
        let masked = message(&host);
        assert!(masked.from().is_empty() && masked.reply_to().is_empty());
        let links: Vec<_> = masked.links(9).items.into_iter().map(|link| link.host).collect();
        assert_eq!(links, ["a.example", "b.example"]);
        assert!(!masked.text(999).value.contains("linux.ie"));
    }
}
