//! [`Words`]: from a text to the counts of its words, as the operators `StringNormalizer`, `Tokenizer` and
//! `TfIdfVectorizer` define them and onnxruntime computes them.

use std::collections::HashMap;

use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How a text becomes counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// What is done with the text, in order.
    pub steps: Vec<Step>,
    /// What is counted of what it is then.
    pub grams: Grams,
}

/// Something that is done with a list of strings, which at first is the text alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// The operator `StringNormalizer`: strings that are stop words are removed, and the case of the others is changed.
    Normalize {
        /// How the case is changed.
        case: Case,
        /// The strings to remove.
        stop_words: Vec<String>,
        /// Whether a stop word is one in this case alone.
        is_case_sensitive: bool,
    },
    /// The operator `Tokenizer` with an expression: each string becomes those of its parts that match it.
    Match {
        /// The expression, of which `\w`, `\d`, `\s` and `\b` are about ASCII, as in RE2.
        expression: String,
        /// The least characters of a part that is kept.
        chars_min: usize,
    },
    /// The operator `Tokenizer` with separators: each string becomes what is between them.
    Split {
        /// Expressions of the separators.
        separators: Vec<String>,
        /// The least characters of a part that is kept.
        chars_min: usize,
    },
    /// The operator `Tokenizer` with a separator that is empty: each string becomes its characters.
    Characters,
}

/// A change of the case of letters, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Case {
    /// None.
    Keep,
    /// Capitals become small letters.
    Lower,
    /// Small letters become capitals.
    Upper,
}

/// The operator `TfIdfVectorizer`: n-grams of strings that are counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grams {
    /// The strings that n-grams are made of.
    pub vocabulary: Vec<String>,
    /// The n-grams.
    pub grams: Vec<Gram>,
    /// The shortest.
    pub length_min: usize,
    /// The longest.
    pub length_max: usize,
    /// How many strings there may be between two that follow each other in an n-gram, the same number everywhere.
    pub skip_max: usize,
    /// How many numbers there are in all.
    pub width: usize,
    /// What an n-gram that is there counts.
    pub counting: Counting,
}

/// An n-gram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gram {
    /// The places of its strings in the vocabulary.
    pub strings: Vec<u32>,
    /// The place of its number.
    pub place: u32,
    /// What its count is multiplied by, or what it counts.
    pub weight: f32,
}

/// What an n-gram that is there counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counting {
    /// How often it is there: `TF`.
    Often,
    /// Its weight: `IDF`.
    Weight,
    /// How often it is there, multiplied by its weight: `TFIDF`.
    WeightedOften,
}

/// [`Words`] at work.
#[derive(Debug)]
pub(crate) struct Counter {
    steps: Vec<(Step, Vec<Pattern>)>,
    strings: HashMap<String, u32>,
    grams: HashMap<Vec<u32>, (usize, f32)>,
    of: Grams,
}

impl Counter {
    pub(crate) fn new(words: Words) -> Result<Self, Error> {
        let Words { steps, mut grams } = words;
        let steps =
            steps.into_iter().map(|step| Ok((step.prepared(), step.patterns()?))).collect::<Result<_, Error>>()?;
        let strings = std::mem::take(&mut grams.vocabulary).into_iter().zip(0..).collect();
        let mut by_strings = HashMap::with_capacity(grams.grams.len());
        for gram in std::mem::take(&mut grams.grams) {
            let place = gram.place as usize;
            if place >= grams.width {
                return Err(Error::Shape("an n-gram counts beyond the last number"));
            }
            by_strings.insert(gram.strings, (place, gram.weight));
        }
        Ok(Self { steps, strings, grams: by_strings, of: grams })
    }

    /// The numbers of a text.
    pub(crate) fn count(&self, text: &str) -> Vec<f32> {
        let mut strings = vec![text.to_owned()];
        for (step, patterns) in &self.steps {
            strings = step.run(strings, patterns);
        }
        let ids: Vec<Option<u32>> = strings.iter().map(|string| self.strings.get(string).copied()).collect();
        let mut numbers = vec![0.0; self.of.width];
        for length in self.of.length_min..=self.of.length_max {
            // One string has none that follows it.
            let skip_max = if length == 1 { 0 } else { self.of.skip_max };
            for stride in 1..=skip_max + 1 {
                self.count_grams(&ids, length, stride, &mut numbers);
            }
        }
        numbers
    }

