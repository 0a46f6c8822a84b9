//! What a report tells beside error rates.

use switchback::release::{Card, Draft};
use switchback::{Limits, Message};
use switchback_train::{Collection, Example, KINDS, Label, Report, Split, Trained, Trainer};

use super::{Mail, arrived, collection, train, without_gmail};

const DAY: &str = "Tue, 1 Apr 2025 09:00:00 +0000";

fn warned(report: &Report, words: &str) -> bool {
    report.warnings.iter().any(|warning| warning.contains(words))
}

#[test]
fn messages_in_the_wrong_folder_are_listed() {
    let mut mail = arrived(&without_gmail(15), 900, DAY);
    let of = |mail: &[Mail], label| mail.iter().position(|one| one.label == label).unwrap();
    let wrong = [of(&mail, Label::Ham), of(&mail, Label::Spam)];
    for at in wrong {
        mail[at].label = if mail[at].label.is_spam() { Label::Ham } else { Label::Spam };
    }
    let listed: Vec<_> = train(&mail).report.disagreements.into_iter().map(|one| one.message).collect();
    assert!(wrong.iter().all(|at| listed.contains(&at.to_string())), "{wrong:?} is not in {listed:?}");
}

#[test]
fn what_is_on_the_other_side_of_the_threshold_is_listed_the_surest_first_and_not_all_of_it() {
    let mut mail = arrived(&without_gmail(25), 900, DAY);
    for one in mail.iter_mut().filter(|one| one.label.is_spam()).take(40) {
        one.label = Label::Ham;
    }
    let report = train(&mail).report;
    let odds = |score: f64| (score / (1.0 - score)).ln();
    let far: Vec<_> =
        report.disagreements.iter().map(|one| (odds(one.score) - odds(report.chosen.threshold)).abs()).collect();
    assert_eq!(far.len(), 20);
    assert!(far.is_sorted_by(|one, next| one + 1e-3 >= *next), "{far:?}");
    let is_flagged = |one: &switchback_train::Judged| one.score >= report.chosen.threshold;
    assert!(
        report.disagreements.iter().all(|one| is_flagged(one) != one.label.is_spam()),
        "{:?}",
        report.disagreements
    );
    // At this threshold fewer are flagged than at 0.5, and the segments are about the former.
    let flagged: u64 = report.segments.iter().map(|row| row.false_positives.part).sum();
    assert!(
        flagged <= report.chosen.false_positives.part
            && report.chosen.false_positives.part < report.default.false_positives.part,
        "{report:?}"
    );
}

#[test]
fn words_of_wanted_mail_make_less_of_the_unwanted_be_found() {
    let report = train(&arrived(&without_gmail(26), 900, DAY)).report;
    assert!(report.recall_with_good_words.part < report.chosen.recall.part, "{report:?}");
}

/// A field that one folder alone has tells the folders apart, whichever it is: a program that filed the mail wrote it.
#[test]
fn a_field_that_tells_the_folders_apart_is_named_and_not_learned() {
    for label in [Label::Ham, Label::Spam] {
        let mut mail = arrived(&without_gmail(27), 600, DAY);
        for one in mail.iter_mut().filter(|one| one.label == label) {
            one.bytes = [&b"X-Filed: 1\r\n"[..], &one.bytes].concat();
        }
        let trained = train(&mail);
        assert_eq!(trained.report.telling_fields, ["x-filed"], "{label:?}");
        let known = trained.model.structure_known().known();
        assert!(
            known.iter().any(|one| one.name.starts_with("field:"))
                && known.iter().all(|one| one.name != "field:x-filed")
        );
        let card = card_of(&trained);
        assert!(card.training_data.contains("the fields x-filed, which told the folders apart"), "{card:?}");
    }
}

/// What few have may name a person: neither a word nor a field is in the release.
#[test]
fn what_few_messages_have_is_neither_named_nor_known() {
    let mut mail = arrived(&without_gmail(28), 600, DAY);
    for (number, one) in mail.iter_mut().filter(|one| one.label.is_spam()).take(30).enumerate() {
        let (word, field) = if number < 4 { ("zanzibar", "X-Rare: 1\r\n") } else { ("wombats", "X-Usual: 1\r\n") };
        let text = String::from_utf8_lossy(&one.bytes).replacen("Subject: ", &format!("Subject: {word} {word} "), 1);
        one.bytes = [field, &text].concat().into_bytes();
    }
    let trained = train(&mail);
    let names: Vec<_> = trained.model.names().named().iter().map(|(_, name)| &**name).collect();
    assert!(names.contains(&"wombats") && !names.contains(&"zanzibar"), "{names:?}");
    assert!(names.len() <= 1_000);
    let known: Vec<_> = trained.model.structure_known().known().iter().map(|one| &*one.name).collect();
    assert!(known.contains(&"field:x-usual") && !known.contains(&"field:x-rare"), "{known:?}");
}

