//! The same seed is the same mail.

use switchback_mailgen::{Generator, Mix};

/// The digest over the first thousand messages of seed 1. It changes only when the generator is
/// meant to write other mail; figures that were measured on it are then to be measured again.
const FIRST_THOUSAND: &str = "8f9da36dad288c3b1157410206fc25b2a591663753a57326fa16776a14e3423c";

/// The same of mail like that of the 2020s.
const FIRST_MODERN_THOUSAND: &str = "04ab3d5e933264dee346357167d61817d2a7b693b5562fa242e5ddcf594b250c";

fn digest(mail: Generator, count: usize) -> String {
    let mut hasher = blake3::Hasher::new();
    mail.take(count).for_each(|message| {
        hasher.update(&message.bytes);
    });
    hasher.finalize().to_hex().to_string()
}

#[test]
fn the_first_thousand_messages_never_change() {
    assert_eq!(digest(Generator::new(1), 1000), FIRST_THOUSAND);
    assert_eq!(digest(Generator::with_mix(1, Mix::modern()), 1000), FIRST_MODERN_THOUSAND);
}

#[test]
fn another_seed_is_other_mail() {
    assert_ne!(digest(Generator::new(2), 10), digest(Generator::new(1), 10));
}

#[test]
fn a_message_does_not_depend_on_those_before_it() {
    let mail = Generator::with_mix(3, Mix::gmail_phish());
    let one_after_another = mail.clone().nth(40).unwrap();
    assert_eq!(mail.nth_message(40).bytes, one_after_another.bytes);
}

#[test]
fn hardly_two_messages_have_the_same_body() {
    let bodies = Generator::new(5).take(2000).map(|message| {
        let text = String::from_utf8_lossy(&message.bytes).into_owned();
        text.split_once("\r\n\r\n").unwrap().1.to_owned()
    });
    let distinct: std::collections::HashSet<_> = bodies.collect();
    assert!(distinct.len() > 1980, "{}", distinct.len());
}
