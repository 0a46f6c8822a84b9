//! Messages that are sent again, otherwise or with another content: what becomes of the fingerprint?

use rayon::prelude::*;
use switchback::message::{Fingerprint, Recipients};
use switchback::{Envelope, Message};

use crate::corpus::Mail;
use crate::mail::{Encoding, Kind, with_another_attachment, with_fields, with_texts};
use crate::person::{PEOPLE, Person};
use crate::table;

/// Makes another message of one for somebody; none if it cannot be made of this one.
type Mutation = fn(&Mail, &Person) -> Option<Message>;

const SENT_AGAIN: [(&str, Mutation); 11] = [
    ("Message-ID, Date, Received", ids),
    ("recipient: envelope", envelope),
    ("recipient: envelope, To, no Cc", recipient),
    ("the same, and the name wherever it was", renamed),
    ("the same, and a line `Dear NAME,`", greeted),
    ("the same, and NAME in mid-text", named),
    ("query and fragment of every link", tracked),
    ("lines wrapped at 60", wrapped),
    ("UTF-8, quoted-printable", quoted),
    ("UTF-8, base64", base64),
    ("all of these, quoted-printable", everything),
];

const OTHER_CONTENT: [(&str, Mutation); 5] = [
    ("one word", other_word),
    ("one sentence", other_sentence),
    ("another host in the first link", other_host),
    ("another attachment", other_attachment),
    ("other digits (tells who is taken literally)", other_digits),
];

pub(crate) fn report(corpus: &[Mail]) {
    let measure = |mutations: &[(&str, Mutation)]| {
        mutations.iter().map(|(what, mutation)| row(what, &changed(corpus, *mutation))).collect::<Vec<_>>()
    };
    table::print("Sent again with another ...", &["what changed", "messages", "split", "share"], &measure(&SENT_AGAIN));
    table::print("Another content", &["what changed", "messages", "told apart", "share"], &measure(&OTHER_CONTENT));
}

fn row(what: &str, changed: &[bool]) -> Vec<String> {
    let count = changed.iter().filter(|changed| **changed).count();
    vec![what.to_owned(), changed.len().to_string(), count.to_string(), table::share(count, changed.len())]
}

/// Of each message that can be changed so, whether the fingerprint is another.
fn changed(corpus: &[Mail], mutation: Mutation) -> Vec<bool> {
    let asked = corpus.par_iter().enumerate().filter_map(|(index, mail)| {
        let made: Fingerprint = mutation(mail, &PEOPLE[index % PEOPLE.len()])?.fingerprint();
        Some(made != mail.fingerprint)
    });
    asked.collect()
}

const TRANSPORT: &str = "Received: from relay.example (relay.example [192.0.2.25])\n\tby mx.other.example; Tue, 3 Mar 2026 \
    08:00:00 +0000\nMessage-ID: <another.id.4711@other.example>\nDate: Tue, 3 Mar 2026 07:59:58 +0000\n";

fn ids(mail: &Mail, _: &Person) -> Option<Message> {
    Some(Message::parse(with_fields(&mail.bytes, &["message-id", "date"], TRANSPORT)))
}

fn addressed(bytes: &[u8], person: &Person) -> Vec<u8> {
    let to = format!("To: \"{}\" <{}>\n", person.name(), person.address);
    with_fields(bytes, &["to", "cc"], &to)
}

fn sent_to(bytes: Vec<u8>, person: &Person) -> Message {
    Message::builder(bytes).envelope(Envelope::new().recipient(person.address)).build()
}

fn envelope(mail: &Mail, person: &Person) -> Option<Message> {
    Some(sent_to(mail.bytes.clone(), person))
}

fn recipient(mail: &Mail, person: &Person) -> Option<Message> {
    Some(sent_to(addressed(&mail.bytes, person), person))
}

fn renamed(mail: &Mail, person: &Person) -> Option<Message> {
    edited(mail, person, &mut |_, text| text.to_owned())
}

fn greeted(mail: &Mail, person: &Person) -> Option<Message> {
    edited(mail, person, &mut |kind, text| greeting(kind, text, person))
}

fn greeting(kind: Kind, text: &str, person: &Person) -> String {
    match kind {
        Kind::Plain => format!("Dear {},\n\n{text}", person.name()),
        Kind::Html => {
            let body = text.to_ascii_lowercase().find("<body").and_then(|at| Some(at + text[at..].find('>')? + 1));
            let (head, rest) = text.split_at(body.unwrap_or(0));
            format!("{head}<p>Dear {},</p>{rest}", person.name())
        }
    }
}

fn named(mail: &Mail, person: &Person) -> Option<Message> {
    edited(mail, person, &mut |kind, text| in_middle(kind, text, person))
}