#[test]
fn the_card_has_the_figures_and_the_warnings_of_the_report() {
    let trainer = Trainer::default().max_false_positives(0.01).prior(0.9);
    let trained = trainer.train(collection(&arrived(&without_gmail(29), 600, DAY)), |_| {}).unwrap();
    let (card, report) = (card_of(&trained), &trained.report);
    let figures = ["threshold", "prior", "roc_auc"].map(|name| card.metrics[name]);
    assert_eq!(figures, [report.chosen.threshold, 0.9, report.roc_auc]);
    assert!(report.chosen.threshold > 0.5 && !report.warnings.is_empty());
    let limitations = card.limitations.to_lowercase();
    assert!(report.warnings.iter().all(|warning| limitations.contains(&warning.to_lowercase())), "{card:?}");
}

fn card_of(trained: &Trained) -> Card {
    let release = trained.pack("acme".parse().unwrap(), semver::Version::new(1, 0, 0)).unwrap();
    Draft::new(release).verify(&Limits::default()).unwrap().manifest().card.clone()
}

#[test]
fn few_messages_lopsided_labels_and_two_times_are_warned_of() {
    let mut mail = arrived(&without_gmail(16), 900, DAY);
    let usual = train(&mail).report;
    // 1 % was asked for, and three times a hundred is more than is held out.
    assert!(warned(&usual, "wanted messages are held out: even if none of them is flagged"), "{:?}", usual.warnings);
    assert!(!warned(&usual, "times as many") && !warned(&usual, "another time"), "{:?}", usual.warnings);

    let mut spam = 0;
    mail.retain(|one| {
        spam += u32::from(one.label.is_spam());
        !one.label.is_spam() || spam <= 75
    });
    let ham = mail.iter().filter(|one| !one.label.is_spam()).count();
    assert!(ham > 5 * 75, "{ham}");
    let lopsided = train(&mail).report;
    assert!(warned(&lopsided, "times as many wanted messages as unwanted ones"), "{:?}", lopsided.warnings);
    for one in &mut mail {
        one.label = if one.label.is_spam() { Label::Ham } else { Label::Spam };
    }
    let lopsided = train(&mail).report;
    assert!(warned(&lopsided, "times as many unwanted messages as wanted ones"), "{:?}", lopsided.warnings);

    let trainer = Trainer::default().max_false_positives(0.1);
    let enough = trainer.train(collection(&arrived(&without_gmail(16), 900, DAY)), |_| {}).unwrap().report;
    assert!(!warned(&enough, "wanted messages are held out"), "{:?}", enough.warnings);
}

#[test]
fn wanted_mail_of_another_time_than_the_unwanted_is_warned_of_if_its_words_tell_the_time() {
    let in_words = |mail: Vec<Mail>, word: &str| {
        let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).replacen("Subject: ", &format!("Subject: {word} "), 1);
        mail.into_iter().map(|one| Mail { bytes: told(&one.bytes).into_bytes(), ..one }).collect::<Vec<_>>()
    };
    let ham = |seed, date| {
        let mut mail = arrived(&without_gmail(seed), 600, date);
        mail.retain(|one| !one.label.is_spam());
        mail
    };
    let mut mail = in_words(ham(17, "Tue, 1 Apr 2003 09:00:00 +0000"), "modem");
    mail.extend(in_words(ham(18, "Thu, 1 Apr 2004 09:00:00 +0000"), "broadband"));
    let mut spam = arrived(&without_gmail(19), 600, DAY);
    spam.retain(|one| one.label.is_spam());
    mail.extend(spam);
    let report = train(&mail).report;
    assert_eq!(report.dates_in_common, Some(0.0));
    assert!(report.age_probe.is_some_and(|area| area > 0.9), "{:?}", report.age_probe);
    assert!(warned(&report, "another time"), "{:?}", report.warnings);

    // The same mail, of which half the wanted is dated at random: no word tells.
    let mut mail: Vec<_> = ham(17, "Tue, 1 Apr 2003 09:00:00 +0000")
        .into_iter()
        .chain(ham(18, "Thu, 1 Apr 2004 09:00:00 +0000"))
        .collect();
    mail.extend(arrived(&without_gmail(19), 600, DAY).into_iter().filter(|one| one.label.is_spam()));
    let untold = train(&mail).report;
    assert_eq!(untold.dates_in_common, Some(0.0));
    assert!(!warned(&untold, "another time"), "{:?} {:?}", untold.age_probe, untold.warnings);
}

#[test]
fn wanted_messages_that_carry_others_are_counted_and_named() {
    let mut mail = arrived(&without_gmail(20), 600, DAY);
    let usual = train(&mail).report.carriers;
    let forward = "From: a@x.example\nSubject: is this spam?\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nPlease have a look \
                   at what I was sent this morning, and tell me.\n--b\nContent-Type: message/rfc822\n\nSubject: pills\n\npills\n--b--\n";
    let bounce = "From: Mail <MAILER-DAEMON@mx.example>\nSubject: failure notice\n\nI was not able to deliver your message to the \
                  following addresses, and this is a permanent error.\n";
    for bytes in [forward, bounce] {
        mail.push(Mail { bytes: bytes.as_bytes().to_vec(), label: Label::Ham });
        mail.push(Mail { bytes: bytes.replace(".\n", ". Thank you.\n").into_bytes(), label: Label::Spam });
    }
    let carriers = train(&mail).report.carriers;
    assert_eq!((carriers.forwarded, carriers.reports), (usual.forwarded + 1, usual.reports + 1));
    assert!(["600", "602"].iter().all(|name| carriers.messages.iter().any(|other| other == name)), "{carriers:?}");
}

