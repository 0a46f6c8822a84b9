use jiff::Timestamp;

use super::*;
use crate::guard::{GuardSettings, Key};
use crate::verdict::Action;

const TRAP: Said = Said::Failed(Cause::Trap);

fn scored(score: f64) -> Said {
    Said::Scored { score, action: Action::Deliver }
}

/// A call for eligible mail, of a sender and a campaign of its own, that both answered alike.
fn call(second: i64, number: u64) -> Call {
    let mut campaign = [0; 16];
    campaign[..8].copy_from_slice(&number.to_le_bytes());
    let side = Side { said: scored(number as f64 % 100.0 / 100.0), took_us: 100 };
    Call {
        at: Timestamp::from_second(second).unwrap(),
        sender: Sender::for_test(Some(Key(number)), Key(number), true),
        fingerprint: campaign.into(),
        side,
        baseline: Some(side),
    }
}

fn failed(call: Call) -> Call {
    Call { side: Side { said: TRAP, ..call.side }, ..call }
}

fn of_sender(call: Call, sender: u64) -> Call {
    Call { sender: Sender::for_test(Some(Key(sender)), call.sender.address, call.sender.is_eligible), ..call }
}

fn breakers() -> Breakers {
    Breakers::new(GuardSettings::default().breakers, None)
}

fn trips(calls: impl IntoIterator<Item = Call>) -> Vec<(Breaker, Level, u64)> {
    let mut breakers = breakers();
    let trips = calls.into_iter().filter_map(|call| breakers.add(&call));
    trips.map(|trip| (trip.evidence.breaker, trip.level, trip.evidence.bad)).collect()
}

#[test]
fn three_failures_of_three_senders_within_a_minute_trip_once() {
    let failures = [Breaker::Failures].map(|breaker| (breaker, Level::Act, 3));
    assert_eq!(trips((0..50).map(|number| failed(call(number as i64, number)))), failures);
    // The first is 60 seconds old when the third comes.
    assert_eq!(trips([0, 30, 60].map(|second| failed(call(second, second as u64)))), []);
    assert_eq!(trips([0, 30, 59].map(|second| failed(call(second, second as u64)))), failures);
}

#[test]
fn failures_that_one_sender_can_cause_do_not_trip() {
    let one_sender = (0..1_000).map(|number| of_sender(failed(call(0, number)), 1));
    assert_eq!(trips(one_sender), []);
    let one_campaign = (0..1_000).map(|number| Call { fingerprint: [9; 16].into(), ..failed(call(0, number)) });
    assert_eq!(trips(one_campaign), []);
}

#[test]
fn failures_on_mail_of_strangers_only_warn() {
    let stranger = |number| {
        let call = failed(call(0, number));
        Call { sender: Sender::for_test(None, call.sender.address, false), ..call }
    };
    assert_eq!(trips((0..1_000).map(stranger)), [(Breaker::Failures, Level::Warn, 3)]);
    // Afterwards those of known senders still count.
    let both = (0..10).map(stranger).chain((100..110).map(|number| failed(call(1, number))));
    let levels: Vec<_> = trips(both).into_iter().map(|(_, level, _)| level).collect();
    assert_eq!(levels, [Level::Warn, Level::Act]);
}

#[test]
fn what_the_baseline_fails_on_too_or_what_was_never_asked_is_nobodys_fault() {
    let shared = (0..100).map(|number| {
        let call = failed(call(0, number));
        Call { baseline: Some(Side { said: Said::Failed(Cause::Deadline), took_us: 9 }), ..call }
    });
    assert_eq!(trips(shared), []);
    for said in [
        Said::Dropped(crate::verdict::Dropped::Budget),
        Said::Failed(Cause::Overload),
        Said::Failed(Cause::TooBig),
        Said::Abstained,
    ] {
        let calls = (0..100).map(|number| Call { side: Side { said, took_us: 0 }, ..call(0, number) });
        assert_eq!(trips(calls), [], "{said:?}");
    }
}

#[test]
fn a_large_share_of_failures_trips_where_many_are_not_enough() {
    let settings = BreakerSettings { failures: 1_000, ..GuardSettings::default().breakers };
    let run = |failing: u64| {
        let mut breakers = Breakers::new(settings, None);
        let calls = (0..1_000).map(|number| {
            let call = call(0, number);
            if number.is_multiple_of(failing) { failed(call) } else { call }
        });
        calls.into_iter().find_map(|call| breakers.add(&call)).map(|trip| trip.evidence)
    };
    let evidence = run(50).unwrap();
    assert!(evidence.measured > 0.01 && evidence.bound == 0.01 && evidence.calls >= 300, "{evidence:?}");
    assert_eq!(run(200), None);
}

