//! `switchback backtest`: what a release makes of a message when it comes, it makes of the features that a journal has of it.

use jiff::Timestamp;
use serde_json::Value;
use switchback::guard::{GuardSettings, GuardStore, Sighting};
use switchback::journal::{FeatureSample, JournalConfig};
use switchback::{Envelope, Message, Runtime, SlotConfig};
use switchback_mailgen::{AUTHSERV_ID, Generator};

use super::store::Store;
use crate::model;
use crate::model::features::release;

/// Generated messages, as a filter gets them.
const MESSAGES: usize = 400;

fn generated() -> impl Iterator<Item = Message> {
    Generator::new(7).take(MESSAGES).map(|one| {
        let envelope = Envelope::new().recipient(&one.recipient);
        Message::builder(one.bytes).trust_authserv_id(AUTHSERV_ID).envelope(envelope).build()
    })
}

/// Real messages, where the corpora are unpacked.
fn real() -> Vec<Message> {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/corpora/phishing-pot/phish");
    let Ok(entries) = std::fs::read_dir(corpus) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let messages = paths.iter().take(200).map(|path| Message::parse(std::fs::read(path).unwrap()));
    messages.collect()
}

/// A store in which `phish@2.0.0` is live, 2.0.0 is a shadow, and a filter has scored mail and kept features of it.
fn scored(features: FeatureSample, messages: impl Iterator<Item = Message>) -> Store {
    let store = Store::with(&[]);
    for version in ["2.0.0", "3.0.0", "4.0.0"] {
        store.fine(["load", &release(version)]);
    }
    store.fine(["load", &model::release("1.0.0")]);
    store.fine(["promote", "phish@2.0.0", "--slot", "inbound"]);
    store.fine(["guard", "set", "--slot", "inbound", "--mode", "off"]);
    store.fine(["shadow", "phish@3.0.0", "--rate", "100%"]);
    filter(&store, features, messages);
    store
}

fn filter(store: &Store, features: FeatureSample, messages: impl Iterator<Item = Message>) {
    let journal = JournalConfig::new(store.path().join("journal")).features(features);
    let filter = Runtime::builder().slot(SlotConfig::new("inbound")).instances(8).shadow_cpu_share(1.0);
    let filter = filter.journal(journal).store_dir(store.path()).build().unwrap();
    let slot = filter.slot("inbound").unwrap();
    for (number, message) in messages.enumerate() {
        drop(slot.score(&message));
        // No shadow is to have no room.
        if number % 50 == 49 {
            filter.flush();
        }
    }
    filter.flush();
}

fn told(store: &Store, arguments: &[&str]) -> Value {
    let ran = store.run(["backtest"].iter().chain(arguments).chain(&["--json"]));
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"))
}

#[test]
fn a_release_scores_the_features_of_the_journal_as_it_scored_the_messages_to_the_bit() {
    let messages = generated().chain(real()).collect::<Vec<_>>();
    let count = messages.len();
    let store = scored(FeatureSample::ALL, messages.into_iter());
    // Each against what it said itself when the messages came.
    for (candidate, baseline) in [("phish@2.0.0", "live"), ("phish@3.0.0", "phish@3.0.0")] {
        let told = told(&store, &[candidate, "--baseline", baseline]);
        assert_eq!((&told["past"]["records"], &told["past"]["featured"]), (&count.into(), &count.into()), "{told}");
        assert_eq!(told["past"]["baseline_recorded"], count, "{told}");
        assert_eq!(told["scored_alike"], count, "{candidate}: {told}");
        assert_eq!(told["before"]["scores"]["count"], count);
    }
    // As the shadow differed from it then, it differs now.
    let now = told(&store, &["phish@3.0.0"]);
    let then = store.run(["compare", "phish@2.0.0", "phish@3.0.0", "--live", "--json"]);
    let then: Value = serde_json::from_str(&then.out).unwrap();
    for part in ["flips", "actions", "domains", "worst"] {
        assert_eq!(now[part], then[part], "{part}");
    }
    assert!(now["flips"]["newly_flagged"].as_u64().unwrap() > 50 && now["scored_alike"] == 0, "{now}");
}

#[test]
fn a_baseline_that_had_not_answered_is_scored_now_or_left_out() {
    let store = scored(FeatureSample::ALL, generated().take(60));
    // 4.0.0 has never scored a message. It asks for n-grams, which no journal has: it fails rather than read them off nothing.
    let rescored = told(&store, &["phish@3.0.0", "--baseline", "phish@4.0.0"]);
    let past = &rescored["past"];
    assert_eq!((&past["baseline_recorded"], &past["baseline_rescored"]), (&0.into(), &60.into()), "{rescored}");
    assert_eq!(
        (&rescored["unpaired"], &rescored["before"]["answers"]["scored"]),
        (&60.into(), &0.into()),
        "{rescored}"
    );
    // One that reads more than features is not.
    let unknown = store.run(["backtest", "phish@3.0.0", "--baseline", "linear@1.0.0"]);
    assert_eq!(unknown.code, 1);
    assert!(
        unknown.err.contains("no message was compared: A has answered none of the messages with features"),
        "{unknown:?}"
    );
    assert!(unknown.out.contains("has no answer to 60, which are left out"), "{unknown:?}");
}

#[test]
fn what_a_journal_cannot_tell_is_refused() {
    let store = scored(FeatureSample::OFF, generated().take(5));
    let refused = store.refused(["backtest", "linear@1.0.0"]);
    assert!(refused.starts_with("linear@1.0.0 reads size, which a journal does not have"), "{refused}");
    let refused = store.refused(["backtest", "phish@3.0.0"]);
    assert!(refused.starts_with("5 records of inbound in that time, and none has features"), "{refused}");
    let refused = store.refused(["backtest", "phish@3.0.0", "--since", "2001-01-01", "--until", "2001-01-02"]);
    assert!(refused.starts_with("there is no record of inbound: "), "{refused}");
}