#[test]
fn spam_that_users_sent_on_is_warned_of() {
    let mut mail = arrived(&without_gmail(24), 600, DAY);
    let usual = train(&mail).report;
    assert!(usual.carriers.unwanted == 0 && !warned(&usual, "carry another one"), "{:?}", usual.carriers);
    let head = b"From: user@home.example\nSubject: Fwd\nContent-Type: message/rfc822\n\n";
    for one in mail.iter_mut().filter(|one| one.label.is_spam()).step_by(3) {
        one.bytes = [&head[..], &one.bytes].concat();
    }
    assert!(warned(&train(&mail).report, "unwanted messages carry another one"));

    let mut mail = arrived(&without_gmail(24), 600, DAY);
    let first = mail.iter_mut().find(|one| one.label.is_spam()).unwrap();
    first.bytes = [&head[..], &first.bytes].concat();
    let one = train(&mail).report;
    assert!(one.carriers.unwanted == 1 && !warned(&one, "carry another one"), "{:?}", one.carriers);
}

#[test]
fn a_prior_moves_probabilities_and_no_verdict() {
    let mail = arrived(&without_gmail(21), 900, DAY);
    let trained = |prior: Option<f64>| -> Trained {
        let trainer = Trainer::default().max_false_positives(0.01);
        prior.into_iter().fold(trainer, Trainer::prior).train(collection(&mail), |_| {}).unwrap()
    };
    let usual = trained(None).report;
    assert_eq!(
        usual.prior,
        usual.mail.training_spam as f64 / (usual.mail.training_ham + usual.mail.training_spam) as f64
    );
    // With both the threshold is above 0.5.
    let (much, more) = (trained(Some(0.9)), trained(Some(0.99)));
    let log_odds = |share: f64| (share / (1.0 - share)).ln();
    let by = log_odds(0.99) - log_odds(0.9);
    assert_eq!(more.report.prior, 0.99);
    for one in arrived(&without_gmail(22), 50, DAY) {
        let message = Message::parse(one.bytes);
        assert!((more.log_odds(&message) - much.log_odds(&message) - by).abs() < 1e-9);
    }
    assert!(more.report.chosen.threshold > much.report.chosen.threshold, "{:?}", more.report.chosen);
    assert_eq!(more.report.chosen.recall, much.report.chosen.recall);
    assert_eq!(more.report.chosen.false_positives, much.report.chosen.false_positives);
}

#[test]
fn what_moves_is_listed_where_there_was_a_release_before() {
    let mail = arrived(&without_gmail(23), 600, DAY);
    let mut all = Collection::new(&std::env::temp_dir(), KINDS).unwrap();
    for (number, one) in mail.iter().enumerate() {
        let example = Example::new(number.to_string(), one.label, &Message::parse(&*one.bytes), KINDS);
        // The one before flags every message alike.
        all.add(example.scored_before(0.75)).unwrap();
    }
    let trained = Trainer::default().split(Split::Campaign).train(all, |_| {}).unwrap();
    let alone = Trainer::default().split(Split::Campaign).train(collection(&mail), |_| {}).unwrap();
    assert!(alone.model.to_bytes() == trained.model.to_bytes(), "what the one before says was learned from");
    let before = trained.report.before.unwrap();
    let passed = trained.held_out.iter().filter(|one| one.score < 0.5).count() as u64;
    assert_eq!(before.newly_passed_ham + before.newly_passed_spam, passed);
    assert_eq!(before.moved.len() as u64, passed.min(20));
    assert!(before.moved.iter().all(|one| (one.before - 0.75).abs() < 1e-9 && one.now < 0.5), "{:?}", before.moved);
    assert!(before.moved.windows(2).all(|pair| pair[0].now <= pair[1].now), "{:?}", before.moved);

    let mut all = Collection::new(&std::env::temp_dir(), KINDS).unwrap();
    for (number, one) in mail.iter().enumerate() {
        let example = Example::new(number.to_string(), one.label, &Message::parse(&*one.bytes), KINDS);
        // And this one none.
        all.add(example.scored_before(0.25)).unwrap();
    }
    let before = Trainer::default().train(all, |_| {}).unwrap().report.before.unwrap();
    let flagged = |label| trained.held_out.iter().filter(|one| one.label == label && one.score >= 0.5).count() as u64;
    assert_eq!([before.newly_flagged_ham, before.newly_flagged_spam], [Label::Ham, Label::Spam].map(flagged));
    assert!(flagged(Label::Spam) > flagged(Label::Ham), "{before:?}");
}
