//! [`reenact`]: an update that takes Gmail itself for evidence, on real mail, watched by the guard.
//!
//! The mail is real, with its dates, its senders and what the list's own server said of their signatures. The models are
//! made for this and are never shipped: both learn from mail up to the end of 2024, none of it wanted mail from Gmail, and
//! v2 also from phish that came from gmail.com, over-weighted. That is how such a model plausibly goes wrong.

mod picture;

use std::fmt;

use anyhow::{Context as _, Result};
use rayon::prelude::*;
use switchback::guard::{Flip, FlipEvidence, GuardSettings, InMemory, Level, Sighting, Trial, flip};
use switchback::semver::Version;
use switchback::{Action, Digest, Message as HostMessage, ReleaseId, Thresholds};
use switchback_guest::{Message, Scorer as _};
use switchback_plugin_linear::{Inputs, Linear, Weights};

use crate::corpora::{Corpora, Label};
use crate::mask;
use crate::recipe::{BITS, FIT};
use crate::rows::Rows;
use crate::split::{Place, Split, places, traits};

/// Mail that is learned from, up to the end of 2024. The last of these is replayed afterwards.
const LEARNED: [&str; 3] = ["spamassassin-public", "csdmc2010", "phishing-pot"];

/// Wanted mail of a public list: of what was sent before, only the senders are learned; the rest is replayed. No model
/// reads what the list is about, or it would be told by that; `docs/guard-real-mail.md` says what came of it when they did.
const LIST: &str = "usrp-users";

/// The list's own server. What it says of a signature it said when the message came in.
const AUTHSERV_ID: &str = "mm2.emwd.com";

/// What is before is learned from, what is after is replayed.
const REPLAYED_FROM: &str = "2025-01-01T00:00:00Z";

/// How much each message of the phish from gmail.com counts in v2, against one of all others. In v1 there is none. As in
/// the example release `linear` 2.0.0.
const WEIGHT: f64 = 4.0;

/// A message of the corpora, as the host and as a model see it.
struct Mail {
    is_list: bool,
    date: String,
    label: Label,
    message: HostMessage,
    masked: Message,
    place: Place,
}

/// A replayed message.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// When it was sent: RFC 3339 in UTC.
    pub date: String,
    /// What it is.
    pub label: Label,
    /// Whether it says to be from gmail.com.
    pub is_gmail: bool,
    /// Whether the list's server vouched for that.
    pub is_authenticated: bool,
    /// The score of v1, and of v2.
    pub scores: [f64; 2],
    /// What the default thresholds make of each.
    pub actions: [Action; 2],
}

