//! The rules as a whole; each module has its own tests.

mod authenticated;
mod reference;
mod stored;

use std::net::IpAddr;

use super::*;
use crate::generation::Generation;
use crate::message::{AuthResult, Authentication, Authorship, Client, Envelope, Message};
use crate::verdict::{Action, Category, DecidedBy, Scl, Verdict};

/// The instant at which every test's override is made.
fn at() -> Timestamp {
    "2025-04-25T09:24:00Z".parse().unwrap()
}

/// An override that holds for an hour.
fn made(id: u64, matcher: &str, effect: Effect) -> Override {
    let matcher = matcher.parse().unwrap();
    let expires_at = at() + Duration::from_secs(3_600);
    let rule = Rule { matcher, scope: Scope::default(), senders: Senders::Authenticated, expires_at };
    Override { id, author: "ada".to_owned(), reason: "because".to_owned(), at: at(), rule, effect }
}

const ALLOW: Effect = Effect::Allow { may: AllowScope::All };
const BLOCK: Effect = Effect::Block { action: Action::Quarantine };

fn verdict(action: Action, category: Option<Category>) -> Verdict {
    Verdict {
        id: None,
        action,
        score: category.map(|_| 0.97),
        category,
        scl: category.map(|_| Scl::HIGH_CONFIDENCE),
        reasons: Vec::new(),
        decided_by: if category.is_some() { DecidedBy::Live } else { DecidedBy::Unscanned },
        release: None,
        author: Authorship::default(),
        generation: Generation::new(3),
        reading: crate::message::Reading::CURRENT,
        fault: None,
        cause: None,
        log: Vec::new(),
        timing: crate::timing::Timing::default(),
    }
}

/// What becomes of spam in the slot `inbound` while the overrides stand.
fn decide(overrides: &Overrides, message: &Message) -> Verdict {
    overrides.apply(message, "inbound", at(), verdict(Action::Junk, Some(Category::Spam)))
}

fn decider(overrides: &Overrides, message: &Message) -> DecidedBy {
    decide(overrides, message).decided_by
}

fn index(all: impl IntoIterator<Item = Override>) -> Overrides {
    all.into_iter().collect()
}

/// DMARC passed, and nothing else was checked.
fn passed(domain: &str) -> Authentication {
    Authentication { dmarc: AuthResult::Pass, dmarc_domain: Some(domain.into()), ..Authentication::default() }
}

/// Mail of `from` that passed DMARC.
fn mail(from: &str) -> Message {
    let message = Message::parse(format!("From: {from}\n\ntext\n"));
    let domain = message.author().mailbox().map_or("", |author| &author.domain);
    Message::builder(message.bytes()).authentication(passed(domain)).build()
}

fn from_client(ip: &str) -> Message {
    let mut client = Client::new();
    // As a filter may set it, not brought to a normal form.
    client.ip = Some(ip.parse::<IpAddr>().unwrap());
    Message::builder("\n").client(client).build()
}

#[test]
fn an_allow_delivers_and_keeps_what_the_model_said() {
    let overrides = index([made(17, "sender a@b.example", ALLOW)]);
    let decided = decide(&overrides, &mail("<A@B.example>"));
    assert_eq!((decided.action, decided.scl), (Action::Deliver, Some(Scl::ALLOWED)));
    assert_eq!(decided.decided_by, DecidedBy::Allowed { rule: 17 });
    assert_eq!((decided.score, decided.category, decided.generation.get()), (Some(0.97), Some(Category::Spam), 3));
    assert_eq!(decided.decided_by.to_string(), "allowed by rule 17");
}

#[test]
fn a_block_is_never_milder_than_the_model() {
    let overrides = index([made(1, "sender a@b.example", Effect::Block { action: Action::Junk })]);
    for (model, after) in
        [(Action::Deliver, Action::Junk), (Action::Junk, Action::Junk), (Action::Reject, Action::Reject)]
    {
        let decided = overrides.apply(&mail("a@b.example"), "inbound", at(), verdict(model, None));
        assert_eq!((decided.action, decided.scl), (after, Some(Scl::HIGHEST)));
        assert_eq!(decided.decided_by, DecidedBy::Blocked { rule: 1 });
    }
}