#[test]
fn a_few_failures_that_nobody_else_was_asked_about_may_be_the_machines() {
    let alone = |second, number, fails| {
        let call = Call { baseline: None, ..call(second, number) };
        if fails { failed(call) } else { call }
    };
    // Three of a thousand calls, and three of three.
    let calls = |count: u64| (0..count).map(move |number| alone(0, number, number < 3));
    let healthy_first = (3..1_000).map(|number| alone(0, number, false)).chain(calls(3));
    assert_eq!(trips(healthy_first), [(Breaker::Failures, Level::Warn, 3)]);
    assert_eq!(trips(calls(3)), [(Breaker::Failures, Level::Act, 3)]);
}

#[test]
fn a_clock_that_is_set_back_neither_gathers_failures_nor_forgets_them_all() {
    let mut breakers = breakers();
    // An hour ahead, and back: those failures are nobody's minute.
    for (second, number) in [(3_600, 1), (0, 2), (40, 3)] {
        assert_eq!(breakers.add(&failed(call(second, number))), None, "{second}");
    }
    let trip = breakers.add(&failed(call(50, 4))).unwrap();
    assert_eq!((trip.level, trip.evidence.bad), (Level::Act, 3));
}

#[test]
fn a_release_that_is_slower_than_its_baseline_trips() {
    let slow = |call: Call, both: bool| {
        let slow = Side { took_us: 400_000, ..call.side };
        Call { side: slow, baseline: if both { Some(slow) } else { call.baseline }, ..call }
    };
    let run = |both| {
        trips((0..600).map(|number| if number % 20 == 0 { slow(call(0, number), both) } else { call(0, number) }))
    };
    assert_eq!(run(true), []);
    let [(Breaker::Slow, Level::Act, bad)] = run(false)[..] else { panic!("{:?}", run(false)) };
    assert!(bad >= 15, "{bad}");
    // Ten calls of one sender are a large share of 300, and still one sender.
    let one =
        (0..600).map(|number| if number < 200 { of_sender(slow(call(0, number), false), 1) } else { call(0, number) });
    assert_eq!(trips(one), []);
}

#[test]
fn scores_at_the_rails_or_without_spread_warn_where_those_of_the_baseline_are_of_use() {
    let saying = |number: u64, said: fn(u64) -> f64, before: fn(u64) -> f64| {
        let call = call(0, number);
        Call {
            side: Side { said: scored(said(number)), ..call.side },
            baseline: Some(Side { said: scored(before(number)), ..call.side }),
            ..call
        }
    };
    let usual = |number: u64| number as f64 % 100.0 / 100.0;
    let rails = |number: u64| if number.is_multiple_of(2) { 0.0 } else { 1.0 };
    let flat = |_: u64| 0.4;
    let run = |said: fn(u64) -> f64, before: fn(u64) -> f64| {
        let found = trips((0..600).map(|number| saying(number, said, before)));
        found.into_iter().map(|(breaker, level, _)| (breaker, level)).collect::<Vec<_>>()
    };
    assert_eq!(run(rails, usual), [(Breaker::Rails, Level::Warn)]);
    assert_eq!(run(flat, usual), [(Breaker::Spread, Level::Warn)]);
    assert_eq!(run(rails, rails), []);
    assert_eq!(run(flat, flat), []);
    assert_eq!(run(usual, usual), []);
    // However much one sender sends, it is one of many.
    let one = (0..10_000).map(|number| match number {
        0..9_000 => of_sender(saying(number, rails, usual), 1),
        _ => saying(number, usual, usual),
    });
    assert_eq!(trips(one), []);
}

#[test]
fn what_is_over_leaves_nothing_behind() {
    let mut breakers = breakers();
    for number in 0..100_000 {
        breakers.add(&call(number as i64 / 100, number));
        assert!(breakers.calls.calls() <= 6_000, "{number}");
    }
    breakers.add(&call(10_000, 1));
    assert_eq!((breakers.calls.calls(), breakers.calls.pairs().count, breakers.calls.senders()), (1, 1, 1));
    let [deviation, _] = breakers.calls.scores().deviations();
    assert!(deviation.abs() < 1e-9, "{deviation}");
    // A second in which everything happens.
    (0..20_000).for_each(|number| drop(breakers.add(&call(10_001, number))));
    assert_eq!(breakers.calls.calls(), crate::limits::BREAKER_CALLS_MAX as u64);
}
