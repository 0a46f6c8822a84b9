//! The words behind the features that weigh most, for reasons that people read.

use std::collections::{HashMap, HashSet};
use std::io;

use switchback_features::{Kind, Namespace, Text, hash, index_of, pair};
use switchback_linear::{Model, Names};

use crate::collection::Finished;
use crate::limits::{NAMED, NAMED_MESSAGES, NAMED_MESSAGES_MIN};
use crate::split::Placed;

/// Bytes of a word that are hashed.
const WORD_BYTES_MAX: usize = 32;

/// The namespaces of the texts that are kept of an example, in their order.
const NAMESPACES: [Namespace; 4] = [Namespace::SUBJECT, Namespace::SENDER, Namespace::BODY, Namespace::LINK];

/// The names of the features of text that weigh most, of those that enough messages have: what fewer have may name a person.
pub(crate) fn names(mail: &Finished, learned: &[Placed], model: &Model) -> io::Result<Names> {
    let mut counts: HashMap<u32, (u32, String)> = HashMap::new();
    for one in learned.iter().take(NAMED_MESSAGES) {
        let mut seen = HashSet::new();
        for (text, namespace) in mail.read(one.at)?.said.iter().zip(NAMESPACES) {
            each(text, namespace, model.kinds().pairs(), |feature, name| {
                if model.weight(feature) != 0 && seen.insert(feature) {
                    counts.entry(feature).or_insert_with(|| (0, name())).0 += 1;
                }
            });
        }
    }
    let common = counts.into_iter().filter(|(_, (count, _))| *count >= NAMED_MESSAGES_MIN);
    let mut common: Vec<_> = common.map(|(feature, (_, name))| (feature, name)).collect();
    common.sort_by_key(|(feature, _)| (std::cmp::Reverse(model.weight(*feature).unsigned_abs()), *feature));
    common.truncate(NAMED);
    Ok(Names::new(common))
}

/// Calls with every word of a text, every pair of words, and every word as a name as a whole: a domain is one.
fn each(text: &str, namespace: Namespace, has_pairs: bool, mut call: impl FnMut(u32, &dyn Fn() -> String)) {
    for token in text.split_whitespace().filter(|token| token.contains('.')) {
        let token = token.rsplit_once('@').map_or(token, |(_, domain)| domain);
        call(index_of(hash(Kind::Token, namespace, token.as_bytes()), 32), &|| token.to_owned());
    }
    let mut normalised = Text::new();
    normalised.normalise(text);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"$%".contains(&byte) || !byte.is_ascii();
    let words = normalised.as_bytes().split(|byte| !is_word(*byte)).filter(|word| !word.is_empty());
    let mut last: Option<(u64, &[u8])> = None;
    for word in words.map(|word| &word[..word.len().min(WORD_BYTES_MAX)]) {
        let hashed = hash(Kind::Word, namespace, word);
        let shown = String::from_utf8_lossy;
        call(index_of(hashed, 32), &|| shown(word).into_owned());
        if let Some((before, other)) = last.filter(|_| has_pairs) {
            call(index_of(pair(before, hashed), 32), &|| format!("{} {}", shown(other), shown(word)));
        }
        last = Some((hashed, word));
    }
}

#[cfg(test)]
mod tests {
    use switchback::Message;
    use switchback_features::FeatureKind;

    use super::*;

    #[test]
    fn what_is_named_has_the_hash_that_the_host_finds() {
        let message = Message::parse("Subject: Pay NOW\nFrom: a <b@pay.example>\n\nhello\n");
        let mut named = HashMap::new();
        each("Pay NOW", Namespace::SUBJECT, true, |feature, name| _ = named.insert(feature, name()));
        each("a b@pay.example", Namespace::SENDER, true, |feature, name| _ = named.insert(feature, name()));
        let names = |features: &[u32]| features.iter().filter_map(|one| named.get(one).cloned()).collect::<Vec<_>>();
        let [words, pairs] = [FeatureKind::Words, FeatureKind::Pairs].map(|kind| message.features(kind));
        assert_eq!(names(words.subject()), ["pay", "now"]);
        assert_eq!(names(pairs.subject()), ["pay now"]);
        assert!(names(words.sender()).contains(&"pay.example".to_owned()), "{named:?}");
    }
}
