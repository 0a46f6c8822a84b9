//! What a model does with mail that it did not learn from.

use std::io;

use switchback_linear::Model;

use crate::calibrate::bins;
use crate::carried::{Carriers, Carries};
use crate::collection::{Finished, Indexed, Spilled};
use crate::coverage::Coverage;
use crate::example::TEXT_FIELDS;
use crate::fit::logistic;
use crate::good_words::good_words;
use crate::label::Label;
use crate::limits::{LISTED_MAX, RATIO_MAX};
use crate::quality::{AtThreshold, Share, auc_reach, roc_auc};
use crate::report::{Before, Judged, Moved, Period, Report};
use crate::segments::{SegmentRow, segments};
use crate::split::{Kept, Placed, Split, period};

/// What a model that has not seen a message makes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scored {
    /// Its number in the collection.
    pub(crate) at: usize,
    pub(crate) label: Label,
    /// A sum of weights, or log-odds.
    pub(crate) sum: f64,
}

/// All that is measured with.
pub(crate) struct Measuring<'a> {
    pub(crate) mail: &'a Finished,
    pub(crate) kept: Kept,
    pub(crate) placed: &'a [Placed],
    pub(crate) held_out: &'a [Placed],
    /// The training part, as models of other folds see it, in log-odds.
    pub(crate) unseen: Vec<Scored>,
    pub(crate) model: &'a Model,
    /// The threshold that was chosen, in log-odds.
    pub(crate) limit: f64,
    pub(crate) max_false_positives: f64,
    pub(crate) split: Split,
    pub(crate) prior: f64,
}

/// The log-odds that a model gives a message, as its guest would find them.
pub(crate) fn log_odds(model: &Model, mail: &Spilled) -> f64 {
    let kinds = mail.texts.len() / TEXT_FIELDS;
    let fields =
        mail.texts.chunks(kinds).map(|field| model.text(&field.iter().map(|kind| &**kind).collect::<Vec<_>>()));
    model.bias() + fields.sum::<f64>() + model.structure(&mail.structure)
}

