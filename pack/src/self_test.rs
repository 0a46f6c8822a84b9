//! Tries a sealed release in a host, as every host will before the release may score anything.

use switchback::release::{Draft, Manifest, SelfTest, Verified};
use switchback::verdict::{Assessment, Outcome};
use switchback::{Limits, ReleaseId, Runtime, ScoreError, Scored};

use crate::answer::{Changed, Tested};
use crate::error::PackError;
use crate::progress::Progress;

/// The instances that the host reserves: one message at a time is scored.
const INSTANCES: u32 = 1;

/// What a host accepts as a release.
pub(crate) fn verified(release: &[u8]) -> Result<Verified, PackError> {
    let verified = Draft::new(release.to_vec()).verify(&Limits::default());
    verified.map_err(|refusal| PackError::Host { why: refusal.to_string() })
}

/// Has a host score the self-tests, and returns what it calls the release and what it answers, whatever the manifest
/// expects. `on_progress` hears what the model logs.
pub(crate) fn answers(
    release: &[u8],
    manifest: &Manifest,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(ReleaseId, Vec<Tested>), PackError> {
    let verified = verified(release)?;
    let id = verified.id().clone();
    let runtime = Runtime::builder().instances(INSTANCES).build();
    let runtime = runtime.map_err(|error| PackError::Host { why: error.to_string() })?;
    let scored = runtime.run_self_tests(verified).map_err(|error| PackError::Host { why: error.fault.to_string() })?;
    let named = manifest.self_tests.iter().zip(scored);
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

/// What a self-test came to, where the model has an answer of the kind that is expected.
pub(crate) fn tested(test: &SelfTest, scored: Result<Scored, ScoreError>) -> Result<Tested, PackError> {
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
    let why = format!("{}{}", error.fault, said(error));
    match error.is_guest_fault() {
        true => PackError::SelfTest { test: name.to_owned(), why },
        false => PackError::Host { why: format!("self-test `{name}` could not be run: {why}") },
    }
}

/// What the model said before it failed, to stand behind the fault.
pub(crate) fn said(error: &ScoreError) -> String {
    error.guest_message().map(|said| format!("; the model said: {said}{}", lacking(said))).unwrap_or_default()
}

/// What a model cannot have, where Rust's standard library says no more than that it is not there.
fn lacking(said: &str) -> &'static str {
    match said.contains("operation not supported on this platform") {
        true => "; a model has no clock, no threads, no files and no network",
        false => "",
    }
}

#[cfg(test)]
mod tests {
    use super::lacking;

    #[test]
    fn a_model_that_opens_a_file_is_told_that_there_are_none() {
        assert!(
            lacking("Error { kind: Unsupported, message: \"operation not supported on this platform\" }")
                .contains("no files")
        );
    }
}
