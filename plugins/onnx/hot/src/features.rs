//! What the model reads from a message, as indices of the rows of its embedding.

use switchback_guest::features::{FeatureSet, Namespace, Text};
use switchback_guest::{Link, Mailbox, Message};

/// The bits of a hashed feature.
pub const BITS: u32 = 14;
/// The rows of the embedding: one for every hashed feature, and row 0, which every message has. Without it
/// a message without a word would be an empty list, which ONNX's operators do not agree on.
pub const ROWS: usize = (1 << BITS) + 1;
/// The row that every message has.
pub const BIAS: i64 = 0;
/// The most indices of one message: a bound on the time that a message takes. The body comes last, so it
/// is a long body's end that is left out.
pub const INDICES_MAX: usize = 2048;
/// The most bytes of text that are read.
pub const TEXT_BYTES_MAX: u32 = 16 * 1024;
/// The most links that are read.
pub const LINKS_MAX: u32 = 32;

/// Domains of the sender as a whole: their words alone would make `gmail.com` and `gmail.evil.example` alike.
const FROM_DOMAIN: Namespace = Namespace::new(256);
/// The same for `Reply-To`.
const REPLY_TO_DOMAIN: Namespace = Namespace::new(257);
/// The same for links.
const LINK_HOST: Namespace = Namespace::new(258);
/// Facts about a link that are not words.
const LINK_FACT: Namespace = Namespace::new(259);

/// Turns messages into indices and reuses its memory from one to the next.
#[derive(Debug)]
pub struct Features {
    text: Text,
    set: FeatureSet,
    line: String,
    indices: Vec<i64>,
}

impl Default for Features {
    fn default() -> Self {
        Self::new()
    }
}

impl Features {
    /// Allocates the memory that a message needs.
    pub fn new() -> Self {
        Self {
            text: Text::with_capacity(TEXT_BYTES_MAX as usize),
            set: FeatureSet::new(BITS),
            line: String::with_capacity(4096),
            indices: Vec::with_capacity(INDICES_MAX),
        }
    }

    /// The indices of one message, each once, at most [`INDICES_MAX`]: [`BIAS`], then each hashed feature
    /// plus one, those of the subject, the sender, the links and the body.
    pub fn indices(&mut self, message: &Message) -> &[i64] {
        self.set.clear();
        self.words_and_pairs(&message.subject(), Namespace::SUBJECT);
        self.sender(&message.from(), &message.reply_to());
        self.links(&message.links(LINKS_MAX).items);
        self.words_and_pairs(&message.text(TEXT_BYTES_MAX).value, Namespace::BODY);

        self.indices.clear();
        self.indices.push(BIAS);
        self.indices.extend(self.set.indices().iter().take(INDICES_MAX - 1).map(|&index| i64::from(index) + 1));
        &self.indices
    }

    /// The whole domains, and the words of the names and addresses of `From`.
    fn sender(&mut self, from: &[Mailbox], reply_to: &[Mailbox]) {
        self.line.clear();
        for mailbox in from {
            self.set.add_token(&mailbox.domain, FROM_DOMAIN);
            self.line.extend([&*mailbox.name, " ", &mailbox.address, "\n"]);
        }
        for mailbox in reply_to {
            self.set.add_token(&mailbox.domain, REPLY_TO_DOMAIN);
        }
        self.text.normalise(&self.line);
        self.set.add_words_and_pairs(&self.text, Namespace::SENDER);
    }

    /// The whole hosts, the words of the addresses, and whether a link shows another host than its own.
    fn links(&mut self, links: &[Link]) {
        self.line.clear();
        for link in links {
            self.set.add_token(&link.host, LINK_HOST);
            if link.text.contains("://") && !link.text.contains(&link.host) {
                self.set.add_token("shows another host", LINK_FACT);
            }
            self.line.extend([&*link.url, "\n"]);
        }
        self.text.normalise(&self.line);
        self.set.add_words(&self.text, Namespace::LINK);
    }

    fn words_and_pairs(&mut self, value: &str, namespace: Namespace) {
        self.text.normalise(value);
        self.set.add_words_and_pairs(&self.text, namespace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn indices(message: Message) -> Vec<i64> {
        Features::new().indices(&message).to_vec()
    }

    #[test]
    fn a_message_of_nothing_has_the_row_that_all_have() {
        assert_eq!(indices(Message::builder().build()), [BIAS]);
    }

    #[test]
    fn every_field_adds_features_and_no_index_is_there_twice() {
        let message = |subject: &str, name: &str, url: &str, text: &str| {
            let message = Message::builder().subject(subject).from(name, "ann@a.example").link(url, "here").text(text);
            indices(message.build())
        };
        let full = message("one two", "Ann", "https://b.example/x", "some more words");
        for less in [
            message("one", "Ann", "https://b.example/x", "some more words"),
            message("one two", "", "https://b.example/x", "some more words"),
            message("one two", "Ann", "https://b.example/", "some more words"),
            message("one two", "Ann", "https://b.example/x", "some more"),
        ] {
            assert!(less.len() < full.len(), "{less:?}");
        }
        assert_eq!(full.iter().collect::<HashSet<_>>().len(), full.len());
    }

    #[test]
    fn a_domain_is_not_its_words() {
        let sender = |address| indices(Message::builder().from("", address).build());
        let fake = sender("a@gmail.com.example");
        assert!(sender("a@gmail.com").iter().any(|index| !fake.contains(index)));
    }

    #[test]
    fn a_link_that_shows_another_host_is_noticed() {
        let link = |text| indices(Message::builder().link("https://evil.example/", text).build()).len();
        assert_eq!(link("https://bank.example/"), link("https://evil.example/") + 1);
        assert_eq!(link("click here"), link("https://evil.example/"));
    }

    #[test]
    fn of_a_long_message_the_end_of_the_body_is_left_out() {
        let letter = |i: usize| char::from(b'a' + (i % 26) as u8);
        let words = (0..4000).map(|i| String::from_iter([letter(i), letter(i / 26), letter(i / 26 / 26)]));
        let body = words.collect::<Vec<_>>().join(" ");
        let (long, short) = (
            indices(Message::builder().subject("the subject").text(&body).build()),
            indices(Message::builder().subject("the subject").build()),
        );
        assert_eq!(long.len(), INDICES_MAX);
        assert_eq!(long[..short.len()], short);
    }

    #[test]
    fn every_index_is_a_row() {
        let all = indices(Message::builder().text(&"many words and more of them ".repeat(50)).build());
        assert!(all.iter().all(|&index| (index as usize) < ROWS));
    }

    #[test]
    fn nothing_of_a_message_is_left_for_the_next() {
        let mut features = Features::new();
        let (first, second) = (Message::builder().text("a b c").build(), Message::builder().subject("d").build());
        let alone = indices(Message::builder().subject("d").build());
        features.indices(&first);
        assert_eq!(features.indices(&second), alone);
    }
}