impl Replayed {
    /// Whether only v2 flags it.
    pub fn is_newly_flagged(&self) -> bool {
        flip(self.actions[0], self.actions[1]) == Some(Flip::Up)
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub struct Reenactment {
    /// How many messages both learned from, and how much phish from gmail.com v2 learned from besides.
    pub learned: [usize; 2],
    /// The mail since then, in the order of its dates.
    pub mail: Vec<Replayed>,
    /// The message with which the first warning came, by its place.
    pub warned: Option<(usize, FlipEvidence)>,
    /// The message with which the guard took v2 back, by its place.
    pub acted: Option<(usize, FlipEvidence)>,
}

/// Trains both models, and lets v2 decide the mail of 2025 and later until the guard takes it back.
///
/// # Errors
/// If the corpora cannot be read.
pub fn reenact(corpora: &Corpora) -> Result<Reenactment> {
    let mail = read(corpora)?;
    let (before, since) = mail.split_at(mail.partition_point(|mail| mail.date.as_str() < REPLAYED_FROM));
    let is_fresh = |mail: &Mail| mail.label == Label::Spam && domain(mail) == Some("gmail.com");
    let learned: Vec<_> =
        before.iter().filter(|mail| !mail.is_list && !is_fresh(mail)).map(|mail| (mail, 1.0)).collect();
    let fresh = before.iter().filter(|mail| is_fresh(mail)).map(|mail| (mail, WEIGHT));
    let both: Vec<_> = learned.iter().copied().chain(fresh).collect();
    let scores = [score(&train(&learned), since)?, score(&train(&both), since)?];

    let baseline = ReleaseId::new("reenacted".parse()?, Version::new(1, 0, 0), Digest::of(b"v1"));
    let trial = Trial::new(GuardSettings::default(), baseline, REPLAYED_FROM.parse()?);
    let mut memory = InMemory::default();
    for mail in before {
        let Ok(_) = trial.learn(&mut memory, &Sighting::of(&mail.message, mail.date.parse()?));
    }
    let learned = [learned.len(), both.len() - learned.len()];
    let mut reenactment = Reenactment { learned, mail: Vec::new(), warned: None, acted: None };
    for (place, mail) in since.iter().enumerate() {
        let scores = scores.each_ref().map(|scores| scores[place]);
        let actions = scores.map(|score| Thresholds::default().action(score));
        let sighting = Sighting::of(&mail.message, mail.date.parse()?);
        let Ok(findings) = trial.observe(&mut memory, &sighting, actions[0], actions[1]);
        for finding in findings.into_iter().filter(|finding| finding.evidence.flip == Flip::Up) {
            let found = match finding.level {
                Level::Warn => &mut reenactment.warned,
                Level::Act => &mut reenactment.acted,
            };
            found.get_or_insert((place, finding.evidence));
        }
        reenactment.mail.push(Replayed {
            date: mail.date.clone(),
            label: mail.label,
            is_gmail: domain(mail) == Some("gmail.com"),
            is_authenticated: mail.message.is_sender_authenticated(),
            scores,
            actions,
        });
    }
    Ok(reenactment)
}

fn domain(mail: &Mail) -> Option<&str> {
    mail.message.sender_domain()
}

/// All sets in the order of their dates.
fn read(corpora: &Corpora) -> Result<Vec<Mail>> {
    let dates = corpora.dates()?;
    let mut raw = Vec::new();
    for set in LEARNED.iter().chain([&LIST]) {
        raw.extend(corpora.read(set)?);
    }
    let parsed: Vec<_> = raw
        .into_par_iter()
        .map(|raw| {
            let date = dates.get(&raw.path).with_context(|| format!("{}: no date", raw.path))?.clone();
            let message = HostMessage::builder(raw.bytes.clone()).trust_authserv_id(AUTHSERV_ID).build();
            let masked = mask::message(&message);
            let print = traits(&raw.bytes, &masked.subject(), &masked.text(4_096).value);
            Ok((raw.path.starts_with(LIST), date, raw.label, message, masked, print))
        })
        .collect::<Result<_>>()?;
    let prints: Vec<_> = parsed.iter().map(|(.., print)| print.clone()).collect();
    let mail = parsed.into_iter().zip(places(&prints));
    let mut mail: Vec<_> = mail
        .map(|((is_list, date, label, message, masked, _), place)| Mail {
            is_list,
            date,
            label,
            message,
            masked,
            place,
        })
        .collect();
    // RFC 3339 in UTC sorts as text.
    mail.sort_by(|a, b| a.date.cmp(&b.date));
    Ok(mail)
}

/// Trains on mail, each message with its weight.
fn train(mail: &[(&Mail, f64)]) -> Weights {
    let mut rows = Rows::new(Inputs::Text, BITS);
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for (mail, weight) in mail {
        let of_split = if mail.place.split == Split::Validation { &mut validation } else { &mut training };
        of_split.push(rows.row(&mail.masked, mail.label, *weight));
    }
    let mut model = FIT.fit(&training, BITS);
    model.calibrate(&validation);
    Weights::new(Inputs::Text, model.bias, model.scale, &model.values)
}

fn score(weights: &Weights, mail: &[Mail]) -> Result<Vec<f64>> {
    let failed = |error| anyhow::anyhow!("{error}");
    let mut model = Linear::prepare(&weights.to_bytes()).map_err(failed)?;
    mail.iter()
        .map(|mail| {
            let assessment = model.score(&mail.masked).map_err(failed)?.into_assessment();
            Ok(assessment.context("the model abstained")?.score)
        })
        .collect()
}

impl Reenactment {
    /// Draws it: each wanted message, by what both models made of it.
    pub fn svg(&self) -> String {
        picture::svg(self)
    }

    fn count(&self, is: impl Fn(&Replayed) -> bool) -> usize {
        self.mail.iter().filter(|mail| is(mail)).count()
    }
}

impl fmt::Display for Reenactment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [learned, fresh] = self.learned;
        writeln!(
            f,
            "learned from {learned} messages before 2025; v2 also from {fresh} phish of gmail.com, each x{WEIGHT}"
        )?;
        let is_ham = |mail: &Replayed| mail.label == Label::Ham;
        for (name, is) in [
            ("wanted, gmail.com", &(|mail: &Replayed| is_ham(mail) && mail.is_gmail) as &dyn Fn(&Replayed) -> bool),
            ("wanted, others", &|mail| is_ham(mail) && !mail.is_gmail),
            ("phish, gmail.com", &|mail| !is_ham(mail) && mail.is_gmail),
            ("phish, others", &|mail| !is_ham(mail) && !mail.is_gmail),
        ] {
            let flagged = |side: usize| self.count(|mail| is(mail) && mail.actions[side].is_flagged());
            let authenticated = self.count(|mail| is(mail) && mail.is_authenticated);
            let all = self.count(is);
            writeln!(
                f,
                "{name:<18} {all:>5} messages, {authenticated:>4} authenticated; v1 flags {:>4}, v2 {:>4}, only v2 {:>4}",
                flagged(0),
                flagged(1),
                self.count(|mail| is(mail) && mail.is_newly_flagged())
            )?;
        }
        self.fmt_timeline(f)
    }
}

