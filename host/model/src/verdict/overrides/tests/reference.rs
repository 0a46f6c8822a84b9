//! The index against the plainest reading of the rules: look at every override, one after the other.

use ipnet::IpNet;
use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::release::Digest;

const ROUNDS: usize = 300;
const MESSAGES: usize = 60;
const RULES: usize = 40;

/// A message with what the reference may know of it without reading it.
struct Sent {
    message: Message,
    from: (&'static str, &'static str),
    mail_from: (&'static str, &'static str),
    header_passes: bool,
    envelope_passes: bool,
    ip: Option<IpAddr>,
    tenant: Option<&'static str>,
    slot: &'static str,
}

const LOCALS: [&str; 2] = ["a", "b"];
const DOMAINS: [&str; 5] = ["example.com", "mail.example.com", "x.mail.example.com", "other.co.uk", "notexample.com"];
const TENANTS: [&str; 2] = ["acme", "globex"];
const SLOTS: [&str; 2] = ["inbound", "outbound"];
const IPS: [&str; 6] = ["192.0.2.1", "192.0.2.129", "::ffff:192.0.2.1", "198.51.100.7", "2001:db8::1", "2001:db8:1::1"];
const NETWORKS: [&str; 7] = [
    "192.0.2.0/24",
    "192.0.2.0/25",
    "192.0.2.1/32",
    "198.0.0.0/8",
    "2001:db8::/32",
    "2001:db8::/48",
    "2001:db8::1/128",
];
const TEXTS: [&str; 3] = ["hello", "buy now", "pay http://x.example/"];

fn pick<T: Copy>(rng: &mut ChaCha8Rng, from: &[T]) -> T {
    *from.choose(rng).unwrap()
}

fn maybe<T: Copy>(rng: &mut ChaCha8Rng, from: &[T]) -> Option<T> {
    rng.random_bool(0.5).then(|| pick(rng, from))
}

fn sent(rng: &mut ChaCha8Rng) -> Sent {
    let (from, mail_from) = ((pick(rng, &LOCALS), pick(rng, &DOMAINS)), (pick(rng, &LOCALS), pick(rng, &DOMAINS)));
    let (header_passes, envelope_passes) = (rng.random(), rng.random());
    let mut checked = Authentication::default();
    if header_passes {
        checked.dmarc = AuthResult::Pass;
        checked.dmarc_domain = Some(from.1.into());
    }
    if envelope_passes {
        checked.spf = AuthResult::Pass;
        checked.spf_domain = Some(mail_from.1.into());
    }
    let ip: Option<IpAddr> = maybe(rng, &IPS).map(|ip| ip.parse().unwrap());
    let mut client = Client::new();
    client.ip = ip;
    let tenant = maybe(rng, &TENANTS);
    let bytes = format!("From: <{}@{}>\n\n{}\n", from.0, from.1, pick(rng, &TEXTS));
    let builder = Message::builder(bytes)
        .authentication(checked)
        .client(client)
        .envelope(Envelope::new().mail_from(&format!("{}@{}", mail_from.0, mail_from.1)));
    let message = tenant.into_iter().fold(builder, |builder, tenant| builder.tenant(tenant)).build();
    Sent { message, from, mail_from, header_passes, envelope_passes, ip, tenant, slot: pick(rng, &SLOTS) }
}

fn random_override(rng: &mut ChaCha8Rng, id: u64) -> Override {
    let matcher = match rng.random_range(0..4) {
        0 => format!("sender {}@{}", pick(rng, &LOCALS), pick(rng, &DOMAINS)),
        1 => format!("domain {}", pick(rng, &DOMAINS)),
        2 => format!("network {}", pick(rng, &NETWORKS)),
        _ => {
            let campaign = Message::parse(format!("Subject: x\n\n{}\n", pick(rng, &TEXTS)));
            format!("content {}", Digest::from(campaign.content_digest()))
        }
    };
    let effect = match rng.random_bool(0.7) {
        true => Effect::Allow { may: pick(rng, &[AllowScope::Spam, AllowScope::Phish, AllowScope::All]) },
        false => Effect::Block { action: pick(rng, &[Action::Junk, Action::Quarantine, Action::Reject]) },
    };
    let mut made = made(id, &matcher, effect);
    made.rule.scope.slot = maybe(rng, &SLOTS).map(str::to_owned);
    made.rule.scope.tenant = maybe(rng, &TENANTS).map(str::to_owned);
    made.rule.senders = pick(rng, &[Senders::Authenticated, Senders::Anyone]);
    made.rule.expires_at = at() + jiff::SignedDuration::from_millis(rng.random_range(-2..6));
    made
}

