//! Scoring on tokio's blocking threads: bounded, and right when a call is dropped.

use std::num::NonZero;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use switchback::journal::JournalConfig;
use switchback::tokio::Scorers;
use switchback::verdict::DecidedBy;
use switchback::{LocalRuntime, Runtime, SlotConfig};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime as Tokio};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::{load, message, shared_cache};

/// Close to how long the case `loop` scores: its deadline is 200 ms.
const ONE: Duration = Duration::from_millis(190);

/// A case of the hostile model, and at most so many messages at a time. Answers are recorded.
fn scorers(case: &str, workers: usize) -> (TempDir, LocalRuntime, Scorers) {
    let dir = tempfile::tempdir().unwrap();
    let builder = Runtime::builder().slot(SlotConfig::new("inbound")).cache_dir(shared_cache()).instances(64);
    let runtime = builder.journal(JournalConfig::new(dir.path())).build().unwrap();
    let release = load(&runtime, case, "1.0.0");
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&release).unwrap();
    let scorers = Scorers::new(slot, NonZero::new(workers).unwrap());
    (dir, runtime, scorers)
}

fn tokio() -> Tokio {
    Builder::new_current_thread().build().unwrap()
}

fn recorded(runtime: &LocalRuntime) -> u64 {
    runtime.flush();
    runtime.journal_counts().unwrap().written
}

/// Lets a call begin.
fn begin(call: &mut (impl Future + Unpin)) {
    assert!(matches!(std::pin::Pin::new(call).poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
}

#[test]
fn a_call_answers_as_the_slot_does() {
    let (_dir, _runtime, scorers) = scorers("empty", 2);
    let verdict = tokio().block_on(scorers.score(message()));
    let expected = scorers.slot().score(&message());
    assert_eq!((verdict.decided_by, verdict.score), (DecidedBy::Live, expected.score));
}

#[test]
fn no_more_messages_are_scored_at_a_time_than_was_said() {
    let (_dir, runtime, scorers) = scorers("loop", 1);
    tokio().block_on(async {
        let start = Instant::now();
        let calls: Vec<_> =
            (0..3).map(|_| scorers.clone()).map(|one| async move { one.score(message()).await }).collect();
        let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
        for call in calls {
            assert_eq!(call.await.unwrap().decided_by, DecidedBy::Unscanned);
        }
        assert!(start.elapsed() >= 3 * ONE, "{:?}", start.elapsed());
    });
    assert_eq!(recorded(&runtime), 3);
}

#[test]
fn a_call_that_is_dropped_is_scored_to_its_end_and_keeps_its_place_until_then() {
    let (_dir, runtime, scorers) = scorers("loop", 1);
    tokio().block_on(async {
        let start = Instant::now();
        let mut dropped = Box::pin(scorers.score(message()));
        begin(&mut dropped);
        drop(dropped);
        scorers.score(message()).await;
        assert!(start.elapsed() >= 2 * ONE, "{:?}", start.elapsed());
    });
    assert_eq!(recorded(&runtime), 2);
}

#[test]
fn a_call_that_is_dropped_before_its_turn_does_nothing() {
    let (_dir, runtime, scorers) = scorers("loop", 1);
    tokio().block_on(async {
        let mut first = Box::pin(scorers.score(message()));
        begin(&mut first);
        let mut waiting = Box::pin(scorers.score(message()));
        begin(&mut waiting);
        drop(waiting);
        first.await;
        scorers.score(message()).await;
    });
    assert_eq!(recorded(&runtime), 2);
}

#[test]
fn where_tokio_takes_no_task_any_more_the_calling_thread_scores() {
    let (_dir, _runtime, scorers) = scorers("empty", 1);
    let tokio = tokio();
    let handle = tokio.handle().clone();
    tokio.shutdown_background();
    assert_eq!(handle.block_on(scorers.score(message())).decided_by, DecidedBy::Live);
}

/// What a program might listen with: it panics at the first event.
struct Panics;

impl Subscriber for Panics {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        panic!("the subscriber broke");
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_panic_while_scoring_is_the_callers_with_its_message_and_frees_its_place() {
    let (_dir, _runtime, scorers) = scorers("trap", 1);
    // Only tokio's blocking threads have this subscriber, as long as they live.
    let listen = || std::mem::forget(tracing::subscriber::set_default(Panics));
    let tokio = Builder::new_current_thread().on_thread_start(listen).build().unwrap();
    tokio.block_on(async {
        let one = scorers.clone();
        let error = tokio::spawn(async move { one.score(message()).await }).await.unwrap_err();
        let panic = error.into_panic();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"the subscriber broke"));
        // That the release fails was said, and is not said again for a while.
        assert_eq!(scorers.score(message()).await.decided_by, DecidedBy::Unscanned);
    });
}
