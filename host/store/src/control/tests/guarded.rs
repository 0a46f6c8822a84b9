//! Rollouts, segments that go back, and what the guard does.

use jiff::{SignedDuration, Timestamp};
use switchback_model::guard::{GuardSettings, Mode, Segment};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::{CanaryKey, RouteError};
use switchback_model::verdict::Role;

use super::super::*;
use super::{evidence, release};

pub(super) const SLOT: &str = "inbound";
const PLAN: &str = "shadow 24h, 1% 30m, 25% 30m, 100%";

/// A store with 1.0.0 live and 1.1.0 to 1.4.0 loaded.
fn state() -> StoreState {
    let mut state = StoreState::default();
    (0..5).for_each(|version| done(&mut state, Operation::Load { release: release(version), signer: None }));
    done(&mut state, promote(0));
    state
}

fn propose(state: &mut StoreState, operation: Operation) -> Result<Event, Refused> {
    let proposal = Proposal { author: "ada".into(), reason: String::new(), operation };
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(i64::try_from(state.sequence.get()).unwrap());
    let event = state.draft(proposal, at, Digest::of(b""))?;
    state.apply(&event).unwrap();
    Ok(event.into_event())
}

fn done(state: &mut StoreState, operation: Operation) {
    propose(state, operation).unwrap();
}

fn slot(state: &StoreState) -> &SlotState {
    &state.slots[SLOT]
}

pub(super) fn promote(version: u64) -> Operation {
    Operation::Promote { slot: SLOT.into(), release: release(version), older: false, forced: false, cool_off_s: None }
}

pub(super) fn canary(version: u64, share_bp: u16, forced: bool) -> Operation {
    Operation::Canary {
        slot: SLOT.into(),
        release: release(version),
        share_bp,
        key: CanaryKey::Content,
        mirrored: false,
        forced,
    }
}

pub(super) fn shadow(version: u64) -> Operation {
    Operation::Shadow { slot: SLOT.into(), release: release(version), rate_bp: 10_000 }
}

pub(super) fn roll_out(version: u64) -> Operation {
    Operation::Rollout { slot: SLOT.into(), release: release(version), plan: PLAN.parse().unwrap() }
}

pub(super) fn advance(version: u64, step: usize) -> Operation {
    Operation::Advance { slot: SLOT.into(), release: release(version), step }
}

pub(super) fn guard(version: u64, action: GuardAction, baseline: Option<ReleaseId>) -> Operation {
    Operation::Guard {
        slot: SLOT.into(),
        release: release(version),
        action,
        evidence: evidence(baseline).into(),
        domains: Vec::new(),
    }
}

fn role(state: &StoreState, version: u64) -> Option<Role> {
    slot(state).roles().role(&release(version))
}

#[test]
fn a_rollout_goes_through_its_steps_in_their_order_and_ends_in_charge() {
    let mut state = state();
    let begun = propose(&mut state, roll_out(1)).unwrap();
    assert_eq!(role(&state, 1), Some(Role::Shadow));
    assert!(matches!(propose(&mut state, advance(1, 2)), Err(Refused::NoRollout(_))), "no step is left out");
    assert!(matches!(propose(&mut state, advance(2, 1)), Err(Refused::NoRollout(_))), "nobody else goes on");
    for (step, share_bp) in [(1, 100), (2, 2_500)] {
        let event = propose(&mut state, advance(1, step)).unwrap();
        let rollout = slot(&state).rollout.as_ref().unwrap();
        assert_eq!((rollout.step, rollout.step_began), (step, event.at));
        assert_eq!(slot(&state).canaries[0].share.share_bp, share_bp);
        assert!(slot(&state).shadows.is_empty());
        assert!(matches!(propose(&mut state, advance(1, step)), Err(Refused::NoRollout(_))), "a step begins once");
    }
    let last = propose(&mut state, advance(1, 3)).unwrap();
    assert_eq!(role(&state, 1), Some(Role::Live));
    assert_eq!(slot(&state).rollout, None);
    assert_eq!(slot(&state).cool_off.as_ref().map(|one| one.until), Some(last.at + SignedDuration::from_hours(24)));
    assert_eq!(slot(&state).entered[&release(1).digest], begun.generation, "one trial from the shadow on");
}

