//! The closed forms, against the slow products that they stand for.

use jiff::Timestamp;
use rand::Rng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::release;
use crate::guard::{Bets, Counts, Flip, FlipEvidence, Segment, Test};

/// What one campaign did: 1 flipped, -1 flipped the other way, 0 did neither.
fn random_campaigns(rng: &mut ChaCha8Rng) -> Vec<i8> {
    let [flips, opposite] = [rng.random_range(0.0..0.5), rng.random_range(0.0..0.3)];
    let one = |share: f64| if share < flips { 1 } else { -i8::from(share < flips + opposite) };
    (0..rng.random_range(1..400)).map(|_| one(rng.random())).collect()
}

fn counts(campaigns: &[i8]) -> Counts {
    campaigns.iter().fold(Counts::default(), |counts, campaign| {
        counts + Counts { flips: u64::from(*campaign == 1), opposite: u64::from(*campaign == -1), all: 1 }
    })
}

/// Twelve stakes that are bet campaign by campaign; their mean.
fn slow_mean(low: f64, high: f64, campaigns: &[i8], gain: impl Fn(f64, i8) -> f64) -> f64 {
    let bets = (0..12).map(|bet| low * (high / low).powf(f64::from(bet) / 11.0));
    let stakes = bets.map(|bet| campaigns.iter().map(|campaign| gain(bet, *campaign)).product::<f64>());
    stakes.sum::<f64>() / 12.0
}

#[test]
fn the_closed_form_is_the_product_of_every_bet() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..500 {
        let campaigns = random_campaigns(&mut rng);
        let tolerance = rng.random_range(0.001..0.1);
        let gross = slow_mean(1.5 * tolerance, 0.95, &campaigns, |share, campaign| {
            if campaign == 1 { share / tolerance } else { (1.0 - share) / (1.0 - tolerance) }
        });
        let net = slow_mean(0.01, 0.95 / (1.0 + tolerance), &campaigns, |part, campaign| {
            1.0 + part * (f64::from(campaign) - tolerance)
        });
        for (test, slow) in [(Test::Gross, gross), (Test::Net, net)] {
            let bets = test.bets(tolerance);
            let log_e = bets.log_e(counts(&campaigns));
            // A product of hundreds of small factors may be too small for a number; its logarithm is not.
            if slow > 1e-250 {
                assert!((log_e - slow.ln()).abs() < 1e-9 * log_e.abs().max(1.0), "{test:?} {log_e} {}", slow.ln());
            }
            assert!(log_e.is_finite());
            assert_eq!(bets.log_e_from(log_e, counts(&campaigns)), Some(log_e));
            assert_eq!(bets.log_e_from(log_e + 1e-6, counts(&campaigns)), None);
        }
    }
}

#[test]
fn counts_add_up_to_the_same_decision_in_any_order() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..200 {
        let mut campaigns = random_campaigns(&mut rng);
        let [gross, net] = Test::ALL.map(|test| test.bets(0.02).log_e(counts(&campaigns)));
        campaigns.shuffle(&mut rng);
        let parts: Vec<_> = campaigns.chunks(rng.random_range(1..50)).map(counts).collect();
        let sum = parts.into_iter().fold(Counts::default(), |all, part| part + all);
        assert_eq!(sum, counts(&campaigns));
        assert_eq!(Test::ALL.map(|test| test.bets(0.02).log_e(sum)), [gross, net]);
    }
}

#[test]
fn nobody_gains_by_a_bet_while_the_null_hypothesis_holds() {
    for tolerance in [0.001, 0.02, 0.5] {
        // At its edge: flips as often as is tolerated, and for the net test some the other way too.
        for opposite in [0.0, 0.2] {
            let flips = tolerance + opposite;
            let bets = Test::Net.bets(tolerance);
            assert!(expected_gain(&bets, flips, opposite) <= 1.0 + 1e-12, "{tolerance} {opposite}");
        }
        assert!(expected_gain(&Test::Gross.bets(tolerance), tolerance, 0.0) <= 1.0 + 1e-12, "{tolerance}");
        assert!(expected_gain(&Test::Gross.bets(tolerance), tolerance * 1.1, 0.0) > 1.0, "{tolerance}");
    }
}

/// By one campaign, on average.
fn expected_gain(bets: &Bets, flips: f64, opposite: f64) -> f64 {
    let gain = |flips, opposite| bets.log_e(Counts { flips, opposite, all: 1 }).exp();
    flips * gain(1, 0) + opposite * gain(0, 1) + (1.0 - flips - opposite) * gain(0, 0)
}

#[test]
fn evidence_is_computed_again_from_its_integers_and_a_forged_one_does_not_agree() {
    let counts = Counts { flips: 30, opposite: 1, all: 61 };
    let mut evidence = FlipEvidence {
        baseline: release("1.1.0"),
        began_at: Timestamp::UNIX_EPOCH,
        segment: Segment::Domain("gmail.com".into()),
        flip: Flip::Up,
        test: Test::Gross,
        counts,
        tolerance: 0.02,
        alpha: 0.000_5,
        weight: 0.01,
        log_e: 0.0,
        log_threshold: 0.0,
        senders: 16,
        recipients: 16,
        others: None,
        harmed: Vec::new(),
    };
    (evidence.log_e, evidence.log_threshold) = evidence.recompute();
    let read: FlipEvidence = serde_json::from_str(&serde_json::to_string(&evidence).unwrap()).unwrap();
    assert!(read.agrees() && read.is_sufficient(), "{read:?}");
    let fewer = FlipEvidence { counts: Counts { flips: 3, ..counts }, ..read.clone() };
    assert!(!fewer.agrees() && !fewer.is_sufficient());
    assert!(!FlipEvidence { weight: 0.02, ..read }.agrees());
}
