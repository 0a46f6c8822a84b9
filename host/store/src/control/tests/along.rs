//! What goes along with an operation: ends of rollouts, and a freeze that stands again.

use jiff::{SignedDuration, Timestamp};
use switchback_model::guard::Segment;
use switchback_model::route::Generation;

use super::super::*;
use super::guarded::{SLOT, advance, canary, guard, promote, roll_out, shadow};
use super::{hash, release};

/// 1.1.0 live with 1.0.0 on standby, 1.2.0 to 1.4.0 loaded.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    (0..5).for_each(|version| drop(done(&mut ledger, Operation::Load { release: release(version), signer: None })));
    done(&mut ledger, promote(0));
    done(&mut ledger, promote(1));
    ledger
}

/// The same, with 1.2.0 being rolled out, in so many steps.
fn rolling_out(steps: usize) -> Ledger {
    let mut ledger = ledger();
    done(&mut ledger, roll_out(2));
    (1..steps).for_each(|step| drop(done(&mut ledger, advance(2, step))));
    ledger
}

fn try_to(ledger: &Ledger, operation: Operation) -> Result<along::Drafts, Refused> {
    let proposal = Proposal { author: "ada".into(), reason: "why".into(), operation };
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(i64::try_from(ledger.state().sequence.get()).unwrap());
    ledger.draft_all(proposal, at)
}

/// Does it, and returns everything that was written, as a person reads it.
fn done(ledger: &mut Ledger, operation: Operation) -> Vec<String> {
    let drafts = try_to(ledger, operation.clone()).unwrap_or_else(|refused| panic!("{operation}: {refused}"));
    let proposed = drafts.proposed();
    assert_eq!(std::mem::discriminant(&proposed.operation), std::mem::discriminant(&operation));
    let write = |event: &Drafted| {
        let body = event.to_json();
        // Whoever reads the ledger, in whichever version, applies one event after the other.
        ledger.follow(&Entry { sequence: event.sequence, hash: hash(&body), body }).unwrap();
        event.operation.to_string()
    };
    drafts.all.iter().map(write).collect()
}

fn slot(ledger: &Ledger) -> &SlotState {
    &ledger.state().slots[SLOT]
}

fn withdraw(version: u64) -> Operation {
    Operation::Withdraw { slot: SLOT.into(), release: release(version) }
}

fn revert() -> Operation {
    Operation::Revert { slot: SLOT.into(), to: None, emergency: None }
}

const STOP: &str = "stop the rollout in inbound";
const WITHDRAW: &str = "withdraw phish@1.2.0 from inbound";

#[test]
fn what_ends_a_rollout_says_so_and_leaves_no_share_behind_that_nobody_watches() {
    for (operation, before) in [
        (revert(), &[STOP, WITHDRAW][..]),
        (promote(3), &[STOP, WITHDRAW]),
        (Operation::Quarantine { release: release(1) }, &[STOP, WITHDRAW]),
        (guard(1, GuardAction::Revert, Some(release(0))), &[STOP, WITHDRAW]),
        // It has no role any more, or the one that it was given.
        (promote(2), &[STOP]),
        (withdraw(2), &[STOP]),
        (Operation::Quarantine { release: release(2) }, &[STOP]),
        (guard(2, GuardAction::Withdraw, Some(release(1))), &[STOP]),
        (canary(2, 50, false), &[STOP]),
        (shadow(2), &[STOP]),
    ] {
        // In its second step it is a canary.
        let mut ledger = rolling_out(2);
        let written = done(&mut ledger, operation.clone());
        let (last, first) = written.split_last().unwrap();
        assert_eq!(first, before, "{operation}");
        assert!(!last.contains("stop") && slot(&ledger).rollout.is_none(), "{operation}");
        let is_given = matches!(operation, Operation::Canary { .. } | Operation::Shadow { .. });
        let tried = slot(&ledger).canaries.len() + slot(&ledger).shadows.len();
        assert_eq!(tried, usize::from(is_given), "{operation}");
    }
    // A shadow of a rollout goes with it as well.
    let mut ledger = rolling_out(1);
    assert_eq!(done(&mut ledger, revert())[..2], [STOP, WITHDRAW]);
    assert!(slot(&ledger).shadows.is_empty());
}

#[test]
fn a_process_that_reverted_by_itself_named_its_generation_for_the_route_that_it_had() {
    let mut ledger = rolling_out(2);
    let emergency =
        Emergency { process: ProcessNumber::new(3), at: Timestamp::UNIX_EPOCH, generation: Generation::new(3_000_000) };
    let operation = Operation::Revert { slot: SLOT.into(), to: Some(release(0)), emergency: Some(emergency) };
    let written = done(&mut ledger, operation.clone());
    assert_eq!(written, [STOP, &operation.to_string(), WITHDRAW]);
    assert_eq!((slot(&ledger).generation.get(), slot(&ledger).canaries.len()), (3_000_001, 0));
}