fn matches(made: &Override, sent: &Sent, now: Timestamp, category: Option<Category>) -> bool {
    let rule = &made.rule;
    let in_scope = rule.scope.slot.as_deref().is_none_or(|slot| slot == sent.slot)
        && rule.scope.tenant.as_deref().is_none_or(|tenant| Some(tenant) == sent.tenant);
    let anyone = rule.senders == Senders::Anyone;
    let is_block = matches!(made.effect, Effect::Block { .. });
    let of_sender = |test: &dyn Fn(&str, &str) -> bool| {
        (test(sent.from.0, sent.from.1) && (anyone || sent.header_passes))
            || (is_block && test(sent.mail_from.0, sent.mail_from.1) && (anyone || sent.envelope_passes))
    };
    let is_about = match &rule.matcher {
        Matcher::Sender(address) => of_sender(&|local, domain| format!("{local}@{domain}") == address.as_str()),
        Matcher::Domain(parent) => of_sender(&|_, domain| format!(".{domain}").ends_with(&format!(".{parent}"))),
        Matcher::Network(network) => sent.ip.is_some_and(|ip| {
            let net: IpNet = network.net();
            net.contains(&ip.to_canonical())
        }),
        Matcher::Content(digest) => Digest::from(sent.message.content_digest()) == *digest,
    };
    let covers = match (made.effect, category) {
        (Effect::Block { .. }, _) | (Effect::Allow { may: AllowScope::All }, _) => true,
        (Effect::Allow { may: AllowScope::Phish }, Some(category)) => category != Category::Malware,
        (Effect::Allow { may: AllowScope::Spam }, Some(category)) => {
            ![Category::Malware, Category::Phish, Category::Spoof].contains(&category)
        }
        (Effect::Allow { .. }, None) => false,
    };
    in_scope && is_about && covers && rule.expires_at > now
}

fn reference(all: &[Override], sent: &Sent, now: Timestamp, before: &Verdict) -> Verdict {
    let matching = all.iter().filter(|made| matches(made, sent, now, before.category));
    let (mut allow, mut block): (Option<&Override>, Option<(Action, &Override)>) = (None, None);
    for made in matching {
        match made.effect {
            Effect::Allow { .. } if allow.is_none_or(|best| made.id < best.id) => allow = Some(made),
            Effect::Block { action }
                if block
                    .is_none_or(|(harshest, best)| action > harshest || (action == harshest && made.id < best.id)) =>
            {
                block = Some((action, made));
            }
            _ => {}
        }
    }
    let mut after = before.clone();
    if let Some((action, made)) = block {
        after.action = if before.action > action { before.action } else { action };
        after.scl = Some(Scl::HIGHEST);
        after.decided_by = DecidedBy::Blocked { rule: made.id };
    } else if let Some(made) = allow {
        after.action = Action::Deliver;
        after.scl = Some(Scl::ALLOWED);
        after.decided_by = DecidedBy::Allowed { rule: made.id };
    }
    after
}

#[test]
fn the_index_decides_as_the_plainest_reading_of_the_rules() {
    let mut rng = ChaCha8Rng::seed_from_u64(1_064_599);
    let mut counts = [0_u64; 3];
    for _ in 0..ROUNDS {
        let (mut all, mut overrides) = (Vec::<Override>::new(), Overrides::default());
        for id in 0..rng.random_range(1..RULES as u64) {
            let made = random_override(&mut rng, id);
            all.push(made.clone());
            overrides.insert(made);
        }
        // Some go, some are replaced.
        for _ in 0..all.len() / 3 {
            let index = rng.random_range(0..all.len());
            let id = all[index].id;
            if rng.random() {
                assert_eq!(overrides.remove(id).as_ref(), Some(&all.remove(index)));
            } else {
                all[index] = random_override(&mut rng, id);
                overrides.insert(all[index].clone());
            }
            assert_eq!(overrides.len(), all.len());
        }
        let mut decided = std::collections::BTreeMap::<u64, u64>::new();
        for _ in 0..MESSAGES {
            let sent = sent(&mut rng);
            let now = at() + Duration::from_millis(rng.random_range(0..5));
            let category =
                pick(&mut rng, &[None, Some(Category::Spam), Some(Category::Phish), Some(Category::Malware)]);
            let before = verdict(pick(&mut rng, &Action::ALL), category);
            let expected = reference(&all, &sent, now, &before);
            assert_eq!(overrides.apply(&sent.message, sent.slot, now, before), expected, "{all:#?}");
            match expected.decided_by {
                DecidedBy::Allowed { rule } | DecidedBy::Blocked { rule } => *decided.entry(rule).or_default() += 1,
                _ => {}
            }
            counts[match expected.decided_by {
                DecidedBy::Allowed { .. } => 0,
                DecidedBy::Blocked { .. } => 1,
                _ => 2,
            }] += 1;
        }
        for (made, hits) in overrides.iter() {
            assert_eq!(hits, decided.get(&made.id).copied().unwrap_or_default(), "hits of {}", made.id);
        }
    }
    assert!(counts.iter().all(|count| *count > 1_000), "allowed, blocked, neither: {counts:?}");
}
