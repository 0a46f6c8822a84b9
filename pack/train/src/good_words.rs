//! What spam gains by words of wanted mail that are appended to it (Lowd and Meek, Good Word Attacks on Statistical Spam Filters,
//! CEAS 2005): the words that a sender would choose who had the model.

use std::collections::BTreeSet;
use std::io;

use switchback_linear::Model;

use crate::collection::{Finished, Spilled};
use crate::example::TEXT_FIELDS;
use crate::label::Label;
use crate::limits::{GOOD_WORDS, GOOD_WORDS_MESSAGES};
use crate::split::Placed;

/// Which of the fields of text the body is.
const BODY: usize = 2;

/// The words of wanted mail that speak most for a message.
pub(crate) struct GoodWords(Vec<u32>);

/// Finds them in the wanted mail that was learned from.
pub(crate) fn good_words(mail: &Finished, placed: &[Placed], model: &Model) -> io::Result<GoodWords> {
    let ham = placed.iter().filter(|one| one.fold.is_some() && mail.index[one.at].label == Label::Ham);
    let mut words = BTreeSet::new();
    for one in ham.take(GOOD_WORDS_MESSAGES) {
        let spilled = mail.read(one.at)?;
        let kinds = spilled.texts.len() / TEXT_FIELDS;
        words.extend(spilled.texts[BODY * kinds].iter().map(|word| (model.weight(*word), *word)));
    }
    Ok(GoodWords(words.into_iter().take(GOOD_WORDS).map(|(_, word)| word).collect()))
}

impl GoodWords {
    /// A message with these words behind its text.
    pub(crate) fn appended(&self, mut mail: Spilled) -> Spilled {
        let kinds = mail.texts.len() / TEXT_FIELDS;
        let body = &mut mail.texts[BODY * kinds];
        let new: Vec<_> = self.0.iter().copied().filter(|word| !body.contains(word)).collect();
        body.extend(new);
        mail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_message_has_are_not_appended_again() {
        // Four fields of two kinds.
        let mut mail = Spilled { texts: vec![vec![9]; 2 * TEXT_FIELDS], ..Spilled::default() };
        mail.texts[2 * BODY] = vec![1, 2];
        let appended = GoodWords(vec![2, 3]).appended(mail);
        let expected: [&[u32]; 8] = [&[9], &[9], &[9], &[9], &[1, 2, 3], &[9], &[9], &[9]];
        assert_eq!(appended.texts, expected);
    }
}
