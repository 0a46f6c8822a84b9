//! What the model reads from a message, as indices of the rows of its embedding.

use switchback_guest::Message;
use switchback_guest::features::FeatureKind;

/// The bits of a feature that choose a row.
pub const BITS: u32 = 15;
/// The rows of the embedding: one for every value of these bits, and row 0, which every message has. Without it
/// a message without a word would be an empty list, which ONNX's operators do not agree on.
pub const ROWS: usize = (1 << BITS) + 1;
/// The row that every message has.
pub const BIAS: i64 = 0;
/// The most indices of one message: a bound on the time that a message takes. The body comes last, so it
/// is a long body's end that is left out.
pub const INDICES_MAX: usize = 2048;

/// Turns the features that the host finds into indices, and reuses its memory from one message to the next.
#[derive(Debug)]
pub struct Indices(Vec<i64>);

impl Default for Indices {
    fn default() -> Self {
        Self::new()
    }
}

impl Indices {
    /// Allocates the memory that a message needs.
    pub fn new() -> Self {
        Self(Vec::with_capacity(INDICES_MAX))
    }

    /// The indices of one message, at most [`INDICES_MAX`]: [`BIAS`], then the top bits of each feature plus one, of the words
    /// of the subject, the sender, the links and the body. A row is there as often as there are features that share it.
    ///
    /// What a message is made of (`message.structure()`) is not asked for: the mail that is learned from is twenty years old,
    /// and its structure says so.
    pub fn of(&mut self, message: &Message) -> &[i64] {
        let words = message.features(FeatureKind::Words);
        self.0.clear();
        self.0.push(BIAS);
        for field in [&words.subject, &words.sender, &words.links, &words.body] {
            let room = INDICES_MAX - self.0.len();
            let some = &field[..field.len().min(room)];
            self.0.extend(some.iter().map(|feature| i64::from(feature >> (u32::BITS - BITS)) + 1));
        }
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indices(message: Message) -> Vec<i64> {
        Indices::new().of(&message).to_vec()
    }

    #[test]
    fn a_message_of_nothing_has_the_row_that_all_have() {
        assert_eq!(indices(Message::builder().build()), [BIAS]);
    }

    #[test]
    fn every_field_adds_its_features() {
        let message = Message::builder()
            .subject("one two")
            .from("Ann", "ann@a.example")
            .link("https://b.example/x", "here")
            .text("some more words");
        // Two words; ann, a, example and the domain; https, b, example, x, the host and its site, which is the host; three.
        assert_eq!(indices(message.build()).len(), 1 + 2 + 4 + 5 + 3);
    }

    #[test]
    fn an_index_is_the_top_of_a_feature_and_one() {
        let message = Message::builder().text("word").build();
        let feature = message.features(FeatureKind::Words).body[0];
        assert_eq!(indices(message), [BIAS, i64::from(feature >> 17) + 1]);
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
        let mut used = Indices::new();
        let (first, second) = (Message::builder().text("a b c").build(), Message::builder().subject("d").build());
        let alone = indices(Message::builder().subject("d").build());
        used.of(&first);
        assert_eq!(used.of(&second), alone);
    }
}
