//! A message of which only the features are known.

use switchback_features::{Facts, FeatureKind, Features, Structure};

use super::{Context, Message};

impl Message {
    /// A message of which nothing is known but its words, its pairs of words, its structure and its facts, as a journal keeps
    /// them: for a release that declares to read nothing but `features` and `facts`. To such a release it is the message that they are
    /// of; whoever asks for anything else finds an empty one, and n-grams are not to be asked for
    /// ([`Message::has_features`]).
    #[must_use]
    pub fn from_features(words: Features, pairs: Features, structure: Structure, facts: Facts) -> Self {
        let message = Self::with_context(Vec::new(), Context { is_features_alone: true, ..Context::default() });
        message.0.words.get_or_init(|| words);
        message.0.pairs.get_or_init(|| pairs);
        message.0.structure.get_or_init(|| structure);
        message.0.facts.get_or_init(|| facts);
        message
    }

    /// Whether features of this kind can be asked for: always, but of a message from [`Message::from_features`], of which
    /// nobody knows the n-grams.
    #[must_use]
    pub fn has_features(&self, kind: FeatureKind) -> bool {
        !self.0.context.is_features_alone || kind != FeatureKind::Grams
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_from_features_has_those_of_the_message_that_they_are_of() {
        let whole = Message::parse("From: a@shop.example\nSubject: pay now\n\nSee http://x.example/ please\n");
        let [words, pairs] = [FeatureKind::Words, FeatureKind::Pairs].map(|kind| whole.features(kind).clone());
        let known = Message::from_features(words, pairs, whole.structure().clone(), *whole.facts());
        for kind in FeatureKind::ALL {
            assert_eq!(known.has_features(kind), kind != FeatureKind::Grams);
            assert!(whole.has_features(kind));
            assert!(!known.has_features(kind) || known.features(kind) == whole.features(kind), "{kind:?}");
        }
        assert_eq!((known.structure(), known.facts()), (whole.structure(), whole.facts()));
        assert!(!whole.structure().features().is_empty());
        assert_ne!(known.features(FeatureKind::Words), Message::parse("").features(FeatureKind::Words));
    }
}
