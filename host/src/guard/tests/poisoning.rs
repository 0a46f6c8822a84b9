//! Senders without authentication or history, or one domain that somebody owns, cannot have a release taken back,
//! whatever they send. They can have somebody warned.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::{Action, DAY_S, Letter, World, acts, letter};
use crate::guard::{Level, Settings};

/// What an adversary sends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Adversary {
    /// Anything, from anybody, without authentication.
    Unauthenticated,
    /// Authenticated, each time from a domain or an address that nobody has seen on an earlier day.
    Unknown,
    /// Authenticated, known for long, from one domain of its own, as whoever it likes there.
    Owner,
}

const ALL: [Adversary; 3] = [Adversary::Unauthenticated, Adversary::Unknown, Adversary::Owner];

/// Attacks for three weeks among some mail that stays as it is; whether the guard acted, and whether it warned.
fn attack(
    adversary: Adversary,
    seed: u64,
    settings: Settings,
    mut flip: impl FnMut(&mut ChaCha8Rng) -> bool,
) -> [bool; 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::new(settings);
    let mut seen = [false; 2];
    let mut number = 0;
    for day in 0..21 {
        // Neither is what an adversary sends drowned in other mail, nor is there none.
        for person in 0..rng.random_range(0..20) {
            world.stays(Letter { person, ..letter(day, "gmail.com", 1 << 40 | number) });
            number += 1;
        }
        for _ in 0..rng.random_range(1..200) {
            number += 1;
            let fresh = format!("fresh-{number}.example");
            let domain = match adversary {
                Adversary::Unauthenticated => ["gmail.com", "bank.example", &fresh][rng.random_range(0..3)],
                Adversary::Unknown => ["gmail.com", "outlook.com", &fresh][rng.random_range(0..3)],
                Adversary::Owner => "attacker.example",
            };
            let message = Letter {
                second: day * DAY_S + rng.random_range(0..DAY_S),
                domain,
                person: number,
                is_authenticated: adversary != Adversary::Unauthenticated,
                campaign: number,
                recipient: rng.random_range(0..1_000),
            };
            let [before, after] =
                if flip(&mut rng) { [Action::Deliver, Action::Reject] } else { [Action::Reject, Action::Deliver] };
            let findings = world.judge(message, before, after);
            seen[0] |= acts(&findings);
            seen[1] |= findings.iter().any(|finding| finding.level == Level::Warn);
        }
    }
    seen
}

#[test]
fn no_adversary_has_a_release_taken_back_and_each_has_somebody_warned() {
    let settings = || Settings { acts_on_flips_down: true, ..Settings::default() };
    for adversary in ALL {
        // All one way, all the other way: the worst that can be done to either test.
        assert_eq!(attack(adversary, 1, settings(), |_| true), [false, true], "{adversary:?}");
        assert_eq!(attack(adversary, 2, settings(), |_| false), [false, true], "{adversary:?}");
    }
}

#[test]
fn no_random_adversary_has_a_release_taken_back() {
    for seed in 0..60 {
        let adversary = ALL[seed as usize % ALL.len()];
        let mut share = ChaCha8Rng::seed_from_u64(1_000 + seed);
        let share: f64 = share.random();
        let settings = Settings { acts_on_flips_down: true, ..Settings::default() };
        let [acted, _] = attack(adversary, seed, settings, |rng| rng.random_bool(share));
        assert!(!acted, "{adversary:?} {seed}");
    }
}

#[test]
fn the_same_mail_of_known_senders_of_a_provider_does_have_it_taken_back() {
    // Who the adversary is not: else the tests above could not fail.
    let mut world = World::new(Settings::default());
    let mut letters = |day| {
        (0..50).any(|number| {
            acts(&world.flips_up(Letter { person: number, ..letter(day, "gmail.com", 1_000 * day as u64 + number) }))
        })
    };
    assert!(!letters(0));
    assert!(letters(1));
}
