//! What the host hashes of a message reaches a model as it is.

use switchback::message::FeatureKind;
use switchback::release::{Manifest, Reads};
use switchback::verdict::{Assessment, Outcome};
use switchback::{LocalRuntime, Message, ReleaseId};

use crate::support::{load_bytes, manifest, packed, runtime};

/// A message with something in every field.
const MAIL: &str = "Received: from a by b\r\nFrom: Ann <ann@mail.x.example>\r\nReply-To: b@y.example\r\n\
    Subject: Your account\r\nX-Mailer: The Bat! 3\r\nX-Spam-Flag: YES\r\nTo: me@home.example\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
    <p>Log in 2 times: <a href=http://192.0.2.7/x>https://bank.example/</a></p>\r\n\
    --b\r\nContent-Type: application/pdf; name=bill.PDF\r\n\r\n%PDF\r\n--b--\r\n";

/// The case of the hostile model that tells what it is given, with a manifest that reads so much.
fn telling(reads: Reads) -> Vec<u8> {
    let mut manifest: Manifest = manifest("features", "1.0.0");
    manifest.reads = reads;
    packed("features", &manifest)
}

fn logged(runtime: &LocalRuntime, release: &ReleaseId, message: &Message) -> Vec<String> {
    let scored = runtime.score_with(release, message).unwrap();
    scored.log.lines.iter().map(|kept| kept.line.clone()).collect()
}

/// What the model logs of a message, by what the host knows of it.
fn expected(message: &Message) -> Vec<String> {
    let of_kind = |kind: FeatureKind| {
        message.features(kind).fields().each_ref().map(|field| format!("{} {:x?}", kind.name(), &**field))
    };
    let mut lines: Vec<String> = FeatureKind::ALL.into_iter().flat_map(of_kind).collect();
    lines.push(format!("structure {:x?}", &**message.structure().features()));
    lines.push(format!("{:?}", message.facts().values()));
    lines
}

#[test]
fn a_model_is_given_what_the_host_finds() {
    let runtime = runtime();
    let release = load_bytes(&runtime, &telling(Reads::SUBJECT | Reads::FEATURES | Reads::FACTS)).unwrap();
    for mail in [MAIL, "", "Subject: one word\n\n", "\nhttp://x.example/ and more text\n"] {
        let message = Message::parse(mail);
        assert_eq!(logged(&runtime, &release, &message), expected(&message));
        assert_eq!(logged(&runtime, &release, &message), expected(&Message::parse(mail)));
    }
    let message = Message::parse(MAIL);
    assert!(message.features(FeatureKind::Words).fields().iter().all(|field| !field.is_empty()));
    assert!(!message.structure().features().is_empty());
}

#[test]
fn a_model_that_does_not_declare_features_and_facts_gets_none() {
    for (reads, missing) in [(Reads::FACTS, "features"), (Reads::FEATURES, "facts")] {
        let runtime = runtime();
        let release = load_bytes(&runtime, &telling(Reads::SUBJECT | reads)).unwrap();
        let error = runtime.score_with(&release, &Message::parse(MAIL)).unwrap_err().to_string();
        assert!(error.contains(&format!("it read `{missing}`, which its manifest does not declare")), "{error}");
    }
}

#[test]
fn what_a_model_may_not_see_is_in_no_feature_and_no_fact() {
    let of = |mail: &str| expected(&Message::parse(mail));
    let without = MAIL.replace("X-Spam-Flag: YES\r\nTo: me@home.example\r\n", "");
    let (with, without) = (of(MAIL), of(&without));
    // The size alone tells.
    assert_eq!(with[..with.len() - 1], without[..without.len() - 1]);
    let facts = |mail: &str| Message::parse(mail).facts().values()[1..].to_vec();
    assert_eq!(facts(MAIL), facts(&MAIL.replace("X-Spam-Flag: YES\r\nTo: me@home.example\r\n", "")));
}

#[test]
fn a_model_is_told_where_there_is_more_than_is_hashed() {
    let runtime = runtime();
    let release = load_bytes(&runtime, &telling(Reads::SUBJECT | Reads::FEATURES | Reads::FACTS)).unwrap();
    let long = format!("Subject: x\n\n{}", "hi ".repeat(11_000));
    let nested = "Content-Type: message/rfc822\n\n".repeat(33);
    for (mail, expected) in [(MAIL, &[][..]), (&long, &["WORDS", "PAIRS", "GRAMS"]), (&nested, &["STRUCTURE"])] {
        let outcome = runtime.score_with(&release, &Message::parse(mail)).unwrap().outcome;
        let Outcome::Scored(Assessment { reasons, .. }) = outcome else { panic!("{outcome:?}") };
        let truncated = reasons.iter().filter(|reason| &*reason.note == "truncated");
        assert_eq!(truncated.map(|reason| &*reason.name).collect::<Vec<_>>(), expected);
    }
}