/// The name behind the first sentence that ends in the second half.
fn in_middle(kind: Kind, text: &str, person: &Person) -> String {
    let half = text.floor_char_boundary(text.len() / 2);
    let mut at = 0;
    let mut done = false;
    nodes(kind, text, |node| {
        at += node.len();
        match node.find(". ").filter(|_| at >= half && !done) {
            Some(dot) => {
                done = true;
                format!("{}. {}, {}", &node[..dot], person.name(), &node[dot + 2..])
            }
            None => node.to_owned(),
        }
    })
}

fn tracked(mail: &Mail, _: &Person) -> Option<Message> {
    reworded(mail, &mut |_, text| links(text, &mut tracking))
}

fn wrapped(mail: &Mail, _: &Person) -> Option<Message> {
    reworded(mail, &mut |kind, text| nodes(kind, text, wrap))
}

fn quoted(mail: &Mail, _: &Person) -> Option<Message> {
    reworded(mail, &mut |_, text| text.to_owned())
}

fn base64(mail: &Mail, _: &Person) -> Option<Message> {
    with_texts(&mail.bytes, Encoding::Base64, &mut |_, text| text.to_owned()).map(Message::parse)
}

fn everything(mail: &Mail, person: &Person) -> Option<Message> {
    let again = Mail { bytes: with_fields(&mail.bytes, &["message-id", "date"], TRANSPORT), ..empty(mail) };
    edited(&again, person, &mut |kind, text| {
        let text = in_middle(kind, text, person);
        greeting(kind, &links(&nodes(kind, &text, wrap), &mut tracking), person)
    })
}

/// What is known of a message but its bytes.
fn empty(mail: &Mail) -> Mail {
    Mail {
        path: mail.path.clone(),
        bytes: Vec::new(),
        fingerprint: mail.fingerprint,
        sender_domain: None,
        shingles: crate::shingles::Shingles::of(""),
    }
}

fn other_word(mail: &Mail, _: &Person) -> Option<Message> {
    replaced(mail, 1, "zebra")
}

fn other_sentence(mail: &Mail, _: &Person) -> Option<Message> {
    replaced(mail, 6, "our lawyers have stopped every transfer")
}

/// Puts other words for so many in the middle of each text.
fn replaced(mail: &Mail, count: usize, by: &str) -> Option<Message> {
    let mut done = false;
    let made = reworded(mail, &mut |kind, text| {
        let half = text.len() / 2;
        let mut at = 0;
        let mut is_open = true;
        nodes(kind, text, |node| {
            at += node.len();
            let place = if is_open && at >= half {
                run_of_words(node, half.saturating_sub(at - node.len()), count)
            } else {
                None
            };
            match place {
                Some(place) => {
                    (is_open, done) = (false, true);
                    format!("{}{by}{}", &node[..place.start], &node[place.end..])
                }
                None => node.to_owned(),
            }
        })
    });
    // Else what was changed is a text that nobody sees: the HTML of a message that has plain text too.
    made.filter(|made| done && made.text(usize::MAX).value.contains(by))
}

/// Where so many words of at least four small letters on end are, from a place on.
fn run_of_words(text: &str, from: usize, count: usize) -> Option<std::ops::Range<usize>> {
    let mut found: Option<std::ops::Range<usize>> = None;
    let mut words = 0;
    for chunk in text.split(' ') {
        let start = chunk.as_ptr() as usize - text.as_ptr() as usize;
        let is_word = chunk.len() >= 2 && chunk.bytes().all(|byte| byte.is_ascii_lowercase()) && start >= from;
        let long = words > 0 || chunk.len() >= 4;
        if is_word && long && chunk != "may" && chunk != "am" {
            found = Some(found.map_or(start, |found| found.start)..start + chunk.len());
            words += 1;
            if words == count {
                return found;
            }
        } else {
            (found, words) = (None, 0);
        }
    }
    None
}

fn other_host(mail: &Mail, _: &Person) -> Option<Message> {
    let first = Message::parse(mail.bytes.clone())
        .links(usize::MAX)
        .items
        .iter()
        .find(|link| !link.host.is_empty())?
        .host
        .clone();
    let made = reworded(mail, &mut |_, text| {
        links(text, &mut |url| match url.split_once("://") {
            Some((scheme, rest)) if rest.to_ascii_lowercase().starts_with(&*first) => {
                format!("{scheme}://elsewhere.example{}", &rest[first.len()..])
            }
            _ => url.to_owned(),
        })
    })?;
    made.links(usize::MAX).items.iter().any(|link| &*link.host == "elsewhere.example").then_some(made)
}

fn other_attachment(mail: &Mail, _: &Person) -> Option<Message> {
    let made = Message::parse(with_another_attachment(&mail.bytes)?);
    let digests =
        |message: &Message| message.attachments().items.iter().map(|found| found.sha256.clone()).collect::<Vec<_>>();
    // What is attached for mail-parser may be part of the text here.
    (digests(&made) != digests(&Message::parse(mail.bytes.clone()))).then_some(made)
}

