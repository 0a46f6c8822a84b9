//! What is measured on.

use std::collections::{HashMap, HashSet};

use switchback::Message;
use switchback_train::{Label, Side, Split, TrainError, Trainer, Traits, campaigns};

use super::{Mail, arrived, collection, without_gmail};

fn mail() -> Vec<Mail> {
    let mut mail = arrived(&without_gmail(13), 700, "Tue, 1 Apr 2025 09:00:00 +0000");
    mail.extend(arrived(&without_gmail(14), 700, "Fri, 25 Apr 2025 09:24:00 +0000"));
    mail
}

/// How many campaigns are on both sides, and how many messages are measured on.
fn both_sides(mail: &[Mail], split: Split) -> (usize, usize) {
    let sides = collection(mail).sides(split).unwrap();
    let traits: Vec<_> = mail.iter().map(|one| Traits::of(&Message::parse(&*one.bytes))).collect();
    let mut of: HashMap<[u8; 32], HashSet<bool>> = HashMap::new();
    for (campaign, side) in campaigns(&traits).into_iter().zip(&sides) {
        if *side != Side::LeftOut {
            of.entry(campaign).or_default().insert(*side == Side::HeldOut);
        }
    }
    let held_out = sides.iter().filter(|side| **side == Side::HeldOut).count();
    (of.values().filter(|sides| sides.len() == 2).count(), held_out)
}

#[test]
fn no_campaign_is_on_both_sides_unless_messages_are_drawn_one_by_one() {
    let mail = mail();
    for (split, is_torn) in [
        (Split::Campaign, false),
        (Split::Until("2025-04-20T00:00:00Z".parse().unwrap()), false),
        (Split::Random, true),
    ] {
        let (torn, held_out) = both_sides(&mail, split);
        assert_eq!(torn > 0, is_torn, "{split:?}: {torn} campaigns are on both sides");
        assert!(held_out > mail.len() / 10, "{split:?}: {held_out}");
    }
}

/// So many messages of each label, which have nothing in common.
fn different(count: usize, date: &str) -> Vec<Mail> {
    let of = |number: usize, label: Label| {
        let word: String =
            format!("{date}{label:?}{number}").bytes().map(|byte| char::from(b'a' + byte % 26)).collect();
        let head = format!("Received: from a by b; {date}\nFrom: a@{word}.example\nSubject: {word} {word}\n\n");
        let text: String = (0..30).map(|place| format!("{word}{} ", "z".repeat(place))).collect();
        Mail { bytes: [head, text].concat().into_bytes(), label }
    };
    [Label::Ham, Label::Spam].into_iter().flat_map(|label| (0..count).map(move |number| of(number, label))).collect()
}

#[test]
fn what_came_at_the_very_time_is_learned_from_and_its_campaign_with_it() {
    let (at, after) = ("Tue, 1 Apr 2025 09:00:00 +0000", "Tue, 1 Apr 2025 09:00:01 +0000");
    let until = Split::Until("2025-04-01T09:00:00Z".parse().unwrap());
    let mut mail = different(40, at);
    let first = String::from_utf8(mail[0].bytes.clone()).unwrap();
    mail.extend(different(2, after));
    // With the subject of the first, a second later.
    let later = first.replace(at, after);
    let (head, _) = later.split_once("\n\n").unwrap();
    mail.push(Mail { bytes: format!("{head}\n\nAnother text.\n").into_bytes(), label: Label::Ham });
    let sides = collection(&mail).sides(until).unwrap();
    assert!(sides[..80].iter().all(|side| *side == Side::Learned), "{sides:?}");
    assert_eq!(sides[80..], [Side::HeldOut, Side::HeldOut, Side::HeldOut, Side::HeldOut, Side::LeftOut]);

    let refused = |mail: &[Mail]| collection(mail).sides(until).unwrap_err();
    let few: Vec<_> = different(39, at).into_iter().chain(different(2, after)).collect();
    assert!(matches!(refused(&few), TrainError::TooFew { campaigns: 39, .. }), "{}", refused(&few));
    let early = different(60, at);
    assert!(matches!(refused(&early), TrainError::NothingHeldOut(Label::Ham)), "{}", refused(&early));
}

#[test]
fn messages_without_a_text_are_no_copies_of_each_other() {
    let mut mail = mail();
    let rest = mail.len();
    let empty = |number: usize| {
        format!("From: a@{number}.example\nSubject: Minutes of meeting number {number}\n\n").into_bytes()
    };
    mail.extend((0..20).map(|number| Mail { bytes: empty(number), label: Label::Ham }));
    mail.push(Mail { bytes: empty(0), label: Label::Spam });
    let sides = collection(&mail).sides(Split::Campaign).unwrap();
    let left_out: Vec<_> = (rest..mail.len()).filter(|at| sides[*at] == Side::LeftOut).map(|at| at - rest).collect();
    assert_eq!(left_out, [0, 20], "all but those that both folders have");
}

#[test]
fn of_a_random_split_card_and_report_say_what_it_is_good_for() {
    let trained = Trainer::default().split(Split::Random).train(collection(&mail()), |_| {}).unwrap();
    assert_eq!(trained.report.split, Split::Random);
    assert!(trained.report.warnings.iter().any(|warning| warning.contains("drawn message by message")));
    let sides = collection(&mail()).sides(Split::Random).unwrap();
    let held_out: Vec<_> =
        sides.iter().enumerate().filter(|(_, side)| **side == Side::HeldOut).map(|(at, _)| at).collect();
    let mut measured: Vec<usize> = trained.held_out.iter().map(|one| one.message.parse().unwrap()).collect();
    measured.sort_unstable();
    assert_eq!(measured, held_out, "what is measured on is what `sides` says");
}