    fn count_grams(&self, ids: &[Option<u32>], length: usize, stride: usize, numbers: &mut [f32]) {
        let mut gram = Vec::with_capacity(length);
        let span = length.saturating_sub(1) * stride;
        for start in 0..ids.len().saturating_sub(span) {
            gram.clear();
            gram.extend(ids[start..=start + span].iter().step_by(stride).map_while(|id| *id));
            if gram.len() == length
                && let Some((place, weight)) = self.grams.get(&gram)
            {
                match self.of.counting {
                    Counting::Often => numbers[*place] += 1.0,
                    Counting::Weight => numbers[*place] = *weight,
                    Counting::WeightedOften => numbers[*place] += *weight,
                }
            }
        }
    }
}

/// A regular expression, or what the usual one is in short.
#[derive(Debug)]
enum Pattern {
    /// `[a-zA-Z0-9_]+`.
    Words,
    Regex(Regex),
}

impl Pattern {
    fn new(expression: &str) -> Result<Self, Error> {
        if matches!(expression, "[a-zA-Z0-9_]+" | r"\w+") {
            return Ok(Self::Words);
        }
        let refusal = |why: &str| Error::Expression { expression: expression.to_owned(), why: why.to_owned() };
        if ["|", "+?", "*?", "??", "}?"].iter().any(|choice| expression.contains(choice)) {
            return Err(refusal(
                "of what matches, onnxruntime takes the longest: write it without alternatives and lazy repetitions",
            ));
        }
        let regex = RegexBuilder::new(expression).dot_matches_new_line(true).build();
        regex.map(Self::Regex).map_err(|error| refusal(&error.to_string()))
    }

    /// What of a string matches, without what is empty.
    fn find<'a>(&'a self, string: &'a str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
        let found: Box<dyn Iterator<Item = &'a str> + 'a> = match self {
            Self::Words => Box::new(string.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))),
            Self::Regex(regex) => Box::new(regex.find_iter(string).map(|found| found.as_str())),
        };
        Box::new(found.filter(|part| !part.is_empty()))
    }

    /// What is between what matches, without what is empty.
    fn split<'a>(&'a self, string: &'a str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
        let parts: Box<dyn Iterator<Item = &'a str> + 'a> = match self {
            Self::Words => Box::new(string.split(|c: char| c.is_ascii_alphanumeric() || c == '_')),
            Self::Regex(regex) => Box::new(regex.split(string)),
        };
        Box::new(parts.filter(|part| !part.is_empty()))
    }
}

impl Step {
    /// Checks what a model's text is done to before it is packed.
    ///
    /// # Errors
    /// If an expression is none.
    pub fn check(&self) -> Result<(), Error> {
        self.patterns().map(drop)
    }

    fn patterns(&self) -> Result<Vec<Pattern>, Error> {
        match self {
            Self::Match { expression, .. } => Ok(vec![Pattern::new(expression)?]),
            Self::Split { separators, .. } => separators.iter().map(|separator| Pattern::new(separator)).collect(),
            Self::Normalize { .. } | Self::Characters => Ok(Vec::new()),
        }
    }

    /// With its stop words in order, and in the case in which they are looked for.
    fn prepared(&self) -> Self {
        let mut step = self.clone();
        if let Self::Normalize { stop_words, is_case_sensitive, .. } = &mut step {
            if !*is_case_sensitive {
                stop_words.iter_mut().for_each(|word| *word = Case::Lower.of(word));
            }
            stop_words.sort_unstable();
        }
        step
    }

    fn run(&self, strings: Vec<String>, patterns: &[Pattern]) -> Vec<String> {
        match self {
            Self::Normalize { case, stop_words, is_case_sensitive } => {
                let is_kept = |string: &String| {
                    let key = if *is_case_sensitive { string.clone() } else { Case::Lower.of(string) };
                    stop_words.binary_search(&key).is_err()
                };
                let kept = strings.into_iter().filter(|string| stop_words.is_empty() || is_kept(string));
                kept.map(|string| case.of(&string)).collect()
            }
            Self::Match { chars_min, .. } | Self::Split { chars_min, .. } => {
                let is_split = matches!(self, Self::Split { .. });
                let mut parts = strings;
                for pattern in patterns {
                    let find = |string: &String| -> Vec<String> {
                        let found = if is_split { pattern.split(string) } else { pattern.find(string) };
                        found.map(str::to_owned).collect()
                    };
                    parts = parts.iter().flat_map(find).collect();
                }
                parts.retain(|part| part.chars().nth(chars_min.saturating_sub(1)).is_some());
                parts
            }
            Self::Characters => strings.iter().flat_map(|string| string.chars().map(String::from)).collect(),
        }
    }
}

