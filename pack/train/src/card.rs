//! The model card, from what was counted and measured.

use std::fmt::Write as _;

use switchback::release::Card;

use crate::quality::Share;
use crate::report::Report;
use crate::split::Split;

pub(crate) fn card(report: &Report) -> Card {
    let mail = &report.mail;
    let mut card = Card::default();
    card.summary = "Logistic regression over the hashed words of subject, sender, text and links, each a vector of \
                    length one, and over names of header fields, types and the like; trained by `switchback train`."
        .to_owned();
    card.training_data = format!(
        "{} wanted and {} unwanted messages of one's own mail{}; copies count once, and of {} groups of messages that belong together each \
         was learned from or measured on as a whole. Masked: header fields of mailing lists, receiving servers, other filters and mail \
         programs, tags and footers of lists, addresses of recipients{}.",
        mail.training_ham,
        mail.training_spam,
        report.period.map_or_else(String::new, |period| {
            format!(", sent from {} to {}", period.from.strftime("%Y-%m-%d"), period.to.strftime("%Y-%m-%d"))
        }),
        mail.campaigns,
        match &*report.telling_fields {
            [] => String::new(),
            fields => format!("; and the fields {}, which told the folders apart", fields.join(", ")),
        },
    );
    card.split = format!(
        "Measured on {} wanted and {} unwanted messages that were not learned from: {}. The threshold {:.4} was chosen for {} % of wanted mail \
         flagged, by cross-validation on the training part.",
        mail.held_out_ham,
        mail.held_out_spam,
        match report.split {
            Split::Campaign => "a fifth of the campaigns and threads".to_owned(),
            Split::Random => "a fifth of the messages, drawn one by one, as most published figures have it; others of their campaigns and \
                              threads were learned from, so this is for comparing with such figures"
                .to_owned(),
            Split::Until(date) => format!("what came after {date}, of campaigns that did not begin before"),
        },
        report.chosen.threshold,
        100.0 * report.max_false_positives
    );
    card.intended_use = "The mail of those whose mail it was trained on. Probabilities are calibrated for the share of unwanted mail that \
                         the metric `prior` has (that of the training mail is `training_prior`); where another share is usual, add the \
                         difference of the two log-odds."
        .to_owned();
    card.limitations = limitations(report);
    let figures = [
        ("recall", &report.chosen.recall),
        ("false_positive_rate", &report.chosen.false_positives),
        ("precision", &report.chosen.precision),
        ("recall_with_150_words_of_wanted_mail", &report.recall_with_good_words),
        ("recall_at_0.5", &report.default.recall),
        ("false_positive_rate_at_0.5", &report.default.false_positives),
    ];
    for (name, share) in figures {
        with_interval(&mut card, name, share);
    }
    let (ham, spam) = (mail.training_ham as f64, mail.training_spam as f64);
    for (name, figure) in [
        ("roc_auc", report.roc_auc),
        ("roc_auc_reach_95", report.roc_auc_reach),
        ("threshold", report.chosen.threshold),
        ("prior", report.prior),
        ("training_prior", spam / (ham + spam)),
        ("held_out_ham", mail.held_out_ham as f64),
        ("held_out_spam", mail.held_out_spam as f64),
    ] {
        card.metrics.insert(name.to_owned(), figure);
    }
    let others = [("age_probe", report.age_probe), ("dates_in_common", report.dates_in_common)];
    card.metrics.extend(others.into_iter().filter_map(|(name, figure)| Some((name.to_owned(), figure?))));
    card.metrics.retain(|_, figure| figure.is_finite());
    card
}

fn with_interval(card: &mut Card, name: &str, share: &Share) {
    if let Some(rate) = share.rate {
        let figures = [
            (name.to_owned(), rate.share),
            (format!("{name}_low_95"), rate.low),
            (format!("{name}_high_95"), rate.high),
        ];
        card.metrics.extend(figures);
    }
}

fn limitations(report: &Report) -> String {
    let mut text = String::from(
        "It knows the words and senders of this mail and takes what is new for what it resembles. Whoever knows the model can get by it \
         with words of wanted mail; how many do is measured.",
    );
    for warning in &report.warnings {
        let mut rest = warning.chars();
        let first = rest.next().map(|first| first.to_uppercase());
        // Writing to a text cannot fail.
        let _ = write!(text, "\n{}{}.", first.into_iter().flatten().collect::<String>(), rest.as_str());
    }
    text
}
