//! Tries a sealed release in a host, as every host will before the release may score anything.

use std::path::Path;

use serde::Serialize;
use switchback::{
    Assessment, Category, LoadError, LoadFault, Manifest, Message, Outcome, ReleaseId, Runtime, ScoreError, Scored,
};

use crate::error::PackError;

/// The instances that the host reserves: one message at a time is scored.
const INSTANCES: u32 = 1;

/// What a self-test came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Tested {
    /// The self-test's message.
    pub name: String,
    /// The score, equal to the expected one bit for bit.
    pub score: f64,
    /// The category.
    pub category: Category,
}

/// Loads the release, which runs its self-tests, and says what they came to.
pub(crate) fn check(path: &Path, manifest: &Manifest) -> Result<(ReleaseId, Vec<Tested>), PackError> {
    let runtime = runtime()?;
    let id = runtime.load(path).map_err(|error| refused(error, &runtime, path, manifest))?;
    let tested = manifest.self_tests.iter().map(|test| {
        let scored = runtime.score_with(&id, &Message::parse(test.message.clone()));
        let assessment = assessment(&test.name, scored)?;
        Ok(Tested { name: test.name.clone(), score: assessment.score, category: assessment.category })
    });
    let tested = tested.collect::<Result<_, PackError>>()?;
    Ok((id, tested))
}

/// The scores of the self-tests, whatever the manifest expects.
pub(crate) fn scores(path: &Path, manifest: &Manifest) -> Result<Vec<f64>, PackError> {
    let rehearsed = runtime()?.rehearse(path).map_err(|error| PackError::Host { why: error.to_string() })?;
    let named = manifest.self_tests.iter().zip(rehearsed);
    named.map(|(test, scored)| Ok(assessment(&test.name, scored)?.score)).collect()
}

fn runtime() -> Result<Runtime, PackError> {
    let built = Runtime::builder().instances(INSTANCES).build();
    built.map_err(|error| PackError::Host { why: error.to_string() })
}

fn assessment(test: &str, scored: Result<Scored, ScoreError>) -> Result<Assessment, PackError> {
    let failed = |why: String| PackError::SelfTest { test: test.to_owned(), why };
    match scored.map_err(|error| failed(error.to_string()))?.outcome {
        Outcome::Scored(assessment) => Ok(assessment),
        Outcome::Abstained(why) => Err(failed(format!("it abstained: {why}"))),
    }
}

fn refused(error: LoadError, runtime: &Runtime, path: &Path, manifest: &Manifest) -> PackError {
    match error.fault {
        LoadFault::SelfTest { test, why } if is_only_the_score(&test, runtime, path, manifest) => {
            PackError::OtherScore { test, why }
        }
        LoadFault::SelfTest { test, why } => PackError::SelfTest { test, why },
        _ => PackError::Host { why: error.to_string() },
    }
}

/// Whether the model has a score for the self-test, and the category that is expected.
fn is_only_the_score(test: &str, runtime: &Runtime, path: &Path, manifest: &Manifest) -> bool {
    let rehearsed = runtime.rehearse(path).unwrap_or_default();
    let mut tests = manifest.self_tests.iter().zip(rehearsed);
    let Some((expected, Ok(scored))) = tests.find(|(one, _)| one.name == test) else { return false };
    match scored.outcome {
        Outcome::Scored(scored) => expected.category.is_none_or(|category| category == scored.category),
        Outcome::Abstained(_) => false,
    }
}
