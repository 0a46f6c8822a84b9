//! Why nothing happens: what is missing is named, and so is what a filter does not tell.

use std::path::Path;

use serde_json::Value;
use switchback::Message;
use switchback::guard::GuardStore;
use switchback::guard::{GuardSettings, Sighting};

use super::{Store, store};

const AUTHSERV_ID: &str = "mx.home.example";

/// Mail of one organisation, as many campaigns as messages, in a folder.
fn mail_of_one(dir: &Path, count: u32) -> String {
    let folder = dir.join("mail");
    std::fs::create_dir_all(&folder).unwrap();
    for number in 0..count {
        std::fs::write(folder.join(format!("{number:04}.eml")), letter(number)).unwrap();
    }
    folder.display().to_string()
}

fn letter(number: u32) -> String {
    let words = ["invoice", "garden", "window", "bridge", "harvest", "pencil", "river", "summer", "engine", "carpet"];
    let word = |place: u32| words[(number / 10_u32.pow(place) % 10) as usize];
    let text: String = (0..60).map(|place| format!("{} {number} ", word(place % 3))).collect();
    format!(
        "Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from=shop.example\r\nFrom: a{number}@shop.example\r\n\
         To: b@here.example\r\nSubject: {} {} {number}\r\n\r\n{text}\r\n",
        word(0),
        word(1)
    )
}

/// A store whose guard knows that organisation, and in which 2.0.0 is tried on such mail.
fn tried(dir: &Path) -> Store {
    let store = store();
    let message = Message::builder(letter(0)).trust_authserv_id(AUTHSERV_ID).build();
    let ago = |days: i64| jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
    let seen = [1, 10, 20].map(|days| Sighting::of(&message, ago(days)));
    GuardStore::open(store.path()).unwrap().learn(&GuardSettings::default(), seen).unwrap();
    store.fine(["shadow", "linear@2.0.0"]);
    let mail = mail_of_one(dir, 120);
    let scored = store.run(["score", "--journal", "--summary", &mail, "--trust-authserv-id", AUTHSERV_ID]);
    assert_eq!(scored.code, 0, "{scored:?}");
    store
}

#[test]
fn one_known_sender_is_too_few_and_that_is_what_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let store = tried(dir.path());
    let told: Value = serde_json::from_str(&store.run(["guard", "status", "--json"]).out).unwrap();
    let trial = &told["slots"][0]["trials"][0];
    assert_eq!((&trial["pairs"]["messages"], &trial["pairs"]["eligible"]), (&120.into(), &120.into()), "{trial}");
    let segments = trial["segments"].as_array().unwrap();
    let everything = segments.iter().find(|one| one["segment"] == "everything").unwrap();
    let [of_senders] = &everything["up"]["requirements"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["name"] == "senders")
        .collect::<Vec<_>>()[..]
    else {
        panic!("{everything}")
    };
    assert_eq!(
        (&of_senders["has"], &of_senders["needs"], &of_senders["is_met"]),
        (&1.0.into(), &20.0.into(), &false.into())
    );
    let why = "too few campaigns, senders and recipients, too little evidence";
    assert_eq!(everything["up"]["why"], why, "{everything}");
    let text = store.run(["guard", "status"]).out;
    assert!(
        text.contains("      everything up: campaigns 3 of 10, senders 1 of 20, recipients 3 of 5, E-value "),
        "{text}"
    );
    assert!(
        text.contains(
            " 120 of authenticated, known senders, which count; 0 of authenticated senders that are new; 0 of"
        )
    );
}

#[test]
fn mail_that_nobody_authenticates_is_said_to_be_nothing_that_can_be_acted_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = store();
    store.fine(["shadow", "linear@2.0.0"]);
    let mail = mail_of_one(dir.path(), 60);
    store.run(["score", "--journal", "--summary", &mail]);
    let ran = store.run(["guard", "status"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for line in [
        "  mail        60 messages since yesterday, 0 of authenticated senders, 0 of known ones\n",
        "  NO ACTION   of the last 60 messages none was authenticated: the guard cannot act; ",
        "  NO RECIPIENTS  of the last 60 messages none had an envelope recipient: ",
        "    60 pairs were compared: 0 of authenticated, known senders, which count; ",
    ] {
        assert!(ran.out.contains(line), "{line:?} is not in\n{}", ran.out);
    }
    let told: Value = serde_json::from_str(&store.run(["guard", "status", "--json"]).out).unwrap();
    assert_eq!(told["slots"][0]["blind"], serde_json::json!(["unauthenticated", "unaddressed"]));
    let promoted = store.run(["promote", "linear@2.0.0", "--dry-run"]);
    assert!(
        promoted.out.contains("60 pairs were compared: 0 of authenticated, known senders, which count; 0 of"),
        "{promoted:?}"
    );
    // A trial that is over says nothing about the next one, and how much it was is said all the same.
    store.fine(["withdraw", "linear@2.0.0"]);
    let promoted = store.run(["promote", "linear@2.0.0", "--dry-run"]);
    assert!(promoted.out.contains("nothing is proven about it against linear@1.1.0: "), "{promoted:?}");
    assert!(promoted.out.contains("an earlier trial against linear@1.1.0, since generation "), "{promoted:?}");
    assert!(promoted.out.contains("60 pairs were compared: "), "{promoted:?}");
}
