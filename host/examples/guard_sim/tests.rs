//! The simulation in seconds, so that no change goes unnoticed.

use crate::delays::{DESIGNED, NEAR};
use crate::null::Course;
use crate::{delays, null, observed, usual};

#[test]
fn delays_are_those_that_the_guard_was_designed_for() {
    // Of the smallest share only every tenth: it takes as long as all the others.
    for (share, designed) in DESIGNED {
        let measured = delays::measure(share, if share > 0.1 { 4_000 } else { 2_000 });
        for ((name, measured), designed) in measured.into_iter().zip(designed) {
            for (measured, designed) in measured.into_iter().zip(designed) {
                assert!((measured / designed - 1.0).abs() <= NEAR, "{share} {name}: {measured}, designed {designed}");
            }
        }
    }
}

#[test]
fn a_harmless_candidate_is_hardly_ever_found() {
    for watched in null::levels() {
        for course in [Course::Steady, Course::Late, Course::Drift, Course::Wider] {
            for share in null::measure(course, &watched, 100) {
                // Five of 100 is what 5 % would be; the interval has room for luck.
                assert!(share.interval()[0] <= watched.alpha, "{course:?} {watched:?}: {share:?}");
            }
        }
    }
}

#[test]
fn copies_count_once_and_would_otherwise_be_taken_for_harm() {
    for course in &observed::COURSES {
        let [acted, on_messages] = observed::measure(course, 60, 500);
        assert!(acted.interval()[0] <= observed::ALPHA, "{}: {acted:?}", course.name);
        if course.copies >= 20 {
            assert!(on_messages.interval()[0] > observed::ALPHA, "{}: {on_messages:?}", course.name);
        }
    }
}

#[test]
fn rules_of_the_usual_shape_take_a_harmless_candidate_back() {
    let shares = usual::false_alarms(20);
    let guard = shares.last().unwrap();
    assert_eq!(guard.part, 0);
    assert!(shares[0].part == 20 && shares[1].part == 20 && shares[2].part == 20, "{shares:?}");
}
