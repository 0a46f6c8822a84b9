//! A store of another kind that does not hold what it promises: no route changes, no panic escapes, and it is said.

use std::time::Duration;

use switchback::control::{Control, Event, Readiness, Request};
use switchback::runtime::FollowTrouble;
use switchback::verdict::DecidedBy;
use switchback::{BuildError, ReleaseId, Runtime, ShutdownError, SlotConfig};

use super::memory_store::{Fault, MemoryStore, with_two_releases};
use super::support::{promote, revert, until};
use crate::support::message;

/// A process that obeys the promotion of two releases, one after the other.
fn following() -> (MemoryStore, Control, [ReleaseId; 2], Runtime) {
    let (store, control, releases) = with_two_releases();
    let process = store.process();
    for release in &releases {
        obeyed(&control, &control.promote(promote(release).readiness(Readiness::Skip)).unwrap().event);
    }
    (store, control, releases, process)
}

fn obeyed(control: &Control, event: &Event) {
    assert!(control.acknowledgements(event, Duration::MAX).unwrap().silent.is_empty());
}

/// What keeps a process from following, once it has noticed.
fn trouble(process: &Runtime) -> String {
    let stopped = || match process.following()?.trouble? {
        FollowTrouble::Stopped(why) => Some(why),
        _ => None,
    };
    until("the trouble is seen", || stopped().is_some());
    stopped().unwrap()
}

#[test]
fn what_a_store_says_wrongly_is_not_obeyed_and_is_said() {
    for (fault, said) in [
        (Fault::Panics, "the store panicked: "),
        (Fault::Fails, "cannot use memory: it is away"),
        (Fault::GoesBack, "its ledger is not whole: "),
        (Fault::Repeats, "its ledger is not whole: "),
        (Fault::Rewrites, "its ledger is not whole: "),
        (Fault::Restless, "was another one each of the 100 times"),
    ] {
        let (store, control, [first, second], process) = following();
        let slot = process.slot("inbound").unwrap();
        let generation = slot.generation();
        store.set(fault);
        let why = trouble(&process);
        assert!(why.contains(said), "{fault:?}: {why}");
        let verdict = slot.score(&message());
        assert_eq!((verdict.release, verdict.generation), (Some(second), generation), "{fault:?}");

        store.set(Fault::None);
        until("it follows again", || process.following().unwrap().trouble.is_none());
        obeyed(&control, &control.commit(revert()).unwrap().event);
        assert_eq!(slot.score(&message()).release, Some(first), "{fault:?}");
    }
}

#[test]
fn a_store_that_panics_fails_the_build_and_not_the_drop() {
    let (store, _control, _releases, process) = following();
    store.set(Fault::Panics);
    trouble(&process);
    let built =
        Runtime::builder().slot(SlotConfig::new("inbound")).instances(2).store(std::sync::Arc::new(store)).build();
    assert!(matches!(built, Err(BuildError::Store(_))), "{built:?}");
    let slot = process.slot("inbound").unwrap();
    slot.revert().unwrap();
    process.flush();
    drop(process);
    assert_eq!(slot.score(&message()).decided_by, DecidedBy::Unscanned);
}

#[test]
fn a_revert_that_a_store_forgets_stands_and_is_written_when_it_can_be() {
    let (store, control, [first, _], process) = following();
    store.set(Fault::Forgets);
    let slot = process.slot("inbound").unwrap();
    let reverted = slot.revert().unwrap();
    let why = trouble(&process);
    assert!(why.contains("and does not have it"), "{why}");
    assert_eq!((reverted.is_recorded(), slot.live()), (false, Some(first.clone())));
    store.set(Fault::None);
    assert!(reverted.wait_recorded(Duration::MAX));
    assert_eq!(control.state().unwrap().slots["inbound"].live, Some(first));
}

#[test]
fn a_store_that_does_not_answer_holds_up_no_message_no_revert_and_no_question() {
    let (store, control, [first, second], process) = following();
    store.set(Fault::Hangs);
    until("somebody waits", || store.unanswered() > 0);
    let slot = process.slot("inbound").unwrap();
    assert_eq!(slot.score(&message()).release, Some(second));
    slot.revert().unwrap();
    assert_eq!(slot.score(&message()).release, Some(first));
    assert!(process.following().is_some() && process.process().is_some());
    let ended = process.shutdown(Duration::from_millis(1));
    assert!(matches!(ended, Err(ShutdownError::TimedOut { .. })), "{ended:?}");
    store.set(Fault::None);
    process.shutdown(Duration::MAX).unwrap();
    drop(process);
    control.commit(Request::Freeze { slot: None }).unwrap();
}