#[test]
fn an_allow_overrides_what_it_may_and_nothing_else() {
    use Category::{Bulk, Ham, Malware, Phish, Spam, Spoof};
    let spam = [Some(Ham), Some(Bulk), Some(Spam)];
    let phish = [Some(Phish), Some(Spoof)];
    let all = [Some(Malware), None];
    for category in spam.into_iter().chain(phish).chain(all) {
        for (may, covers) in [
            (AllowScope::Spam, spam.contains(&category)),
            (AllowScope::Phish, spam.contains(&category) || phish.contains(&category)),
            (AllowScope::All, true),
        ] {
            let overrides = index([made(1, "sender a@b.example", Effect::Allow { may })]);
            let before = verdict(Action::Quarantine, category);
            let decided = overrides.apply(&mail("a@b.example"), "inbound", at(), before.clone());
            assert_eq!(decided != before, covers, "{may} {category:?}");
            assert_eq!(overrides.hits(1), Some(u64::from(covers)), "a hit is counted only when it decided");
        }
    }
}

#[test]
fn an_allow_that_may_not_makes_way_for_one_that_may() {
    let narrow = made(1, "sender a@b.example", Effect::Allow { may: AllowScope::Spam });
    let wide = made(2, "domain b.example", Effect::Allow { may: AllowScope::Phish });
    let overrides = index([narrow, wide]);
    let phish = verdict(Action::Quarantine, Some(Category::Phish));
    let decided = overrides.apply(&mail("a@b.example"), "inbound", at(), phish);
    assert_eq!(decided.decided_by, DecidedBy::Allowed { rule: 2 });
}

#[test]
fn block_beats_allow_in_any_order() {
    let rules = [
        made(1, "sender a@b.example", ALLOW),
        made(2, "domain b.example", Effect::Block { action: Action::Junk }),
        made(3, "sender a@b.example", Effect::Block { action: Action::Reject }),
        made(4, "network 192.0.2.0/24", Effect::Block { action: Action::Reject }),
        made(5, "domain b.example", ALLOW),
    ];
    let message = Message::builder("From: a@b.example\n\n")
        .authentication(passed("b.example"))
        .client(Client::new().ip([192, 0, 2, 1].into()))
        .build();
    for order in permutations(&rules) {
        let mut overrides = index(order);
        // The harshest block; of two, the lower id. Then what is left.
        for (decides, expected) in [
            (3, DecidedBy::Blocked { rule: 3 }),
            (4, DecidedBy::Blocked { rule: 4 }),
            (2, DecidedBy::Blocked { rule: 2 }),
            (1, DecidedBy::Allowed { rule: 1 }),
            (5, DecidedBy::Allowed { rule: 5 }),
        ] {
            assert_eq!(decider(&overrides, &message), expected);
            overrides.remove(decides).unwrap();
        }
        assert!(overrides.is_empty());
        assert_eq!(decider(&overrides, &message), DecidedBy::Live);
    }
}

fn permutations(rules: &[Override]) -> Vec<Vec<Override>> {
    let Some((first, rest)) = rules.split_first() else { return vec![Vec::new()] };
    let insert = |order: Vec<Override>| {
        (0..=order.len()).map(move |at| {
            let mut order = order.clone();
            order.insert(at, first.clone());
            order
        })
    };
    permutations(rest).into_iter().flat_map(insert).collect()
}

#[test]
fn a_domain_rule_matches_subdomains_and_nothing_that_ends_alike() {
    let overrides = index([made(1, "domain example.com", ALLOW)]);
    for (from, matches) in [
        ("a@example.com", true),
        ("A@Mail.EXAMPLE.com", true),
        ("a@x.y.z.example.com", true),
        ("<a@example.com >", true),
        // A name that DNS would take and RFC 5322 does not: some programs show it, so a block matches.
        ("a@example.com.", false),
        ("a@notexample.com", false),
        ("a@example.com.evil.example", false),
        ("a@com", false),
        ("example.com", false),
    ] {
        assert_eq!(decider(&overrides, &mail(from)) != DecidedBy::Live, matches, "{from}");
    }
}

#[test]
fn an_address_rule_matches_that_address_only() {
    let overrides = index([made(1, "sender ada@bücher.example", ALLOW)]);
    for (from, matches) in [
        ("Ada <ADA@xn--bcher-kva.example>", true),
        ("Ada <ada@BÜCHER.example>", true),
        ("ada+x@xn--bcher-kva.example", false),
        ("ada@mail.xn--bcher-kva.example", false),
        ("\"ada@xn--bcher-kva.example\" <eve@evil.example>", false),
    ] {
        assert_eq!(decider(&overrides, &mail(from)) != DecidedBy::Live, matches, "{from}");
    }
}

