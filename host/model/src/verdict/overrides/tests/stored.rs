//! What is stored, and what may be made.

use super::*;

/// An override with everything set, as it is stored. Ledgers hold this text forever: it may be added to, with
/// defaults, and not changed.
const GOLDEN: &str = r#"{"id":17,"author":"ada","reason":"because","at":"2025-04-25T09:24:00Z","rule":{"matcher":{"domain":"b.example"},"scope":{"slot":"inbound","tenant":"acme"},"senders":"anyone","expires-at":"2025-04-25T10:24:00Z"},"effect":{"allow":{"may":"phish"}}}"#;

fn golden() -> Override {
    let mut golden = made(17, "domain b.example", Effect::Allow { may: AllowScope::Phish });
    golden.rule.scope = Scope { slot: Some("inbound".to_owned()), tenant: Some("acme".to_owned()) };
    golden.rule.senders = Senders::Anyone;
    golden
}

#[test]
fn an_override_is_stored_as_it_always_was() {
    assert_eq!(serde_json::to_string(&golden()).unwrap(), GOLDEN);
    assert_eq!(serde_json::from_str::<Override>(GOLDEN).unwrap(), golden());
}

#[test]
fn every_matcher_and_effect_is_stored_as_it_always_was() {
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for (text, json) in [
        ("sender a@b.example", r#"{"sender":"a@b.example"}"#.to_owned()),
        ("domain b.example", r#"{"domain":"b.example"}"#.to_owned()),
        ("network 192.0.2.0/24", r#"{"network":"192.0.2.0/24"}"#.to_owned()),
        ("network 2001:db8::/32", r#"{"network":"2001:db8::/32"}"#.to_owned()),
        (&format!("content {digest}"), format!(r#"{{"content":"{digest}"}}"#)),
    ] {
        let matcher: Matcher = text.parse().unwrap();
        assert_eq!(matcher.to_string(), text);
        assert_eq!(serde_json::to_string(&matcher).unwrap(), json);
        assert_eq!(serde_json::from_str::<Matcher>(&json).unwrap(), matcher);
    }
    for (effect, json) in [
        (Effect::Allow { may: AllowScope::Spam }, r#"{"allow":{"may":"spam"}}"#),
        (Effect::Allow { may: AllowScope::All }, r#"{"allow":{"may":"all"}}"#),
        (BLOCK, r#"{"block":{"action":"quarantine"}}"#),
    ] {
        assert_eq!(serde_json::to_string(&effect).unwrap(), json);
        assert_eq!(serde_json::from_str::<Effect>(json).unwrap(), effect);
    }
    let everywhere = made(1, "domain b.example", BLOCK).rule;
    let json = r#"{"matcher":{"domain":"b.example"},"senders":"authenticated","expires-at":"2025-04-25T10:24:00Z"}"#;
    assert_eq!(serde_json::to_string(&everywhere).unwrap(), json);
    assert_eq!(serde_json::from_str::<Rule>(json).unwrap(), everywhere);
}

#[test]
fn who_decided_is_recorded_by_id() {
    for (decided_by, json) in [
        (DecidedBy::Live, r#""live""#),
        (DecidedBy::Allowed { rule: 17 }, r#"{"allowed":{"rule":17}}"#),
        (DecidedBy::Blocked { rule: 18 }, r#"{"blocked":{"rule":18}}"#),
    ] {
        assert_eq!(serde_json::to_string(&decided_by).unwrap(), json);
        assert_eq!(serde_json::from_str::<DecidedBy>(json).unwrap(), decided_by);
    }
}

#[test]
fn what_nobody_knows_is_refused() {
    for (known, unknown) in [
        (r#""id":17"#, r#""id":17,"hits":3"#),
        (r#""senders":"anyone""#, r#""senders":"somebody""#),
        (r#""slot":"inbound""#, r#""slots":"inbound""#),
        (r#""may":"phish""#, r#""may":"phish","may-not":"all""#),
        (r#""domain":"b.example""#, r#""domain":"B.example""#),
        (r#","expires-at":"2025-04-25T10:24:00Z""#, ""),
    ] {
        let json = GOLDEN.replace(known, unknown);
        assert_ne!(json, GOLDEN);
        assert!(serde_json::from_str::<Override>(&json).is_err(), "{unknown}");
    }
}

#[test]
fn an_override_that_cannot_be_is_refused_with_the_reason() {
    type Change = fn(&mut Override);
    let cases: [(Change, &str); 12] = [
        (|made| made.author.clear(), "author is missing"),
        (|made| made.author = "a".repeat(257), "257 bytes"),
        (|made| made.reason = " ".to_owned(), "reason is missing"),
        (|made| made.reason = "a".repeat(1_025), "1025 bytes"),
        (|made| made.rule.expires_at = at(), "already"),
        (|made| made.rule.expires_at = at() - Duration::from_millis(1), "already"),
        (|made| made.rule.expires_at = at() + Override::EXPIRY_MAX + Duration::from_millis(1), "90 days"),
        (|made| made.rule.scope.slot = Some(String::new()), "slot's name is missing"),
        (|made| made.rule.scope.tenant = Some("a".repeat(257)), "257 bytes"),
        (|made| made.effect = Effect::Block { action: Action::Tag }, "a block cannot tag"),
        (|made| made.rule.matcher = serde_json::from_str(r#"{"domain":"co.uk"}"#).unwrap(), "public suffix"),
        (|made| made.rule.matcher = serde_json::from_str(r#"{"network":"10.0.0.0/7"}"#).unwrap(), "8 bits"),
    ];
    for (change, why) in cases {
        let mut made = golden();
        change(&mut made);
        let refusal = made.validate(at()).unwrap_err().to_string();
        assert!(refusal.contains(why), "{refusal}");
    }
    let mut longest = golden();
    longest.rule.expires_at = at() + Override::EXPIRY_MAX;
    longest.author = "a".repeat(256);
    longest.reason = "a".repeat(1_024);
    longest.validate(at()).unwrap();
}

#[test]
fn a_text_that_matches_nothing_is_refused_with_what_there_is() {
    for text in ["", "from a@b.example", "domain", "content 1a2b", "network"] {
        assert!(text.parse::<Matcher>().is_err(), "{text}");
    }
    assert!("header x".parse::<Matcher>().unwrap_err().to_string().contains("`sender a@b.example`"));
    assert!("malware".parse::<AllowScope>().unwrap_err().to_string().contains("spam, phish and all"));
}
