//! What goes out of a header, and what comes into it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;

fn stamper(config: StampConfig) -> Stamper {
    Stamper::new(&config)
}

const SERVER: &str = "mx.site.example";

/// What is left of a header, done as a mail server does it: each removal counts the fields that are there at its time.
fn left(stamper: &Stamper, header_text: &str) -> Vec<String> {
    let header = Field::all_of(header_text.as_bytes());
    let mut fields: Vec<_> = header.clone().collect();
    let removals = stamper.removals(header.clone(), SERVER);
    assert_eq!(stamper.count_removals(header, SERVER), removals.len());
    for change in removals {
        let HeaderChange::Remove { name, index } = change else { panic!("{change:?}") };
        let same = fields.iter().enumerate().filter(|(_, field)| field.is(&name));
        let at = same.map(|(at, _)| at).nth(index as usize - 1).expect("a field that is there");
        fields.remove(at);
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    fields.iter().map(|field| format!("{}:{}", text(field.name()), text(field.value()))).collect()
}

/// CVE-2022-48521: <https://github.com/trusteddomainproject/OpenDKIM/issues/148>.
#[test]
fn of_eight_fields_three_forged_ones_go_and_five_stay() {
    let name = "Authentication-Results";
    let others: Vec<String> = (1..=5).map(|n| format!("{name}: other{n}.example; none")).collect();
    let forged = [1, 2, 3].map(|n| format!("{name}: mx.site.example; spf=pass smtp.mailfrom={n}.example"));
    let order = [&others[0], &forged[0], &forged[1], &others[1], &others[2], &forged[2], &others[3], &others[4]];
    let text: String = order.iter().fold(String::new(), |mut text, field| {
        let _ = write!(text, "{field}\r\n");
        text
    });
    assert_eq!(left(&stamper(StampConfig::default()), &text), others);
    let indices: Vec<_> = stamper(StampConfig::default())
        .removals(Field::all_of(text.as_bytes()), SERVER)
        .into_iter()
        .map(|change| match change {
            HeaderChange::Remove { index, .. } => index,
            HeaderChange::Insert { .. } => 0,
        })
        .collect();
    assert_eq!(indices, [6, 3, 2]);
}

/// <https://github.com/rspamd/rspamd/issues/603>, <https://github.com/rspamd/rspamd/issues/1940>.
#[test]
fn what_senders_write_in_our_name_goes_and_the_rest_stays() {
    let text = "X-Switchback-Status: No\r\nx-switchback-anything: x\r\nX-SPAM-flag: NO\r\nX-Spam-Status : No\r\n\
                X-Spam: x\r\nX-Rspamd-Queue-Id: 1\r\nX-MS-Exchange-Organization-SCL: -1\r\nSubject: X-Spam-Flag: YES\r\n\
                ARC-Authentication-Results: i=1; mx.site.example; spf=pass\r\n\
                Authentication-Results:\r\n (c) \"MX.SITE.example\" 1; dkim=pass\r\nAuthentication-Results: (open\r\n\
                X-Spamming: x\r\n\r\nX-Spam-Flag: in the body\r\n";
    let kept = [
        "X-Spam: x",
        "Subject: X-Spam-Flag: YES",
        "ARC-Authentication-Results: i=1; mx.site.example; spf=pass",
        "Authentication-Results: (open",
        "X-Spamming: x",
    ];
    assert_eq!(left(&stamper(StampConfig::default()), text), kept);
    let nothing = StampConfig { remove: Vec::new(), ..StampConfig::default() };
    assert_eq!(left(&stamper(nothing.clone()), text).len(), 9, "only X-Switchback-* and our results");
    let written = StampConfig { x_spam: true, scl: true, ..nothing };
    assert_eq!(left(&stamper(written), text).len(), 6, "and what is written here itself");
    let named = StampConfig { remove: vec!["subject".to_owned()], ..StampConfig::default() };
    assert!(!left(&stamper(named), text).iter().any(|field| field.starts_with("Subject")));
}

#[test]
fn names_that_are_no_text_are_nobodys() {
    let header = b"X-Switchback-\xff: x\r\n";
    assert_eq!(stamper(StampConfig::default()).removals(Field::all_of(header), SERVER), []);
}

fn verdict(changes: Value) -> Verdict {
    let mut verdict = json!({
        "action": "junk", "score": 0.9734, "category": "phish", "scl": 5, "reasons": [], "decided_by": "live",
        "release": { "name": "phish", "version": "1.1.0", "digest": "0123456789abcdef".repeat(4) },
        "generation": 412, "fault": null, "id": "01938a4e-7c1b-7000-8000-0242ac120002",
        "timing": { "parse_us": 0.0, "instantiate_us": 0.0, "guest_us": 0.0, "total_us": 0.0 },
    });
    for (name, value) in changes.as_object().unwrap() {
        verdict[name] = value.clone();
    }
    serde_json::from_value(verdict).unwrap()
}

fn stamps(config: StampConfig, verdict: &Verdict, is_partial: bool) -> Vec<(String, String)> {
    let thresholds = Thresholds::default();
    let results = Some("mx.site.example; spf=pass\n smtp.mailfrom=a.example");
    let stamp = Stamp { verdict, thresholds: &thresholds, is_partial, results };
    let inserted = stamper(config).stamps(stamp).into_iter().map(|change| match change {
        HeaderChange::Insert { name, value } => (name, value),
        HeaderChange::Remove { .. } => panic!("{change:?}"),
    });
    inserted.collect()
}

fn status_of(changes: Value) -> String {
    let written = stamps(StampConfig::default(), &verdict(changes), false);
    written.last().unwrap().1.replace("\n ", " ")
}

#[test]
fn the_status_says_who_decided_what_and_by_which_release() {
    let written = stamps(StampConfig::default(), &verdict(json!({})), false);
    let names: Vec<_> = written.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["Authentication-Results", "X-Switchback-Status"],
        "the last one inserted is the first in the header"
    );
    assert_eq!(
        written[1].1,
        "Yes, score=0.973 required=0.5 scl=5 action=junk\n model=phish/1.1.0 gen=412 digest=0123456789ab role=live \
         decided=live\n id=01938a4e-7c1b-7000-8000-0242ac120002"
    );
    assert!(status_of(json!({ "action": "deliver" })).starts_with("No, "));
    assert!(status_of(json!({ "score": 0.4999 })).contains(" score=0.499 required=0.5 "));
    assert!(status_of(json!({ "score": 0.57 })).contains(" score=0.570 "));
    let allowed = status_of(json!({ "action": "deliver", "scl": -1, "decided_by": { "allowed": { "rule": 17 } } }));
    assert!(allowed.starts_with("No, score=0.973 required=0.5 scl=-1 action=deliver "), "{allowed}");
    assert!(allowed.contains(" digest=0123456789ab decided=allowed rule=17 id="), "{allowed}");
    let previous = status_of(json!({ "decided_by": "previous", "fault": "it\r\nsays: this", "cause": "trap" }));
    assert!(previous.contains(" role=standby decided=previous fault=trap id="), "{previous}");
    let partial = stamps(StampConfig::default(), &verdict(json!({ "id": null })), true);
    assert!(partial[1].1.ends_with(" partial=yes"), "{partial:?}");
}