#[test]
fn whoever_changes_what_is_rolled_out_ends_the_rollout() {
    let withdraw = || Operation::Withdraw { slot: SLOT.into(), release: release(2) };
    let ends: [(&str, Vec<Operation>); 7] = [
        ("withdrawn", vec![withdraw()]),
        ("another share", vec![canary(2, 500, false)]),
        ("promoted by hand", vec![promote(2)]),
        ("another one promoted", vec![promote(1)]),
        ("quarantined", vec![Operation::Quarantine { release: release(2) }]),
        ("found harmful", vec![guard(2, GuardAction::Block, None), withdraw()]),
        ("stopped", vec![Operation::StopRollout { slot: SLOT.into() }]),
    ];
    for (how, operations) in ends {
        let mut state = state();
        done(&mut state, roll_out(2));
        assert!(matches!(propose(&mut state, roll_out(3)), Err(Refused::RolloutGoesOn { .. })));
        done(&mut state, shadow(3));
        assert!(slot(&state).rollout.is_some(), "a shadow beside it changes nothing");
        operations.into_iter().for_each(|operation| done(&mut state, operation));
        assert_eq!(slot(&state).rollout, None, "{how}");
        assert!(matches!(propose(&mut state, advance(2, 1)), Err(Refused::NoRollout(_))), "{how}");
    }
}

#[test]
fn a_rollout_does_not_go_on_in_a_freeze_or_over_what_the_guard_found() {
    let mut state = state();
    done(&mut state, roll_out(1));
    done(&mut state, Operation::Freeze { slot: None });
    assert!(matches!(propose(&mut state, advance(1, 1)), Err(Refused::Frozen { .. })));
    done(&mut state, guard(1, GuardAction::Block, None));
    done(&mut state, Operation::Thaw { slot: None });
    assert!(matches!(propose(&mut state, advance(1, 1)), Err(Refused::Harmful { .. })));
    assert!(slot(&state).rollout.is_some());
}

#[test]
fn a_freeze_does_not_stop_the_guard() {
    let mut state = state();
    done(&mut state, promote(1));
    done(&mut state, Operation::Freeze { slot: None });
    done(&mut state, guard(1, GuardAction::Revert, Some(release(0))));
    assert_eq!((role(&state, 0), role(&state, 1)), (Some(Role::Live), None));
    assert!(state.quarantined.contains_key(&release(1).digest));
    assert!(matches!(propose(&mut state, promote(1)), Err(Refused::Frozen { .. })));
    done(&mut state, Operation::Thaw { slot: None });
    assert!(matches!(propose(&mut state, promote(1)), Err(Refused::Quarantined(_))));
}

#[test]
fn the_guard_is_late_where_the_release_has_another_role() {
    let mut state = state();
    done(&mut state, shadow(1));
    for action in [GuardAction::Withdraw, GuardAction::Revert, GuardAction::RevertSegment] {
        assert!(matches!(propose(&mut state, guard(1, action, None)), Err(Refused::GuardIsLate { .. })), "{action}");
    }
    done(&mut state, canary(1, 100, false));
    assert!(matches!(propose(&mut state, guard(1, GuardAction::Block, None)), Err(Refused::GuardIsLate { .. })));
}

#[test]
fn what_the_guard_withdrew_decides_again_only_if_somebody_forces_it() {
    let mut state = state();
    done(&mut state, canary(1, 100, false));
    let found = propose(&mut state, guard(1, GuardAction::Withdraw, None)).unwrap();
    assert_eq!(role(&state, 1), None);
    let refused = propose(&mut state, canary(1, 100, false)).unwrap_err();
    let why = refused.to_string();
    assert!(why.contains(&format!("in event {}", found.sequence)), "{why}");
    done(&mut state, shadow(1));
    done(&mut state, canary(1, 100, true));
    done(&mut state, promote(1));
    assert_eq!(role(&state, 1), Some(Role::Live));
}

#[test]
fn who_lifts_a_quarantine_forgives_what_the_guard_found() {
    let lift = || Operation::LiftQuarantine { release: release(1) };
    let mut state = state();
    assert!(matches!(propose(&mut state, lift()), Err(Refused::NotQuarantined(_))));
    done(&mut state, shadow(1));
    done(&mut state, guard(1, GuardAction::Block, None));
    assert!(matches!(propose(&mut state, promote(1)), Err(Refused::Harmful { .. })));
    done(&mut state, lift());
    done(&mut state, promote(1));
}