impl Measuring<'_> {
    /// The report, and the messages that were measured on.
    pub(crate) fn report(
        self,
        telling_fields: Vec<String>,
        age_probe: Option<f64>,
    ) -> io::Result<(Report, Vec<Judged>)> {
        let good = good_words(self.mail, self.placed, self.model)?;
        let mut scored = Vec::new();
        let mut judged = Vec::new();
        let mut with_good_words = 0;
        for one in self.held_out {
            let spilled = self.mail.read(one.at)?;
            let label = self.mail.index[one.at].label;
            let sum = log_odds(self.model, &spilled);
            scored.push(Scored { at: one.at, label, sum });
            judged.push(Judged { message: spilled.name.clone(), label, score: logistic(sum) });
            if label.is_spam() {
                with_good_words += u64::from(log_odds(self.model, &good.appended(spilled)) >= self.limit);
            }
        }
        let odds: Vec<_> = scored.iter().map(|one| (one.sum, one.label.is_spam())).collect();
        let chosen = AtThreshold::of(&odds, self.limit, logistic(self.limit));
        let roc_auc = roc_auc(&odds);
        let [ham, spam] = [self.kept.held_out_ham as f64, self.kept.held_out_spam as f64];
        let segments = segments(self.segments_of(&scored), self.max_false_positives);
        let coverage = Coverage::of(self.mail, self.placed);
        let dates_in_common = self.dates_in_common();
        let mut report = Report {
            mail: self.kept,
            split: self.split,
            carriers: self.carriers()?,
            period: period(self.dates(None)).map(|[from, to]| Period { from, to }),
            telling_fields,
            prior: self.prior,
            max_false_positives: self.max_false_positives,
            chosen,
            default: AtThreshold::of(&odds, 0.0, 0.5),
            roc_auc,
            roc_auc_reach: auc_reach(roc_auc, spam, ham),
            calibration: bins(&odds),
            recall_with_good_words: Share::of(with_good_words, self.kept.held_out_spam),
            age_probe,
            dates_in_common,
            segments,
            coverage,
            disagreements: self.disagreements(&scored)?,
            before: self.before(&scored)?,
            warnings: Vec::new(),
        };
        report.warnings = warnings(&report);
        Ok((report, judged))
    }

    /// The segment of each wanted message that has a sender, and whether it is flagged.
    fn segments_of<'a>(&'a self, scored: &'a [Scored]) -> impl Iterator<Item = (String, bool)> + 'a {
        scored.iter().filter(|one| one.label == Label::Ham).filter_map(|one| {
            let indexed = &self.mail.index[one.at];
            let provider = indexed.provider.map(|number| format!("provider:{}", self.mail.senders.name(number)));
            let segment = provider.or_else(|| Some(self.mail.senders.name(indexed.sender?).to_string()))?;
            Some((segment, one.sum >= self.limit))
        })
    }

    /// Messages on the other side of the threshold than their label, the surest first.
    fn disagreements(&self, scored: &[Scored]) -> io::Result<Vec<Judged>> {
        let all = self.unseen.iter().chain(scored);
        let mut wrong: Vec<_> = all.filter(|one| (one.sum >= self.limit) != one.label.is_spam()).collect();
        let off = |one: &Scored| (one.sum - self.limit).abs();
        wrong.sort_by(|a, b| off(b).total_cmp(&off(a)).then_with(|| self.digest(a).cmp(self.digest(b))));
        wrong.truncate(LISTED_MAX);
        let named = wrong.into_iter().map(|one| {
            Ok(Judged { message: self.mail.read(one.at)?.name, label: one.label, score: logistic(one.sum) })
        });
        named.collect()
    }

    fn digest(&self, one: &Scored) -> &[u8; 32] {
        &self.mail.index[one.at].traits.sha256
    }

    /// The messages that carry others, held out or not.
    fn carriers(&self) -> io::Result<Carriers> {
        let mut carriers = Carriers::default();
        for one in self.placed {
            let Indexed { label, carries: Some(carries), .. } = &self.mail.index[one.at] else { continue };
            *match (label, carries) {
                (Label::Spam, _) => &mut carriers.unwanted,
                (Label::Ham, Carries::Forwarded) => &mut carriers.forwarded,
                (Label::Ham, Carries::Reported) => &mut carriers.reports,
            } += 1;
            if *label == Label::Ham && carriers.messages.len() < LISTED_MAX {
                carriers.messages.push(self.mail.read(one.at)?.name);
            }
        }
        Ok(carriers)
    }

    /// What the release before makes of the messages that it has an opinion of.
    fn before(&self, scored: &[Scored]) -> io::Result<Option<Before>> {
        let both = scored.iter().filter_map(|one| Some((self.mail.index[one.at].before?, one)));
        let both: Vec<(f64, &Scored)> = both.collect();
        if both.is_empty() {
            return Ok(None);
        }
        let old: Vec<_> = both.iter().map(|(old, one)| (*old, one.label.is_spam())).collect();
        let mut moved: Vec<_> = both.iter().filter(|(old, one)| (*old >= 0.0) != (one.sum >= 0.0)).collect();
        let count = |label: Label, is_new: bool| {
            moved.iter().filter(|(_, one)| one.label == label && (one.sum >= 0.0) == is_new).count() as u64
        };
        let mut before = Before {
            messages: both.len() as u64,
            default: AtThreshold::of(&old, 0.0, 0.5),
            roc_auc: roc_auc(&old),
            newly_flagged_ham: count(Label::Ham, true),
            newly_passed_ham: count(Label::Ham, false),
            newly_flagged_spam: count(Label::Spam, true),
            newly_passed_spam: count(Label::Spam, false),
            moved: Vec::new(),
        };
        let far = |(old, one): &(f64, &Scored)| (one.sum - old).abs();
        moved.sort_by(|a, b| far(b).total_cmp(&far(a)).then_with(|| self.digest(a.1).cmp(self.digest(b.1))));
        for (old, one) in moved.into_iter().take(LISTED_MAX) {
            let message = self.mail.read(one.at)?.name;
            before.moved.push(Moved { message, label: one.label, before: logistic(*old), now: logistic(one.sum) });
        }
        Ok(Some(before))
    }

    /// When the messages of a label, or all, that were learned from were sent.
    fn dates(&self, label: Option<Label>) -> Vec<i64> {
        let learned = self.placed.iter().filter(|one| one.fold.is_some()).map(|one| &self.mail.index[one.at]);
        learned.filter(|one| label.is_none_or(|label| one.label == label)).filter_map(|one| one.date).collect()
    }

    fn dates_in_common(&self) -> Option<f64> {
        let [from, to] = period(self.dates(Some(Label::Spam)))?;
        let ham = self.dates(Some(Label::Ham));
        let within = ham.iter().filter(|date| (from.as_second()..=to.as_second()).contains(date)).count();
        (!ham.is_empty()).then(|| within as f64 / ham.len() as f64)
    }
}