fn other_digits(mail: &Mail, _: &Person) -> Option<Message> {
    let mut done = false;
    let made = reworded(mail, &mut |kind, text| {
        nodes(kind, text, |node| {
            let is_entity = node.contains("&#");
            done |= !is_entity && node.contains(|c: char| c.is_ascii_digit());
            let other = |c: char| {
                c.to_digit(10)
                    .filter(|_| !is_entity)
                    .and_then(|digit| char::from_digit((digit + 1) % 10, 10))
                    .unwrap_or(c)
            };
            node.split_inclusive(char::is_whitespace)
                .map(|chunk| if chunk.contains("://") { chunk.to_owned() } else { chunk.chars().map(other).collect() })
                .collect()
        })
    });
    made.filter(|_| done)
}

fn reworded(mail: &Mail, edit: &mut dyn FnMut(Kind, &str) -> String) -> Option<Message> {
    with_texts(&mail.bytes, Encoding::QuotedPrintable, edit).map(Message::parse)
}

/// Sent to somebody else, with the name and the address in the texts replaced, and edited.
fn edited(mail: &Mail, person: &Person, edit: &mut dyn FnMut(Kind, &str) -> String) -> Option<Message> {
    let old = Message::parse(mail.bytes.clone());
    let to = old.header("to", Recipients::Granted).first().map(|value| value.to_string()).unwrap_or_default();
    let (name, address) = to
        .rsplit_once('<')
        .map_or(("", &*to), |(name, rest)| (name.trim_matches([' ', '"', '\'']), rest.trim_end_matches(['>', ' '])));
    let words: Vec<&str> = name.split(' ').collect();
    let is_person = (2..=3).contains(&words.len())
        && words.iter().all(|word| word.len() > 2 && word.chars().all(char::is_alphabetic));
    let made = with_texts(&mail.bytes, Encoding::QuotedPrintable, &mut |kind, text| {
        let mut text = if address.contains('@') { text.replace(address, person.address) } else { text.to_owned() };
        if is_person {
            text = nodes(kind, &text, |node| {
                let full = node.replace(name, &person.name());
                let first = whole_words(&full, words[0], person.first);
                whole_words(&first, words[words.len() - 1], person.last)
            });
        }
        edit(kind, &text)
    })?;
    Some(sent_to(addressed(&made, person), person))
}

fn whole_words(text: &str, old: &str, new: &str) -> String {
    text.split_inclusive(|c: char| !c.is_alphabetic())
        .map(|piece| {
            let word = piece.trim_end_matches(|c: char| !c.is_alphabetic());
            if word == old { format!("{new}{}", &piece[word.len()..]) } else { piece.to_owned() }
        })
        .collect()
}

/// Edits what is text and not mark-up.
fn nodes(kind: Kind, text: &str, mut edit: impl FnMut(&str) -> String) -> String {
    if kind == Kind::Plain {
        return edit(text);
    }
    let mut made = String::with_capacity(text.len());
    let mut hidden = false;
    for piece in text.split_inclusive('>') {
        let (node, tag) = piece.split_at(piece.find('<').unwrap_or(piece.len()));
        made.push_str(&if hidden { node.to_owned() } else { edit(node) });
        made.push_str(tag);
        let tag = tag.to_ascii_lowercase();
        hidden = tag.starts_with("<style")
            || tag.starts_with("<script")
            || tag.starts_with("<title")
            || tag.starts_with("<!--")
            || (hidden && !tag.starts_with("</") && !tag.ends_with("-->"));
    }
    made
}

/// Breaks lines before the 60th column, at other places than before, paragraphs kept.
fn wrap(text: &str) -> String {
    let edge = |text: &str| text.chars().take_while(|c| c.is_whitespace()).collect::<String>();
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let mut made = String::new();
        let mut width = 0;
        for word in paragraph.split_whitespace() {
            if !made.is_empty() {
                made.push(if width + word.len() > 60 { '\n' } else { ' ' });
            }
            width = if made.ends_with('\n') { word.len() } else { width + 1 + word.len() };
            made.push_str(word);
        }
        made
    });
    let wrapped = paragraphs.collect::<Vec<_>>().join("\n\n");
    let tail: String = edge(&text.chars().rev().take_while(|c| c.is_whitespace()).collect::<String>());
    format!("{}{wrapped}{tail}", edge(text))
}

/// Edits every URL of the web.
fn links(text: &str, edit: &mut dyn FnMut(&str) -> String) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = ["http://", "https://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let end =
            rest[at..].find(|c: char| c.is_whitespace() || "\"'<>()[]".contains(c)).map_or(rest.len(), |end| at + end);
        let url = rest[at..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
        made.push_str(&rest[..at]);
        made.push_str(&if url.len() > 10 { edit(url) } else { url.to_owned() });
        rest = &rest[at + url.len()..];
    }
    made + rest
}

fn tracking(url: &str) -> String {
    let bare = url.split(['?', '#']).next().unwrap_or(url);
    let slash = if bare.matches('/').count() < 3 { "/" } else { "" };
    format!("{bare}{slash}?utm_campaign=spring&uid=Zk3qP81x#r-7f")
}