#[test]
fn a_segment_that_goes_back_begins_a_new_trial_for_the_rest() {
    let mut state = state();
    done(&mut state, promote(1));
    let since = |state: &StoreState| slot(state).entered[&release(1).digest];
    let promoted = since(&state);
    let segment: Segment = "gmail.com".parse().unwrap();
    let to = None;
    let back = Operation::RevertSegment { slot: SLOT.into(), segment: segment.clone(), to, domains: Vec::new() };
    done(&mut state, back);
    let reverted = since(&state);
    done(&mut state, Operation::RestoreSegment { slot: SLOT.into(), segment, forced: false });
    assert!(promoted < reverted && reverted < since(&state));
}

#[test]
fn a_segment_goes_back_with_the_domains_of_its_time_until_the_slot_changes() {
    let mut state = state();
    done(&mut state, promote(1));
    let mut settings = GuardSettings::default().mode(Mode::Warn);
    settings.providers.insert("acme".to_owned(), vec!["acme.example".to_owned(), "acme-mail.example".to_owned()]);
    done(&mut state, Operation::SetGuard { slot: SLOT.into(), settings: settings.into() });
    let segment: Segment = "provider:acme".parse().unwrap();
    let back = |segment: &Segment| Operation::RevertSegment {
        slot: SLOT.into(),
        segment: segment.clone(),
        to: None,
        domains: Vec::new(),
    };
    let generation = state.generation;
    done(&mut state, back(&segment));
    assert_eq!(state.generation, generation.next(), "a route like any other");
    let rule = &slot(&state).segments[0];
    assert_eq!(
        (&*rule.domains, &rule.release),
        (&["acme-mail.example".into(), "acme.example".into()][..], &release(0))
    );
    // What the guard knows later changes nothing about what was done.
    done(&mut state, Operation::SetGuard { slot: SLOT.into(), settings: GuardSettings::default().into() });
    assert_eq!(slot(&state).segments[0].domains.len(), 2);
    for nobody in ["everything", "unauthenticated", "provider:acme"] {
        let refused = propose(&mut state, back(&nobody.parse().unwrap()));
        assert!(matches!(refused, Err(Refused::Route(RouteError::NoSuchSenders(_)))), "{nobody}");
    }
    for number in 1..8 {
        done(&mut state, back(&format!("x{number}.example").parse().unwrap()));
    }
    let ninth = propose(&mut state, back(&"y.example".parse().unwrap()));
    assert!(matches!(ninth, Err(Refused::Route(RouteError::TooManySegments))));
    done(&mut state, Operation::RestoreSegment { slot: SLOT.into(), segment, forced: false });
    assert_eq!(slot(&state).segments.len(), 7);
    done(&mut state, promote(2));
    assert!(slot(&state).segments.is_empty());
}

#[test]
fn a_guard_with_settings_out_of_range_is_refused() {
    let mut state = state();
    let settings = GuardSettings::default().alpha(0.0);
    let refused = propose(&mut state, Operation::SetGuard { slot: SLOT.into(), settings: settings.into() });
    assert!(matches!(refused, Err(Refused::Guard(_))), "{refused:?}");
}

#[test]
fn a_trial_begins_anew_with_each_role_that_follows_none() {
    let mut state = state();
    let since = |state: &StoreState| slot(state).entered.get(&release(1).digest).copied();
    done(&mut state, shadow(1));
    let first = since(&state);
    assert_eq!(first, Some(state.generation));
    done(&mut state, promote(1));
    assert_eq!(since(&state), first);
    done(&mut state, Operation::Revert { slot: SLOT.into(), to: None, emergency: None });
    assert_eq!(since(&state), None);
    done(&mut state, promote(1));
    assert!(since(&state) > first);
    // A standby is no candidate: promoted again, it is tried anew.
    done(&mut state, promote(2));
    assert_eq!(since(&state), None);
}

#[test]
fn a_revert_goes_to_a_standby_and_to_nothing_that_nobody_has_checked() {
    let mut state = state();
    done(&mut state, promote(1));
    let to = |version| Operation::Revert { slot: SLOT.into(), to: Some(release(version)), emergency: None };
    let refused = propose(&mut state, to(3));
    assert_eq!(refused, Err(Refused::Route(RouteError::NotStandby(release(3)))));
    done(&mut state, to(0));
    assert_eq!(role(&state, 0), Some(Role::Live));
}