#[test]
fn a_network_rule_matches_clients_in_it_however_they_are_written() {
    let overrides = index([made(1, "network 192.0.2.0/25", ALLOW), made(2, "network 2001:db8::/33", ALLOW)]);
    for (ip, matches) in [
        ("192.0.2.0", true),
        ("192.0.2.127", true),
        ("192.0.2.128", false),
        ("::ffff:192.0.2.5", true),
        ("::ffff:192.0.2.200", false),
        ("::192.0.2.5", false),
        ("2001:db8:7fff::1", true),
        ("2001:db8:8000::1", false),
    ] {
        assert_eq!(decider(&overrides, &from_client(ip)) != DecidedBy::Live, matches, "{ip}");
    }
    assert_eq!(decider(&overrides, &Message::parse("\n")), DecidedBy::Live, "a client that nobody knows");
}

#[test]
fn a_content_rule_matches_the_campaign_and_not_another_target() {
    let sent = |from: &str, host: &str| Message::parse(format!("From: {from}\n\nPay at http://{host}/ now\n"));
    let digest = crate::release::Digest::from(sent("a@x.example", "one.example").content_digest());
    let overrides = index([made(1, &format!("content {digest}"), BLOCK)]);
    assert_eq!(decider(&overrides, &sent("b@y.example", "one.example")), DecidedBy::Blocked { rule: 1 });
    assert_eq!(decider(&overrides, &sent("a@x.example", "two.example")), DecidedBy::Live);
}

#[test]
fn a_rule_holds_in_its_scope() {
    let scoped = |id, slot: Option<&str>, tenant: Option<&str>| {
        let mut made = made(id, "domain b.example", ALLOW);
        made.rule.scope = Scope { slot: slot.map(Into::into), tenant: tenant.map(Into::into) };
        index([made])
    };
    let message = |tenant: Option<&str>| {
        let builder = Message::builder("From: a@b.example\n\n").authentication(passed("b.example"));
        tenant.into_iter().fold(builder, |builder, tenant| builder.tenant(tenant)).build()
    };
    for (slot, tenant, in_slot, of_tenant, matches) in [
        (None, None, "inbound", None, true),
        (None, None, "outbound", Some("acme"), true),
        (Some("inbound"), None, "inbound", Some("acme"), true),
        (Some("inbound"), None, "Inbound", None, false),
        (Some("inbound"), None, "outbound", None, false),
        (None, Some("acme"), "outbound", Some("acme"), true),
        (None, Some("acme"), "outbound", Some("Acme"), false),
        (None, Some("acme"), "inbound", None, false),
        (Some("inbound"), Some("acme"), "inbound", Some("acme"), true),
        (Some("inbound"), Some("acme"), "inbound", Some("other"), false),
        (Some("inbound"), Some("acme"), "outbound", Some("acme"), false),
        (Some("inbound"), Some("acme"), "inbound", None, false),
    ] {
        let before = verdict(Action::Junk, Some(Category::Spam));
        let decided = scoped(1, slot, tenant).apply(&message(of_tenant), in_slot, at(), before);
        assert_eq!(decided.decided_by != DecidedBy::Live, matches, "{slot:?} {tenant:?} / {in_slot} {of_tenant:?}");
    }
}

#[test]
fn a_rule_expires_to_the_millisecond() {
    let mut expiring = made(1, "sender a@b.example", ALLOW);
    expiring.rule.expires_at = "2025-04-25T10:00:00.500Z".parse().unwrap();
    let overrides = index([expiring, made(2, "sender a@b.example", BLOCK)]);
    let mut overrides = overrides;
    overrides.remove(2).unwrap();
    let at_time = |time: &str| {
        let before = verdict(Action::Junk, Some(Category::Spam));
        overrides.apply(&mail("a@b.example"), "inbound", time.parse().unwrap(), before).decided_by
    };
    assert_eq!(at_time("2025-04-25T10:00:00.499Z"), DecidedBy::Allowed { rule: 1 });
    assert_eq!(at_time("2025-04-25T10:00:00.500Z"), DecidedBy::Live);
    assert_eq!(at_time("2025-04-25T10:00:00.501Z"), DecidedBy::Live);
}

#[test]
fn an_override_made_ahead_of_its_time_does_not_hold() {
    let message = mail("a@b.example");
    for (ahead_h, holds) in [(0, true), (24, true), (25, false), (40 * 24, false), (3_650 * 24, false)] {
        let mut ahead = made(1, "sender a@b.example", BLOCK);
        ahead.at = at() + jiff::SignedDuration::from_hours(ahead_h);
        ahead.rule.expires_at = ahead.at + Duration::from_secs(3_600);
        assert_eq!((ahead.holds_at(at()), ahead.is_ahead(at())), (holds, !holds), "{ahead_h} h");
        let decided = decider(&index([ahead]), &message);
        assert_eq!(decided == DecidedBy::Blocked { rule: 1 }, holds, "{ahead_h} h: {decided:?}");
    }
}

