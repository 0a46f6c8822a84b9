//! What changes nothing.

use super::{Mail, arrived, recall, train, without_gmail};

const DAY: &str = "Tue, 1 Apr 2025 09:00:00 +0000";

#[test]
fn the_same_mail_makes_the_same_model_in_any_order_on_any_number_of_threads() {
    let mut mail = arrived(&without_gmail(1), 900, DAY);
    let forward = train(&mail);
    assert!(recall(&forward.report) > 0.8, "{:?}", forward.report.chosen);
    mail.reverse();
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let backward = alone.install(|| train(&mail));
    assert!(forward.model.to_bytes() == backward.model.to_bytes(), "the model depends on the order");
    assert_eq!(forward.report.chosen, backward.report.chosen);
    assert_eq!(forward.report.segments, backward.report.segments);
}

#[test]
fn a_thousand_copies_weigh_as_one() {
    let mut mail = arrived(&without_gmail(2), 600, DAY);
    let once = train(&mail);
    let spam = mail.iter().find(|one| one.label.is_spam()).unwrap();
    let copy = |number: u32| Mail {
        bytes: [format!("X-Copy: {number}\r\n").as_bytes(), &spam.bytes].concat(),
        label: spam.label,
    };
    let copies: Vec<_> = (0..1_000).map(copy).collect();
    mail.extend(copies);
    let often = train(&mail);
    assert_eq!(often.report.mail.copies, once.report.mail.copies + 1_000);
    assert_eq!(
        often.report.mail.training_spam + often.report.mail.held_out_spam,
        once.report.mail.training_spam + once.report.mail.held_out_spam
    );
}
