//! What a model answers to its self-tests, and what of it is new.

use std::fmt;

use serde::Serialize;
use switchback::Category;
use switchback::release::SelfTest;
use switchback::verdict::Logged;

/// What a self-test came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Tested {
    /// The self-test's message.
    pub name: String,
    /// The score, equal to the expected one bit for bit; none if the model abstained, as is expected.
    pub score: Option<f64>,
    /// The category; none if the model abstained.
    pub category: Option<Category>,
    /// What the model logged.
    pub log: Logged,
}

/// A self-test that the model answers otherwise than its manifest expects, or expected.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Changed {
    /// The self-test's message.
    pub name: String,
    /// The score that was expected; none where the manifest had none.
    pub expected_score: Option<f64>,
    /// The score that the model gives now.
    pub score: f64,
    /// The category that was expected; none where the manifest has none.
    pub expected_category: Option<Category>,
    /// The category that the model gives now.
    pub category: Category,
}

/// `self-test/phish.eml: score 0.5 -> 0.75, category ham -> phish`.
impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.what())
    }
}

impl Changed {
    /// `score 0.5 -> 0.75, category ham -> phish`.
    pub(crate) fn what(&self) -> String {
        let is_other = self.expected_score.is_none_or(|expected| expected.to_bits() != self.score.to_bits());
        let expected = self.expected_score.map_or_else(|| "none".to_owned(), |score| score.to_string());
        let score = is_other.then(|| format!("score {expected} -> {}", self.score));
        let category = self.expected_category.filter(|expected| *expected != self.category);
        let category = category.map(|expected| format!("category {expected} -> {}", self.category));
        [score, category].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// None if the answer is the one that is expected.
    pub(crate) fn of(test: &SelfTest, expected_score: Option<f64>, answer: &Tested) -> Option<Self> {
        let (score, category) = (answer.score?, answer.category?);
        let is_met = expected_score.is_some_and(|expected| expected.to_bits() == score.to_bits())
            && test.category.is_none_or(|expected| expected == category);
        let name = || test.name.clone();
        (!is_met).then(|| Self { name: name(), expected_score, score, expected_category: test.category, category })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_and_nothing_else() {
        let test = |category| {
            let mut test = SelfTest::new("a.eml", "", 0.5);
            test.category = category;
            test
        };
        let answer = |score, category| Tested {
            name: "a.eml".to_owned(),
            score: Some(score),
            category: Some(category),
            log: Logged::default(),
        };
        let told = |category, expected, answer: &Tested| {
            Changed::of(&test(category), expected, answer).map(|changed| changed.to_string())
        };
        let (ham, spam) = (Some(Category::Ham), Category::Spam);
        assert_eq!(told(None, Some(0.5), &answer(0.5, spam)), None);
        assert_eq!(told(ham, Some(0.5), &answer(0.5, Category::Ham)), None);
        let changed = |category, expected, score| told(category, expected, &answer(score, spam)).unwrap();
        assert_eq!(changed(None, Some(0.5), 0.75), "a.eml: score 0.5 -> 0.75");
        assert_eq!(changed(None, None, 0.75), "a.eml: score none -> 0.75");
        assert_eq!(changed(ham, Some(0.5), 0.5), "a.eml: category ham -> spam");
        assert_eq!(changed(ham, Some(0.5), 0.75), "a.eml: score 0.5 -> 0.75, category ham -> spam");
    }
}
