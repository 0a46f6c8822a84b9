//! How messages are gone through, with a model that is none.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use switchback::release::{Manifest, Reads, Scale, SelfTest};
use switchback::{Digest, Fault, Message, ReleaseId, ScoreError, Scored};

use super::check::CheckName;
use super::tally::Tally;
use super::{BATCH, LATE_MAX, go_through};
use crate::error::PackError;
use crate::progress::Progress;

fn manifest() -> Manifest {
    Manifest::new("tiny".parse().unwrap(), "1.0.0".parse().unwrap(), Scale::Probability, Reads::default())
        .self_test(SelfTest::new("0", "", 0.5))
}

fn mail(count: usize) -> impl Iterator<Item = (String, Message)> {
    (0..count).map(|number| (number.to_string(), Message::parse(number.to_string())))
}

fn fails(fault: Fault) -> Result<Scored, ScoreError> {
    let manifest = manifest();
    Err(ScoreError::new(&ReleaseId::new(manifest.name, manifest.version, Digest::of(b"")), fault))
}

fn go(
    count: usize,
    score: &dyn Fn(&Message) -> Result<Scored, ScoreError>,
    look: impl FnOnce(&Tally<'_>, &[usize]),
) -> Result<(), PackError> {
    let manifest = manifest();
    let (mut tally, mut told) = (Tally::of(&manifest), Vec::new());
    let mut progress = |progress: Progress<'_>| {
        if let Progress::Scored(messages) = progress {
            told.push(messages);
        }
    };
    go_through(mail(count), score, |_, _| {}, &mut tally, &mut progress)?;
    look(&tally, &told);
    Ok(())
}

#[test]
fn every_message_is_scored_twice_and_the_second_time_in_another_order() {
    let order = RefCell::new(Vec::new());
    let score = |message: &Message| {
        order.borrow_mut().push(String::from_utf8_lossy(message.bytes()).parse::<usize>().unwrap());
        fails(Fault::CannotScore("no".to_owned()))
    };
    let count = BATCH + 2;
    go(count, &score, |tally, told| {
        assert_eq!((tally.messages, told), (count, &[BATCH, count][..]));
        assert!(!tally.faults.contains_key(&CheckName::Purity));
        assert_eq!(tally.refused.messages(), count);
    })
    .unwrap();
    let batch = (0..BATCH).chain((0..BATCH).rev());
    let expected: Vec<_> = batch.chain([BATCH, BATCH + 1, BATCH + 1, BATCH]).collect();
    assert_eq!(order.into_inner(), expected);
}

#[test]
fn a_model_that_remembers_other_messages_is_found_out() {
    let calls = Cell::new(0);
    let score = |_: &Message| {
        calls.set(calls.get() + 1);
        fails(Fault::Trap(format!("call {}", calls.get())))
    };
    go(3, &score, |tally, _| {
        let impure = tally.faults[&CheckName::Purity].lines();
        assert_eq!(impure[0], "`0`: it trapped: call 1, and then it trapped: call 6");
        assert_eq!((impure.len(), tally.faults[&CheckName::Answers].messages()), (3, 3));
        assert!(tally.faults[&CheckName::SelfTests].lines()[0].starts_with("`0`: it trapped"));
    })
    .unwrap();
}

#[test]
fn a_failure_counts_for_the_check_that_it_is_about() {
    for (fault, check) in [
        (Fault::Trap(String::new()), CheckName::Answers),
        (Fault::Undeclared(String::new()), CheckName::Reads),
        (Fault::BadResult(String::new()), CheckName::Contract),
        (Fault::Stack, CheckName::Stack),
        (Fault::Memory(1), CheckName::Memory),
        (Fault::Table(1), CheckName::Memory),
        (Fault::Deadline(Duration::ZERO), CheckName::Time),
        (Fault::LogFlood(String::new()), CheckName::Log),
    ] {
        go(1, &|_| fails(fault.clone()), |tally, _| {
            let failed: Vec<_> = tally.faults.keys().copied().collect();
            assert_eq!(failed, [CheckName::SelfTests, check], "{fault}");
        })
        .unwrap();
    }
}

#[test]
fn what_the_machine_cannot_do_is_no_finding() {
    let error = go(1, &|_| fails(Fault::PoolBusy), |_, _| {}).unwrap_err().to_string();
    assert!(error.contains("`0` could not be scored: every instance of the pool is in use"), "{error}");
}

#[test]
fn a_model_that_loops_on_all_mail_is_not_tried_on_all_of_it() {
    let (calls, late) = (Cell::new(0), Fault::Deadline(Duration::from_millis(100)));
    let score = |_: &Message| {
        calls.set(calls.get() + 1);
        fails(late.clone())
    };
    go(BATCH * 3, &score, |tally, told| {
        assert_eq!((tally.messages, tally.is_cut_short, told), (LATE_MAX, true, &[LATE_MAX][..]));
        assert_eq!(tally.faults[&CheckName::Time].messages(), LATE_MAX);
    })
    .unwrap();
    assert_eq!(calls.get(), 2 * LATE_MAX);
    go(LATE_MAX, &score, |tally, _| assert!(!tally.is_cut_short, "there were no more")).unwrap();
    // One that answers before is.
    let score = |message: &Message| match message.bytes() {
        b"0" => fails(Fault::CannotScore("no".to_owned())),
        _ => fails(late.clone()),
    };
    go(BATCH + 1, &score, |tally, _| assert_eq!((tally.messages, tally.is_cut_short), (BATCH + 1, false))).unwrap();
}
