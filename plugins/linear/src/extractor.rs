//! What the model reads from a message.

use std::ops::Range;

use switchback_guest::features::{FeatureSet, Namespace, Text};
use switchback_guest::{Link, Mailbox, Message};

/// The most bytes of the body that are read. What a reader is to do stands at the top, and what senders
/// append to confuse a filter stands at the end.
pub const BODY_BYTES_MAX: u32 = 16 * 1024;

/// The most links that are read.
pub const LINKS_MAX: u32 = 32;

/// Domains of the sender as a whole: their words alone would make `gmail.com` and `gmail.evil.example` alike.
const FROM_DOMAIN: Namespace = Namespace::new(256);

/// The same for `Reply-To`.
const REPLY_TO_DOMAIN: Namespace = Namespace::new(257);

/// Facts about a link that are not words.
const LINK_FACT: Namespace = Namespace::new(258);

/// Turns messages into features and reuses its memory from one to the next.
#[derive(Debug)]
pub struct Extractor {
    features: FeatureSet,
    text: Text,
    line: String,
}

/// The features of one message: for each field its indices, each once and in no other field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields<'a> {
    /// Of the subject.
    pub subject: &'a [u32],
    /// Of `From` and `Reply-To`.
    pub sender: &'a [u32],
    /// Of the body's text.
    pub body: &'a [u32],
    /// Of the links.
    pub links: &'a [u32],
}

impl<'a> Fields<'a> {
    /// The four fields in the order above.
    pub fn all(self) -> [&'a [u32]; 4] {
        [self.subject, self.sender, self.body, self.links]
    }
}

impl Extractor {
    /// Allocates what a message needs, for indices of so many bits.
    ///
    /// # Panics
    /// Unless `bits` is between 1 and 24.
    pub fn new(bits: u32) -> Self {
        Self {
            features: FeatureSet::new(bits),
            text: Text::with_capacity(BODY_BYTES_MAX as usize),
            line: String::with_capacity(4096),
        }
    }

    /// The features of a message.
    pub fn extract(&mut self, message: &Message) -> Fields<'_> {
        self.features.clear();
        let subject = self.words(&message.subject(), Namespace::SUBJECT);
        let sender = self.sender(&message.from(), &message.reply_to());
        let body = self.words(&message.text(BODY_BYTES_MAX).value, Namespace::BODY);
        let links = self.links(&message.links(LINKS_MAX).items);

        let indices = self.features.indices();
        Fields { subject: &indices[subject], sender: &indices[sender], body: &indices[body], links: &indices[links] }
    }

    /// Adds the words and pairs of a text, and says which features are new.
    fn words(&mut self, text: &str, namespace: Namespace) -> Range<usize> {
        let start = self.features.len();
        self.text.normalise(text);
        self.features.add_words_and_pairs(&self.text, namespace);
        start..self.features.len()
    }

    fn sender(&mut self, from: &[Mailbox], reply_to: &[Mailbox]) -> Range<usize> {
        let start = self.features.len();
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        for mailbox in from {
            self.features.add_token(&mailbox.domain, FROM_DOMAIN);
            line.push_str(&mailbox.name);
            line.push(' ');
            line.push_str(&mailbox.address);
            line.push('\n');
        }
        for mailbox in reply_to {
            self.features.add_token(&mailbox.domain, REPLY_TO_DOMAIN);
        }
        self.words(&line, Namespace::SENDER);
        self.line = line;
        start..self.features.len()
    }

    fn links(&mut self, links: &[Link]) -> Range<usize> {
        let start = self.features.len();
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        for link in links {
            if link.text.contains("://") && !link.text.contains(&link.host) {
                self.features.add_token("shows another host", LINK_FACT);
            }
            line.push_str(&link.url);
            line.push('\n');
        }
        self.words(&line, Namespace::LINK);
        self.line = line;
        start..self.features.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(message: Message) -> [usize; 4] {
        Extractor::new(16).extract(&message).all().map(<[u32]>::len)
    }

    #[test]
    fn every_field_has_its_words_and_pairs() {
        let message = Message::builder()
            .subject("one two three")
            .from("Ann", "ann@a.example")
            .text("four words, five even")
            .link("https://b.example/", "here");
        // The domain and: ann, a, example, and the pairs start-ann, ann-ann, ann-a, a-example.
        assert_eq!(count(message.build()), [6, 8, 8, 6]);
    }

    #[test]
    fn no_index_is_in_two_fields() {
        let text = "the same words everywhere";
        let message = Message::builder().subject(text).from(text, "same@words.example").text(text).build();
        let mut extractor = Extractor::new(10);
        let mut all: Vec<u32> = extractor.extract(&message).all().concat();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_domain_is_not_its_words() {
        let indices = |address| {
            let message = Message::builder().from("", address).build();
            Extractor::new(20).extract(&message).sender.to_vec()
        };
        let (real, fake) = (indices("a@gmail.com"), indices("a@gmail.com.example"));
        assert!(real.iter().any(|index| !fake.contains(index)));
    }

    #[test]
    fn a_link_that_shows_another_host_is_noticed() {
        let links = |text| count(Message::builder().link("https://evil.example/", text).build())[3];
        assert_eq!(links("https://bank.example/"), links("https://evil.example/") + 1);
        assert_eq!(links("click here"), links("https://evil.example/"));
    }

    #[test]
    fn of_a_long_body_the_beginning_is_read() {
        let padding = "word ".repeat((BODY_BYTES_MAX as usize).div_ceil(5));
        let body = |tail: &str| count(Message::builder().text(&format!("{padding}{tail}")).build())[2];
        assert_eq!(body(" unseen tail of the text"), body(""));
    }
}