#[test]
fn what_nobody_scored_says_so_and_why() {
    let unscanned = json!({
        "action": "deliver", "score": null, "scl": null, "decided_by": "unscanned", "cause": "deadline", "release": null,
    });
    let text =
        "Unscanned, reason=deadline action=deliver gen=412 decided=unscanned id=01938a4e-7c1b-7000-8000-0242ac120002";
    assert_eq!(status_of(unscanned.clone()), text);
    let all = StampConfig { x_spam: true, scl: true, reasons: true, ..StampConfig::default() };
    let names: Vec<_> = stamps(all.clone(), &verdict(unscanned), false).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Authentication-Results", "X-Switchback-Status"]);
    let away = stamper(all).unscanned("store-away", true, None);
    assert_eq!(away, [insert("X-Switchback-Status", "Unscanned, reason=store-away partial=yes".to_owned())]);
}

#[test]
fn other_filters_fields_are_written_where_they_are_wanted() {
    let reasons = json!([
        { "name": "LIGHT", "weight": 0.1, "note": "a note" },
        { "name": "HEAVY", "weight": -2.5, "note": "" },
    ]);
    let all = StampConfig { x_spam: true, scl: true, reasons: true, ..StampConfig::default() };
    let written = stamps(all.clone(), &verdict(json!({ "reasons": reasons })), false);
    let told: Vec<_> = written.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        told[1..5],
        [
            "X-Switchback-Reasons: HEAVY(-2.500) LIGHT(+0.100)",
            "X-MS-Exchange-Organization-SCL: 5",
            "X-Spam-Status: Yes, score=0.973 required=0.5 tests=HEAVY, LIGHT",
            "X-Spam-Flag: YES",
        ]
    );
    let ham =
        stamps(StampConfig { reasons: false, ..all }, &verdict(json!({ "action": "deliver", "score": 0.1 })), false);
    let told: Vec<_> = ham.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(told[2], "X-Spam-Status: No, score=0.100 required=0.5 tests=none");
    assert!(!told.iter().any(|field| field.starts_with("X-Spam-Flag")), "{told:?}");
}

/// Whatever a model or a message says stays inside its line.
#[test]
fn nothing_ends_a_line_or_begins_a_field() {
    let pieces =
        ["\r\n", "\n", "\r", "\0", "\u{85}", "\u{2028}", "X: y", "\r\n\r\nbody", "caf\u{e9}", "\t", " ", ";", "A"];
    let all = StampConfig { x_spam: true, scl: true, reasons: true, ..StampConfig::default() };
    let mut seed = 1_u64;
    let mut next = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % bound
    };
    for _ in 0..2_000 {
        let mut text = || (0..next(40)).map(|_| pieces[next(pieces.len())]).collect::<String>();
        let reasons: Vec<_> = (0..20).map(|n| json!({ "name": text(), "weight": n, "note": text() })).collect();
        let verdict = verdict(json!({ "reasons": reasons, "fault": text() }));
        let (results, why) = (text(), text());
        let stamp =
            Stamp { verdict: &verdict, thresholds: &Thresholds::default(), is_partial: false, results: Some(&results) };
        let stamper = stamper(all.clone());
        for change in stamper.stamps(stamp).into_iter().chain(stamper.unscanned(&why, false, Some(&results))) {
            let HeaderChange::Insert { name, value } = change else { panic!("{change:?}") };
            let lines: Vec<_> = value.split('\n').collect();
            assert!(lines[1..].iter().all(|line| line.starts_with([' ', '\t'])), "{name}: {value:?}");
            let is_printable = |line: &&str| line.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
            assert!(lines.iter().all(is_printable), "{name}: {value:?}");
            let is_short = |line: &&str| line.len() < 998;
            assert!(name == "Authentication-Results" || lines.iter().all(is_short), "{name}: {value:?}");
        }
    }
}