#[test]
fn in_a_freeze_nothing_is_restored() {
    let mut state = state();
    done(&mut state, promote(1));
    let segment: Segment = "gmail.com".parse().unwrap();
    let back = Operation::RevertSegment { slot: SLOT.into(), segment: segment.clone(), to: None, domains: Vec::new() };
    done(&mut state, Operation::Freeze { slot: None });
    done(&mut state, back);
    let restore = Operation::RestoreSegment { slot: SLOT.into(), segment, forced: true };
    assert!(matches!(propose(&mut state, restore), Err(Refused::Frozen { .. })));
}

#[test]
fn a_ledger_of_before_these_rules_is_still_read() {
    let mut before = state();
    done(&mut before, promote(1));
    let segment: Segment = "gmail.com".parse().unwrap();
    let back = Operation::RevertSegment { slot: SLOT.into(), segment: segment.clone(), to: None, domains: Vec::new() };
    done(&mut before, back);
    done(&mut before, Operation::Freeze { slot: None });
    let restored = Operation::RestoreSegment { slot: SLOT.into(), segment, forced: false };
    let to_another = Operation::Revert { slot: SLOT.into(), to: Some(release(3)), emergency: None };
    for operation in [restored, to_another] {
        let event = Event {
            sequence: before.sequence.next(),
            generation: before.generation.next(),
            at: Timestamp::UNIX_EPOCH,
            author: "ada".to_owned(),
            reason: String::new(),
            operation,
            previous: Digest::of(b""),
        };
        before.apply(&event).unwrap();
    }
    assert_eq!(role(&before, 3), Some(Role::Live));
}

#[test]
fn what_no_mail_is_counted_under_is_refused_and_what_a_ledger_has_stays() {
    let mut state = state();
    done(&mut state, promote(1));
    let back = |domain: &str| Operation::RevertSegment {
        slot: SLOT.into(),
        segment: Segment::Domain(domain.into()),
        to: None,
        domains: Vec::new(),
    };
    for (domain, why) in
        [("mail.gmail.com", "counted under gmail.com"), ("co.uk", "public suffix"), ("Gmail.com", "gmail.com")]
    {
        let refused = propose(&mut state, back(domain)).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    let set = |domains: &[&str]| Operation::SetGuard {
        slot: SLOT.into(),
        settings: GuardSettings::default().provider("acme", domains.iter().copied()).into(),
    };
    let refused = propose(&mut state, set(&["mx.acme.example"])).unwrap_err().to_string();
    assert!(
        refused.contains("of the guard's providers") && refused.contains("counted under acme.example"),
        "{refused}"
    );
    // An earlier version accepted both.
    let at = |sequence: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(sequence);
    for operation in [back("mail.gmail.com"), set(&["mx.acme.example"])] {
        let (sequence, is_route) = (state.sequence.next(), matches!(operation, Operation::RevertSegment { .. }));
        let operation = match operation {
            Operation::RevertSegment { slot, segment, to, .. } => {
                Operation::RevertSegment { slot, domains: vec![segment.to_string()], segment, to }
            }
            other => other,
        };
        let generation = state.generation.after(u64::from(is_route));
        let (author, reason, previous) = ("ada".to_owned(), String::new(), Digest::of(b""));
        let event = Event { sequence, generation, at: at(1), author, reason, operation, previous };
        state.apply(&event).unwrap();
    }
    done(&mut state, set(&["mx.acme.example", "acme.example"]));
    let segment = Segment::Domain("mail.gmail.com".into());
    done(&mut state, Operation::RestoreSegment { slot: SLOT.into(), segment, forced: false });
}

#[test]
fn a_slot_that_is_named_for_the_first_time_has_a_name_that_can_be_shown() {
    let mut state = state();
    for bad in ["a/b", "a\\b", "a\nb", "", &"x".repeat(1 << 20)] {
        let operation = Operation::SetGuard { slot: bad.to_owned(), settings: GuardSettings::default().into() };
        let refused = propose(&mut state, operation).unwrap_err();
        assert!(matches!(refused, Refused::SlotName(_)) && refused.to_string().len() < 300, "{refused}");
    }
    // An earlier version accepted it.
    state.slots.insert("in/out".to_owned(), SlotState::default());
    done(&mut state, Operation::Freeze { slot: Some("in/out".to_owned()) });
}