#[test]
fn a_sample_is_said_to_be_one_and_the_guard_is_simulated_on_it() {
    let store = scored("50 %".parse().unwrap(), generated());
    let settings = GuardSettings::default();
    let before = Timestamp::now() - jiff::SignedDuration::from_hours(24 * 20);
    let days = (0..4).map(|day| before + jiff::SignedDuration::from_hours(24 * day));
    let messages: Vec<_> = generated().collect();
    let seen = days.flat_map(|at| messages.iter().map(move |message| Sighting::of(message, at)));
    GuardStore::open(store.path()).unwrap().learn(&settings, seen).unwrap();
    let sampled = told(&store, &["phish@3.0.0"]);
    let featured = sampled["past"]["featured"].as_u64().unwrap();
    assert!((120..280).contains(&featured), "{sampled}");
    let guard = &sampled["guard"];
    assert_eq!(guard["messages"], featured, "{guard}");
    assert!(guard["eligible"].as_u64().unwrap() > 20, "{guard}");
    let text = store.run(["backtest", "phish@3.0.0", "--since", "1h"]);
    for said in [
        "records of inbound have features (",
        "rates are of the messages with features",
        "the guard, on the same messages in the order in which they came:",
        "what `promote` would show of a shadow on these messages:",
        "against phish@2.0.0, by segment of authenticated, known senders: ",
        "of which no features were kept",
    ] {
        assert!(text.out.contains(said), "{said}: {text:?}");
    }
}

/// Two windows that meet have each record once (web-shared#3467, watchlogs#8: whole days were lost, or counted twice).
#[test]
fn windows_that_meet_share_no_record_and_lose_none() {
    let store = scored(FeatureSample::ALL, generated().take(40));
    let records = store.fine(["journal", "--json", "-n", "40"]);
    let times: Vec<_> =
        records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["at"].clone()).collect();
    // Of one of them, to the last digit.
    let middle = times[20].as_str().unwrap();
    let before = told(&store, &["phish@3.0.0", "--until", middle]);
    let after = told(&store, &["phish@3.0.0", "--since", middle]);
    let [before, after] = [before, after].map(|told| told["past"]["featured"].as_u64().unwrap());
    assert_eq!(before + after, 40, "{before} before {middle}, {after} from then on");
    assert!(before > 0 && after > 0);
}

/// metarank#347, openobserve#6099: what a killed process or a bad disk left of one file takes nothing from the others, and is said.
#[test]
fn a_file_that_cannot_be_read_is_told_and_the_others_are_scored() {
    let store = scored(FeatureSample::ALL, generated().take(30));
    let journal = store.path().join("journal");
    let written = std::fs::read_dir(&journal).unwrap().map(|entry| entry.unwrap().path());
    let [stream] =
        &written.filter(|path| path.extension().is_some_and(|ending| ending == "arrows")).collect::<Vec<_>>()[..]
    else {
        panic!("one process writes one stream")
    };
    // Another process began one at the same time, and this is left of it.
    let broken = format!("{}9.parquet", stream.file_stem().unwrap().to_str().unwrap());
    std::fs::write(journal.join(&broken), "PAR1 and no more").unwrap();
    let ran = store.run(["backtest", "phish@3.0.0", "--json"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["past"]["featured"], &told["past"]["unread_files"]), (&30.into(), &1.into()), "{ran:?}");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains(&broken), "{ran:?}");
}

/// The same twice, but for how long it took, whatever thread was quicker (cfa-variant-forecasting#116).
#[test]
fn a_backtest_says_the_same_again() {
    let store = scored(FeatureSample::ALL, generated());
    let [once, again] = [1, 2].map(|threads: u8| {
        let mut told = told(&store, &["phish@3.0.0", "-j", &threads.to_string()]);
        for side in ["before", "after"] {
            told[side]["latency"].take();
        }
        told
    });
    assert_eq!(once, again);
}

/// What the page has typed, in the order in which it has it.
const PAGE: &str = include_str!("../../../../docs/backtest.md");

#[test]
fn what_the_page_has_typed_works() {
    let (store, pages) = (scored(FeatureSample::ALL, generated().take(60)), tempfile::tempdir().unwrap());
    let typed: Vec<_> = PAGE.lines().filter_map(|line| line.strip_prefix("$ switchback ")).collect();
    assert!(typed.len() >= 4, "{typed:?}");
    for line in typed {
        let line = line.split(" # ").next().unwrap().replace("phish-3.0.0.wasm", &release("3.0.0"));
        let line = line.replace("report.html", &pages.path().join("report.html").display().to_string());
        let ran = store.run(line.split_whitespace());
        // Numbers that are drawn flip mail, which is too much for a gate.
        assert!(
            ran.code <= 1 && ran.out.contains("phish@3.0.0") && (ran.err.is_empty() || line.contains("--max-flips")),
            "{line}: {ran:?}"
        );
    }
}

#[test]
fn the_page_of_a_backtest_says_where_its_messages_come_from() {
    let (store, pages) = (scored(FeatureSample::ALL, generated().take(20)), tempfile::tempdir().unwrap());
    let page = pages.path().join("page.html");
    store.run(["backtest", "phish@3.0.0", "--html", &page.display().to_string()]);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("Past mail, of which the journal kept features but no text: 20 of 20 records"), "{page}");
}