impl Case {
    /// A text in this case. Each character becomes one character, as C's `towlower` and `towupper` have it, which
    /// onnxruntime uses.
    fn of(self, text: &str) -> String {
        fn one(character: char, mut mapped: impl Iterator<Item = char>) -> char {
            match (mapped.next(), mapped.next()) {
                (Some(only), None) => only,
                _ => character,
            }
        }
        match self {
            Self::Keep => text.to_owned(),
            // Of the letters that have more than one small one, C knows one.
            Self::Lower => text.chars().map(|c| if c == 'İ' { 'i' } else { one(c, c.to_lowercase()) }).collect(),
            Self::Upper => text.chars().map(|c| one(c, c.to_uppercase())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(steps: Vec<Step>, text: &str) -> Vec<String> {
        steps
            .iter()
            .fold(vec![text.to_owned()], |strings, step| step.prepared().run(strings, &step.patterns().unwrap()))
    }

    fn matching(expression: &str, chars_min: usize) -> Step {
        Step::Match { expression: expression.into(), chars_min }
    }

    #[test]
    fn parts_are_those_that_match_and_are_long_enough() {
        for (expression, text, expected) in [
            ("[a-zA-Z0-9_]+", "it's 1_000, é!", &["it", "1_000"][..]),
            (r"[^ ]{2,}", "été a bc", &["été", "bc"]),
            ("..", "a\nb", &["a\n"]),
        ] {
            assert_eq!(strings(vec![matching(expression, 2)], text), expected, "{expression}");
        }
        assert_eq!(strings(vec![Step::Characters], "né"), ["n", "é"]);
        let split = Step::Split { separators: vec!["ab".into(), "a".into()], chars_min: 1 };
        assert_eq!(strings(vec![split], "xabyaz"), ["x", "y", "z"]);
    }

    #[test]
    fn the_case_of_each_letter_is_changed_by_itself_and_stop_words_go() {
        let normalize =
            |case, is_case_sensitive| Step::Normalize { case, stop_words: vec!["The".into()], is_case_sensitive };
        let words = |step| strings(vec![matching("[^ ]+", 1), step], "İI ıß THE The МИР");
        assert_eq!(words(normalize(Case::Lower, false)), ["ii", "ıß", "мир"]);
        assert_eq!(words(normalize(Case::Upper, true)), ["İI", "Iß", "THE", "МИР"]);
        assert_eq!(words(normalize(Case::Keep, true)), ["İI", "ıß", "THE", "МИР"]);
    }

    /// Counts `a`, `a b` and `a a`, of which one number is left over.
    fn counter(counting: Counting, skip_max: usize, width: usize) -> Result<Counter, Error> {
        let gram = |strings: &[u32], place, weight| Gram { strings: strings.into(), place, weight };
        let grams = Grams {
            vocabulary: vec!["a".into(), "b".into()],
            grams: vec![gram(&[0], 0, 0.5), gram(&[0, 1], 1, 3.0), gram(&[0, 0], 2, 2.0)],
            length_min: 1,
            length_max: 2,
            skip_max,
            width,
            counting,
        };
        Counter::new(Words { steps: vec![Step::Split { separators: vec![" ".into()], chars_min: 1 }], grams })
    }

    #[test]
    fn what_follows_each_other_is_counted_as_the_mode_says() {
        for (counting, skip_max, text, expected) in [
            (Counting::Often, 0, "a b a", [2.0, 1.0, 0.0, 0.0]),
            (Counting::Often, 1, "a b a", [2.0, 1.0, 1.0, 0.0]),
            (Counting::Often, 0, "a x b a a a", [4.0, 0.0, 2.0, 0.0]),
            (Counting::Often, 1, "a x b", [1.0, 1.0, 0.0, 0.0]),
            (Counting::Weight, 0, "a b a b", [0.5, 3.0, 0.0, 0.0]),
            (Counting::WeightedOften, 0, "a b a b", [1.0, 6.0, 0.0, 0.0]),
            (Counting::Often, 3, "", [0.0; 4]),
        ] {
            let counted = counter(counting, skip_max, 4).unwrap().count(text);
            assert_eq!(counted, expected, "{counting:?} of {text:?}, {skip_max} between");
        }
        assert!(matches!(counter(Counting::Often, 0, 2), Err(Error::Shape(_))), "one counts beyond the last number");
    }

    #[test]
    fn an_expression_of_which_onnxruntime_takes_the_longest_match_is_refused() {
        for expression in ["a|ab", "a+?", "(a*?)b", "a{1,2}?", "("] {
            let error = matching(expression, 1).check().unwrap_err();
            assert!(matches!(error, Error::Expression { .. }), "{expression}: {error}");
        }
    }
}
