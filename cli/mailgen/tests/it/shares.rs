//! Traffic consists of what the mix says, within the error that chance allows.

use switchback_mailgen::{Generator, Kind, Mix, Provider};

const COUNT: usize = 20_000;

/// Whether `hits` of `count` is within four standard deviations of `share`.
fn fits(hits: usize, count: usize, share: f64) -> bool {
    let deviation = (count as f64 * share * (1.0 - share)).sqrt();
    (hits as f64 - count as f64 * share).abs() <= 4.0 * deviation
}

#[test]
fn kinds_have_their_shares() {
    let mix = Mix::default();
    let kinds: Vec<Kind> = Generator::new(11).take(COUNT).map(|message| message.kind).collect();
    for kind in Kind::ALL {
        let hits = kinds.iter().filter(|one| **one == kind).count();
        assert!(fits(hits, COUNT, mix.share_of(kind)), "{kind:?}: {hits}");
    }
}

#[test]
fn a_quarter_is_unwanted_and_a_third_of_the_rest_is_from_gmail() {
    let mail: Vec<_> = Generator::new(12).take(COUNT).collect();
    let (unwanted, wanted): (Vec<_>, Vec<_>) = mail.iter().partition(|one| one.kind.is_unwanted());
    assert!(fits(unwanted.len(), COUNT, 0.25), "{}", unwanted.len());
    let gmail = wanted.iter().filter(|one| one.provider == Provider::Gmail).count();
    assert!(fits(gmail, wanted.len(), 1.0 / 3.0), "{gmail} of {}", wanted.len());
}

#[test]
fn gmail_phish_is_all_phish_and_all_from_gmail() {
    for message in Generator::with_mix(13, Mix::gmail_phish()).take(500) {
        assert_eq!(message.kind, Kind::Phish);
        assert_eq!(message.from_domain, "gmail.com");
    }
}

#[test]
fn every_provider_writes() {
    let mail: Vec<_> = Generator::new(14).take(5000).collect();
    for provider in Provider::ALL {
        let from: Vec<_> = mail.iter().filter(|one| one.provider == provider).collect();
        assert!(from.len() > 20, "{provider:?}: {}", from.len());
        let domains = provider.domains();
        let known = |domain: &str| domains.is_empty() || domains.contains(&domain);
        assert!(from.iter().all(|one| known(&one.from_domain)), "{provider:?}");
    }
}