#[test]
fn what_leaves_a_rollout_its_ground_does_not_touch_it() {
    for operation in [
        canary(3, 100, false),
        shadow(3),
        withdraw(0),
        advance(2, 2),
        Operation::Freeze { slot: None },
        Operation::RevertSegment {
            slot: SLOT.into(),
            segment: Segment::Domain("x.example".into()),
            to: None,
            domains: Vec::new(),
        },
    ] {
        let mut ledger = rolling_out(2);
        assert_eq!(done(&mut ledger, operation.clone()).len(), 1, "{operation}");
        assert!(slot(&ledger).rollout.is_some(), "{operation}");
    }
    // The last step is its end as it was meant.
    let mut ledger = rolling_out(3);
    assert_eq!(done(&mut ledger, advance(2, 3)).len(), 1);
    assert_eq!((slot(&ledger).live.as_ref(), slot(&ledger).rollout.is_none()), (Some(&release(2)), true));
    let mut ledger = rolling_out(2);
    assert_eq!(done(&mut ledger, Operation::StopRollout { slot: SLOT.into() }), [STOP]);
    assert_eq!(slot(&ledger).canaries.len(), 1);
}

#[test]
fn what_is_refused_ends_nothing() {
    let ledger = rolling_out(2);
    for operation in [promote(1), promote(0), canary(2, 0, false), canary(2, 10_001, false)] {
        assert!(try_to(&ledger, operation.clone()).is_err(), "{operation}");
    }
}

#[test]
fn a_freeze_lets_a_share_be_narrowed_and_stands_as_before() {
    let mut ledger = ledger();
    done(&mut ledger, canary(2, 2_000, false));
    done(&mut ledger, Operation::Freeze { slot: None });
    done(&mut ledger, Operation::Freeze { slot: Some(SLOT.into()) });
    let frozen = ledger.state().frozen.clone().unwrap();
    for wider in [canary(2, 2_000, false), canary(2, 2_001, false), canary(3, 1, false)] {
        assert!(matches!(try_to(&ledger, wider.clone()), Err(Refused::Frozen { .. })), "{wider}");
    }
    for share_bp in [500, 100] {
        let written = done(&mut ledger, canary(2, share_bp, false));
        let share = format!("canary phish@1.2.0 in inbound, {} % by content", f64::from(share_bp) / 100.0);
        let [thaw, freeze] = ["thaw", "freeze"].map(|what| [format!("{what} every slot"), format!("{what} inbound")]);
        assert_eq!(written, [&thaw[0], &thaw[1], &share, &freeze[1], &freeze[0]].map(String::clone));
        assert_eq!(slot(&ledger).canaries[0].share.share_bp, share_bp);
        let again = ledger.state().frozen.clone().unwrap();
        assert_eq!(again.reason, format!("as before, by ada at {}: why", frozen.at));
        assert!(slot(&ledger).frozen.is_some());
    }
    // So does the end of a rollout.
    let mut ledger = rolling_out(2);
    done(&mut ledger, Operation::Freeze { slot: None });
    let written = done(&mut ledger, canary(2, 1, false));
    let share = "canary phish@1.2.0 in inbound, 0.01 % by content";
    assert_eq!(written, ["thaw every slot", STOP, share, "freeze every slot"]);
    let mut ledger = rolling_out(2);
    done(&mut ledger, Operation::Freeze { slot: None });
    assert_eq!(done(&mut ledger, revert())[..2], [STOP, WITHDRAW]);
    assert!(ledger.state().frozen.is_some());
}

#[test]
fn only_what_was_live_in_a_slot_is_on_standby_there_and_nothing_else_is_reverted_to() {
    let mut ledger = ledger();
    done(&mut ledger, canary(2, 100, false));
    done(&mut ledger, shadow(3));
    for never_live in 2..5 {
        let to = Some(release(never_live));
        for operation in [
            Operation::Revert { slot: SLOT.into(), to: to.clone(), emergency: None },
            Operation::RevertSegment {
                slot: SLOT.into(),
                segment: Segment::Domain("x.example".into()),
                to: to.clone(),
                domains: Vec::new(),
            },
        ] {
            let refused = try_to(&ledger, operation).err().unwrap().to_string();
            assert!(refused.contains("is not a standby of this slot"), "{refused}");
        }
    }
}

#[test]
fn events_that_belong_together_are_all_there_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(dir.path()).unwrap();
    let first = |operation| {
        Ledger::default()
            .draft(Proposal { author: "ada".into(), reason: String::new(), operation }, Timestamp::UNIX_EPOCH)
    };
    let [one, other] = [Operation::Freeze { slot: None }, Operation::Freeze { slot: Some(SLOT.into()) }]
        .map(|one| first(one).unwrap());
    assert!(matches!(store.append_all(&[one.clone(), other]), Err(StoreError::Conflict)));
    assert_eq!(store.tail(EventSequence::NONE).unwrap(), Tail { entries: Vec::new(), head: None });
    store.append_all(&[one]).unwrap();
    assert_eq!(store.tail(EventSequence::NONE).unwrap().entries.len(), 1);
    store.append_all(&[]).unwrap();
}
