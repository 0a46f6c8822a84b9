//! Mail of which nothing can be learned.

use std::sync::Mutex;

use switchback_train::{Collection, KINDS, Label, Step, Stop, TrainError, Trainer};

use super::{Mail, arrived, collection, without_gmail};

const DAY: &str = "Tue, 1 Apr 2025 09:00:00 +0000";

fn refused(mail: &[Mail]) -> TrainError {
    Trainer::default().train(collection(mail), |_| {}).unwrap_err()
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let nothing = Collection::new(&std::env::temp_dir(), KINDS).unwrap();
    let nothing = Trainer::default().train(nothing, |_| {}).unwrap_err();
    assert!(nothing.to_string().contains("there is no wanted mail: name folders"), "{nothing}");

    let mail = arrived(&without_gmail(7), 400, DAY);
    let (spam, ham): (Vec<_>, Vec<_>) = mail.into_iter().partition(|one| one.label.is_spam());
    assert!(matches!(refused(&ham), TrainError::Empty(Label::Spam)));
    let few: Vec<_> = ham.into_iter().take(10).chain(spam).collect();
    let error = refused(&few);
    assert!(matches!(error, TrainError::TooFew { label: Label::Ham, read: 10, .. }), "{error:?}");
    assert!(error.to_string().contains("10 wanted messages make"), "{error}");
}

#[test]
fn one_campaign_alone_is_too_little() {
    let mut mail = arrived(&without_gmail(8), 400, DAY);
    mail.retain(|one| !one.label.is_spam());
    let words = "your account will be closed within a day unless you confirm it at our new page right now please";
    let copy = |number: u32| Mail {
        bytes: format!("From: a@x.example\nSubject: Hello {number}\n\nDear {number}, {words}\n").into_bytes(),
        label: Label::Spam,
    };
    mail.extend((0..500).map(copy));
    let error = refused(&mail);
    assert!(matches!(error, TrainError::TooFew { label: Label::Spam, campaigns: 0..=1, read: 500 }), "{error:?}");
}

#[test]
fn the_same_mail_for_both_labels_is_refused() {
    let mail = arrived(&without_gmail(9), 300, DAY);
    let both = |label| mail.iter().map(move |one| Mail { bytes: one.bytes.clone(), label });
    let error = refused(&both(Label::Ham).chain(both(Label::Spam)).collect::<Vec<_>>());
    assert!(matches!(error, TrainError::SameMail { read: 600, .. }), "{error:?}");
}

#[test]
fn mail_without_text_and_a_share_that_is_none_are_no_panic() {
    let empty = |number: u32, label| Mail {
        bytes: format!("Message-ID: <{number}@x>\nSubject: {number}\n\n").into_bytes(),
        label,
    };
    let mail: Vec<_> =
        (0..200).map(|number| empty(number, if number % 2 == 0 { Label::Ham } else { Label::Spam })).collect();
    let _ = Trainer::default().train(collection(&mail), |_| {});
    let error = Trainer::default().max_false_positives(1.5).train(collection(&mail), |_| {}).unwrap_err();
    assert!(error.to_string().contains("1.5 is not a share of wanted mail"), "{error}");
    let error = Trainer::default().prior(0.0).train(collection(&mail), |_| {}).unwrap_err();
    assert!(error.to_string().contains("0 is not a share of unwanted mail"), "{error}");
}

#[test]
fn a_training_that_nobody_waits_for_ends_at_whatever_step_it_is() {
    let mail = arrived(&without_gmail(10), 400, DAY);
    for at in [Step::Preparing, Step::Learning { done: 1, of: 72 }, Step::Measuring] {
        let (stop, steps) = (Stop::new(), Mutex::new(Vec::new()));
        let trainer = Trainer::default().stopped_by(stop.clone());
        let stopped = trainer.train(collection(&mail), |step| {
            let mut steps = steps.lock().unwrap();
            steps.push(step);
            if std::mem::discriminant(&step) == std::mem::discriminant(&at) {
                stop.stop();
            }
        });
        assert!(matches!(stopped, Err(TrainError::Stopped)), "{at:?}");
        let of = |step: &Step| std::mem::discriminant(step) == std::mem::discriminant(&at);
        let after =
            steps.into_inner().unwrap().into_iter().skip_while(|step| !of(step)).filter(|step| !of(step)).count();
        assert_eq!(after, 0, "it went on to the next step");
    }
}
