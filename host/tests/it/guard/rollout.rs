//! Rollouts: step by step, by themselves.

use switchback::Runtime;
use switchback::control::{Admission, Exposure, Pause, Progress};
use switchback::guard::GuardReader;
use switchback::guard::GuardSettings;

use super::support::{Filter, GMAIL, mail};
use crate::control::support::{PATIENCE, until};

fn begin(filter: &Filter) {
    // So that some dozens of messages say enough.
    filter.set(GuardSettings::default().proof_rate(0.2));
    let (slot, release) = ("inbound".to_owned(), filter.bad.clone());
    let plan = "shadow 1s, 50% 1s, 100%".parse().unwrap();
    filter.store.obeyed(Admission::Rollout { slot, release, plan, ready_within: PATIENCE });
}

fn exposure(filter: &Filter) -> Option<Exposure> {
    let state = filter.store.control.state().unwrap();
    state.slots["inbound"].rollout.as_ref()?.current().map(|step| step.exposure)
}

/// Scores mail of people whom the filter knows.
fn score(process: &Runtime) {
    (0..60).for_each(|number| drop(process.slot("inbound").unwrap().score(&mail(number, GMAIL))));
    process.flush();
}

#[test]
fn a_rollout_walks_all_its_steps_across_the_end_of_every_process() {
    let filter = Filter::with(&["empty", "empty"]);
    filter.teach(60);
    let first = filter.process();
    begin(&filter);
    score(&first);
    until("the canary begins", || {
        first.flush();
        exposure(&filter) == Some(Exposure::Canary(5_000))
    });
    drop(first);
    let second = filter.process();
    until("the release is live", || {
        second.flush();
        filter.store.control.state().unwrap().slots["inbound"].live.as_ref() == Some(&filter.bad)
    });
    assert_eq!(exposure(&filter), None, "it has ended");
    let authors: Vec<_> = filter.store.control.history().unwrap().into_iter().map(|event| event.author).collect();
    assert_eq!(authors.iter().filter(|author| *author == "guard").count(), 2);
}

#[test]
fn without_evidence_a_rollout_pauses_and_says_why() {
    let filter = Filter::with(&["empty", "empty"]);
    let process = filter.process();
    begin(&filter);
    let paused = || {
        process.flush();
        let state = filter.store.control.state().unwrap();
        let slot = &state.slots["inbound"];
        let reader = GuardReader::open(filter.store.path()).unwrap();
        let evidence = reader.evidence(&slot.rollout_trial("inbound").unwrap(), &slot.guard).unwrap();
        slot.rollout.as_ref().unwrap().progress(jiff::Timestamp::now(), &evidence)
    };
    until("it pauses", || matches!(paused(), Progress::Paused(Pause::Unproven { proof, .. }) if proof.campaigns == 0));
    process.flush();
    assert_eq!(exposure(&filter), Some(Exposure::Shadow));
    // Another process, and one that begins anew, see the same.
    filter.process().flush();
    drop(process);
    filter.process().flush();
    let alerts = GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
    assert_eq!(alerts.iter().filter(|kept| kept.alert.kind == switchback::alert::Kind::Rollout).count(), 1);
}

#[test]
fn a_harmful_release_does_not_leave_its_shadow() {
    let filter = Filter::harmful();
    filter.teach(60);
    let process = filter.process();
    begin(&filter);
    score(&process);
    until("it pauses", || {
        process.flush();
        let alerts = GuardReader::open(filter.store.path()).unwrap().alerts(10).unwrap();
        alerts.iter().any(|kept| kept.alert.kind == switchback::alert::Kind::Rollout)
    });
    assert_ne!(exposure(&filter), Some(Exposure::Canary(5_000)));
    assert!(filter.store.control.state().unwrap().slots["inbound"].harmful.contains_key(&filter.bad.digest));
}