#[test]
fn no_override_holds_for_longer_than_one_may_whatever_its_rule_says() {
    let mut long = made(1, "sender a@b.example", BLOCK);
    long.rule.expires_at = long.at + 4 * Override::EXPIRY_MAX;
    let end = long.at + Override::EXPIRY_MAX;
    assert_eq!(long.ends_at(), end);
    assert!(long.holds_at(end - Duration::from_millis(1)) && !long.holds_at(end));
    long.end_by(at());
    assert_eq!(long.ends_at(), at());
}

#[test]
fn a_clock_that_is_set_back_takes_no_override_away() {
    let mut overrides = index([made(1, "sender a@b.example", BLOCK)]);
    let decided = |overrides: &Overrides, hours: i64| {
        let now = at() + jiff::SignedDuration::from_hours(hours);
        let before = verdict(Action::Junk, Some(Category::Spam));
        overrides.apply(&mail("a@b.example"), "inbound", now, before).decided_by
    };
    assert_eq!(decided(&overrides, -25), DecidedBy::Live);
    overrides.set_not_before(at());
    assert_eq!(decided(&overrides, -25), DecidedBy::Blocked { rule: 1 });
    assert_eq!(decided(&overrides, 25), DecidedBy::Live, "its hour is over");
}

#[test]
fn an_expired_rule_does_not_stand_before_one_that_holds() {
    let mut expired = made(1, "sender a@b.example", BLOCK);
    expired.rule.expires_at = at();
    let overrides = index([expired, made(2, "sender a@b.example", ALLOW)]);
    assert_eq!(decider(&overrides, &mail("a@b.example")), DecidedBy::Allowed { rule: 2 });
}

#[test]
fn a_snapshot_does_not_change_and_hits_are_counted_in_all() {
    let mut overrides = index((0..300).map(|id| made(id, &format!("sender u{id}@b.example"), ALLOW)));
    let snapshot = overrides.clone();
    overrides.remove(7).unwrap();
    overrides.insert(made(300, "sender new@b.example", ALLOW));
    assert_eq!(decider(&overrides, &mail("u7@b.example")), DecidedBy::Live);
    assert_eq!(decider(&snapshot, &mail("u7@b.example")), DecidedBy::Allowed { rule: 7 });
    assert_eq!(decider(&snapshot, &mail("new@b.example")), DecidedBy::Live);
    assert_eq!(decider(&snapshot, &mail("u8@b.example")), DecidedBy::Allowed { rule: 8 });
    assert_eq!((overrides.hits(8), overrides.hits(7), overrides.len()), (Some(1), None, 300));
    assert!(overrides.iter().map(|(made, _)| made.id).is_sorted());
}

#[test]
fn a_rule_that_is_replaced_keeps_its_hits() {
    let mut overrides = index([made(1, "sender a@b.example", ALLOW)]);
    decide(&overrides, &mail("a@b.example"));
    overrides.insert(made(1, "domain c.example", BLOCK));
    assert_eq!(decider(&overrides, &mail("a@b.example")), DecidedBy::Live);
    assert_eq!(decider(&overrides, &mail("a@c.example")), DecidedBy::Blocked { rule: 1 });
    assert_eq!((overrides.hits(1), overrides.len()), (Some(2), 1));
}

#[test]
fn a_rule_that_comes_again_changes_nothing() {
    let again = || made(1, "sender a@b.example", ALLOW);
    let mut overrides = index([again(), made(2, "sender a@b.example", ALLOW)]);
    let snapshot = overrides.clone();
    overrides.insert(again());
    decide(&snapshot, &mail("a@b.example"));
    assert_eq!((overrides.hits(1), overrides.len()), (Some(1), 2), "it is counted together still");
}

#[test]
fn hits_of_two_threads_are_all_counted() {
    let overrides = index([made(1, "sender a@b.example", ALLOW), made(2, "sender b@b.example", BLOCK)]);
    let (one, two) = (mail("a@b.example"), mail("b@b.example"));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    decide(&overrides.clone(), &one);
                    decide(&overrides, &two);
                }
            });
        }
    });
    assert_eq!(overrides.iter().map(|(_, hits)| hits).collect::<Vec<_>>(), [20_000, 20_000]);
}

#[test]
fn a_hostile_sender_costs_little_and_matches_what_it_says() {
    let deep = format!("a@{}example.com", "x.".repeat(400));
    let mut anyone = made(1, "domain example.com", BLOCK);
    anyone.rule.senders = Senders::Anyone;
    let message = Message::parse(format!("From: {deep}\n\n"));
    assert_eq!(decider(&index([anyone]), &message), DecidedBy::Blocked { rule: 1 });
}
