//! Real processes on one store under one canary: the same mail meets the same release in all of them.

use std::collections::BTreeMap;

use switchback::control::{Admission, Readiness};
use switchback::route::{BASIS_POINTS, CanaryKey, Generation};
use switchback::verdict::DecidedBy;
use switchback::{Digest, ReleaseId};

use super::scorer::{self, Scorer};
use super::support::{PATIENCE, Store, promote};
use crate::side_by_side::mail;

/// Campaigns that each process scores over and over.
const CAMPAIGNS: usize = 2_000;

/// Which release a campaign met, by generation and campaign.
type Met = BTreeMap<Generation, BTreeMap<usize, Digest>>;

/// What a child does: it scores every campaign, again and again, and says `round` after each time.
#[test]
fn score() {
    let Some(runtime) = scorer::runtime() else { return };
    let slot = runtime.slot("inbound").unwrap();
    let mut met = Met::new();
    let mut at = std::process::id() as usize;
    scorer::until_told(|| {
        at += 1;
        let verdict = slot.score(&mail(at % CAMPAIGNS));
        assert!(matches!(verdict.decided_by, DecidedBy::Live | DecidedBy::Canary), "{:?}", verdict.fault);
        let release = verdict.release.unwrap().digest;
        let known = met.entry(verdict.generation).or_default().entry(at % CAMPAIGNS).or_insert(release);
        assert_eq!(*known, release, "a campaign met two releases in one process");
        if at.is_multiple_of(CAMPAIGNS) {
            println!("round {}", verdict.generation);
        }
    });
    println!("met {}", serde_json::to_string(&met).unwrap());
}

fn start(store: &Store) -> Scorer {
    Scorer::start("control::canary::score", store)
}

/// Waits until a process has scored every campaign at a generation.
fn wait_for_round_at(scorer: &mut Scorer, generation: Generation) {
    // The first round that ends there may have begun before.
    for _ in 0..2 {
        while scorer.line("round").parse::<u64>().unwrap() < generation.get() {}
    }
}

fn finish(mut scorer: Scorer) -> Met {
    scorer.stop();
    let met = serde_json::from_str(&scorer.line("met")).unwrap();
    scorer.end();
    met
}

fn canary(store: &Store, release: &ReleaseId, share_bp: u16) -> Generation {
    let (slot, key) = ("inbound".to_owned(), CanaryKey::Content);
    let (release, readiness) = (release.clone(), Readiness::Wait(PATIENCE));
    let canary = Admission::Canary { slot, release, share_bp, key, mirrored: false, readiness };
    store.control.admit(canary).unwrap().event.generation
}

#[test]
fn a_campaign_meets_one_release_at_a_generation_in_every_process() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    store.control.promote(promote(&releases[0])).unwrap();
    let mut scorers = [start(&store), start(&store), start(&store)];
    let mut shares = BTreeMap::new();
    for share_bp in [100, 1_000, 5_000] {
        let generation = canary(&store, &releases[1], share_bp);
        shares.insert(generation, share_bp);
        scorers.iter_mut().for_each(|scorer| wait_for_round_at(scorer, generation));
    }
    let mut all = Met::new();
    for (generation, campaigns) in scorers.into_iter().flat_map(finish) {
        for (campaign, release) in campaigns {
            let known = all.entry(generation).or_default().entry(campaign).or_insert(release);
            assert_eq!(*known, release, "campaign {campaign} met two releases at generation {generation}");
        }
    }
    let mut tried_before = Vec::new();
    for (generation, share_bp) in shares {
        let campaigns = &all[&generation];
        assert_eq!(campaigns.len(), CAMPAIGNS);
        let is_tried = |campaign: &usize| campaigns[campaign] == releases[1].digest;
        assert!(tried_before.iter().all(is_tried), "widening to {share_bp} moved a campaign back");
        let tried: Vec<_> = campaigns.keys().copied().filter(is_tried).collect();
        let share = f64::from(share_bp) / f64::from(BASIS_POINTS);
        let (expected, error) = (CAMPAIGNS as f64 * share, (CAMPAIGNS as f64 * share * (1.0 - share)).sqrt());
        assert!((tried.len() as f64 - expected).abs() < 4.0 * error, "{} at {share}", tried.len());
        tried_before = tried;
    }
}