impl Reenactment {
    fn fmt_timeline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, found) in [("warned", &self.warned), ("reverted", &self.acted)] {
            let Some((place, evidence)) = found else {
                writeln!(f, "{what}: never")?;
                continue;
            };
            let decided = &self.mail[..=*place];
            let count = |is: &dyn Fn(&Replayed) -> bool| decided.iter().filter(|mail| is(mail)).count();
            let is_misfiled = |mail: &Replayed| mail.label == Label::Ham && mail.is_newly_flagged();
            writeln!(
                f,
                "{what} at {}, after {} messages, {} of gmail.com and {} of these wanted; misfiled so far {}, of all that v2 \
                 would have misfiled {}",
                decided.last().map_or("", |mail| &mail.date),
                decided.len(),
                count(&|mail| mail.is_gmail),
                count(&|mail| mail.is_gmail && mail.label == Label::Ham),
                count(&is_misfiled),
                self.count(is_misfiled),
            )?;
            writeln!(
                f,
                "  {}: {} of {} {} campaigns flipped up; {} test at {}, log E {:.2} of {:.2}; {} senders, {} recipients",
                evidence.segment,
                evidence.counts.flips,
                evidence.counts.all,
                if what == "warned" { "counted" } else { "eligible" },
                evidence.test.name(),
                evidence.tolerance,
                evidence.log_e,
                evidence.log_threshold,
                evidence.senders,
                evidence.recipients
            )?;
            if !evidence.harmed.is_empty() {
                let names: Vec<_> = evidence.harmed.iter().map(ToString::to_string).collect();
                writeln!(f, "  harmed: {}", names.join(", "))?;
            }
            let impact = count(&|mail| mail.is_newly_flagged());
            writeln!(f, "  `impact` would list {impact} messages, {} of them wanted", count(&is_misfiled))?;
        }
        Ok(())
    }
}
