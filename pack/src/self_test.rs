//! Tries a sealed release in a host, as every host will before the release may score anything.

use std::fmt;

use serde::Serialize;
use switchback::{
    Assessment, Category, Draft, Limits, Logged, Manifest, Outcome, ReleaseId, Runtime, ScoreError, Scored, SelfTest,
};

use crate::error::PackError;
use crate::pack::Progress;

/// The instances that the host reserves: one message at a time is scored.
const INSTANCES: u32 = 1;

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
        let is_other = self.expected_score.is_none_or(|expected| expected.to_bits() != self.score.to_bits());
        let expected = self.expected_score.map_or_else(|| "none".to_owned(), |score| score.to_string());
        let score = is_other.then(|| format!(" score {expected} -> {}", self.score));
        let category = self.expected_category.filter(|expected| *expected != self.category);
        let category = category.map(|expected| format!(" category {expected} -> {}", self.category));
        write!(f, "{}:{}", self.name, [score, category].into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

impl Changed {
    /// None if the answer is the one that is expected.
    pub(crate) fn of(test: &SelfTest, expected_score: Option<f64>, answer: &Tested) -> Option<Self> {
        let (score, category) = (answer.score?, answer.category?);
        let is_met = expected_score.is_some_and(|expected| expected.to_bits() == score.to_bits())
            && test.category.is_none_or(|expected| expected == category);
        let name = || test.name.clone();
        (!is_met).then(|| Self { name: name(), expected_score, score, expected_category: test.category, category })
    }
}

/// Has a host score the self-tests, and returns what it calls the release and what it answers, whatever the manifest
/// expects. `on_progress` hears what the model logs.
pub(crate) fn answers(
    release: &[u8],
    manifest: &Manifest,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(ReleaseId, Vec<Tested>), PackError> {
    let verified = Draft::new(release.to_vec()).verify(&Limits::default());
    let verified = verified.map_err(|refusal| PackError::Host { why: refusal.to_string() })?;
    let id = verified.id().clone();
    let runtime = Runtime::builder().instances(INSTANCES).build();
    let runtime = runtime.map_err(|error| PackError::Host { why: error.to_string() })?;
    let rehearsed = runtime.rehearse(verified).map_err(|error| PackError::Host { why: error.fault.to_string() })?;
    let named = manifest.self_tests.iter().zip(rehearsed);
    let tested = named.map(|(test, scored)| {
        let log = scored.as_ref().map_or_else(|error| &error.log, |scored| &scored.log);
        on_progress(Progress::Logged(&test.name, log));
        tested(test, scored)
    });
    let tested = tested.collect::<Result<_, _>>()?;
    Ok((id, tested))
}

/// Has a host score the self-tests, all of which have to be answered as the manifest expects.
pub(crate) fn check(
    release: &[u8],
    manifest: &Manifest,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(ReleaseId, Vec<Tested>), PackError> {
    let (id, tested) = answers(release, manifest, on_progress)?;
    let answered = manifest.self_tests.iter().zip(&tested);
    let changed: Vec<_> = answered.filter_map(|(test, answer)| Changed::of(test, Some(test.score), answer)).collect();
    if changed.is_empty() { Ok((id, tested)) } else { Err(PackError::OtherAnswer { changed }) }
}

fn tested(test: &SelfTest, scored: Result<Scored, ScoreError>) -> Result<Tested, PackError> {
    let scored = scored.map_err(|error| failed(&test.name, &error))?;
    let (name, log) = (test.name.clone(), scored.log);
    match scored.outcome {
        Outcome::Scored(Assessment { score, category, .. }) if !test.abstains => {
            Ok(Tested { name, score: Some(score), category: Some(category), log })
        }
        Outcome::Abstained(_) if test.abstains => Ok(Tested { name, score: None, category: None, log }),
        Outcome::Scored(Assessment { score, .. }) => {
            let why = format!("it scored {score} and is expected to abstain; without `abstains = true` it may score");
            Err(PackError::SelfTest { test: name, why })
        }
        Outcome::Abstained(why) => {
            let why = format!("it abstained: {why}; if it is to, `abstains = true` in place of the score says so");
            Err(PackError::SelfTest { test: name, why })
        }
    }
}

fn failed(name: &str, error: &ScoreError) -> PackError {
    let said = error.guest_message().map(|said| format!("; the model said: {said}")).unwrap_or_default();
    let why = format!("{}{said}", error.fault);
    match error.is_guest_fault() {
        true => PackError::SelfTest { test: name.to_owned(), why },
        false => PackError::Host { why: format!("self-test `{name}` could not be run: {why}") },
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