/// Wanted mail of which fewer was sent in the time of the unwanted is of another time.
const DATES_IN_COMMON_MIN: f64 = 0.5;

/// Where a larger share of the unwanted mail carries other messages, it is not what was sent to people but what they sent on.
const CARRIERS_MAX: f64 = 0.1;

/// From this area on the age of mail shows in its words.
const AGE_PROBE_MAX: f64 = 0.8;

fn warnings(report: &Report) -> Vec<String> {
    let mut warnings = Vec::new();
    let [ham, spam] = [report.mail.training_ham, report.mail.training_spam].map(|count| count as f64);
    let ratio = (ham / spam).max(spam / ham);
    if ratio > RATIO_MAX {
        let (more, less) = if ham > spam { ("wanted", "unwanted") } else { ("unwanted", "wanted") };
        warnings.push(format!(
            "there are {ratio:.0} times as many {more} messages as {less} ones; more of these would help most"
        ));
    }
    if report.carriers.unwanted as f64 > CARRIERS_MAX * (report.mail.training_spam + report.mail.held_out_spam) as f64 {
        warnings.push(format!(
            "{} unwanted messages carry another one, of which nothing was learned: if users sent them on, give what they carry",
            report.carriers.unwanted
        ));
    }
    if report.split == Split::Random {
        warnings.push(
            "what is measured on was drawn message by message, so others of its threads and campaigns were learned from: compare these \
             figures with those that others publish, and expect less of campaigns that are new"
                .to_owned(),
        );
    }
    let whole = report.chosen.false_positives.whole;
    let needed = (3.0 / report.max_false_positives).ceil();
    if (whole as f64) < needed {
        warnings.push(format!(
            "{whole} wanted messages are held out: even if none of them is flagged, up to {:.2} % of such mail may be; to see {} % it takes \
             {needed} (the rule of three)",
            300.0 / whole as f64,
            100.0 * report.max_false_positives
        ));
    }
    if report.dates_in_common.is_some_and(|share| share < DATES_IN_COMMON_MIN)
        && report.age_probe.is_none_or(|auc| auc > AGE_PROBE_MAX)
    {
        warnings.push(
            "most of the wanted mail is of another time than the unwanted, and the age of mail shows in its words: the model may have \
             learned which is older"
                .to_owned(),
        );
    }
    let standing: Vec<&SegmentRow> = report.segments.iter().filter(|row| row.stands_out).collect();
    warnings.extend(standing.into_iter().map(|row| {
        let share = &row.false_positives;
        format!(
            "{} of {} wanted messages from {} are flagged, far more than of others",
            share.part, share.whole, row.segment
        )
    }));
    if !report.coverage.missing.is_empty() {
        let missing = report.coverage.missing.join(", ");
        warnings.push(format!(
            "there is hardly any wanted mail of these kinds, which will be taken for unwanted more often: {missing}"
        ));
    }
    warnings
}
