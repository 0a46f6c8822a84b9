//! Comparing two releases on messages that both score now.

use std::time::Instant;

use switchback::compare::{Comparison, MessageName, Pair, Side};
use switchback::release::Reads;
use switchback::verdict::{Outcome, Said, Senders};
use switchback::{Message, ReleaseId, Runtime, ScoreError, Thresholds};
use switchback_corpus::{Entry, Missed, Unread};

use super::Args;
use super::report::{Report, SUBJECT_CHARS_MAX, Source};
use crate::args;
use crate::parallel::Workers;
use crate::progress::Progress;
use crate::releases::Loaded;
use crate::show;
use crate::sides::{self, Named, ReleaseSource};

/// What this process calls itself in the register of a store.
const NAME: &str = "switchback compare";

/// What both releases made of one message.
struct Judged {
    bytes: u64,
    domain: Option<String>,
    is_authenticated: bool,
    subject: String,
    sides: [Side; 2],
    /// What went wrong.
    failures: Vec<String>,
}

/// Compares them.
pub(super) fn report(args: &Args, named: &[Named; 2]) -> anyhow::Result<Report> {
    let thresholds = args.thresholds.thresholds()?;
    let corpus = args::open(&args.inputs, args.message.reading())?;
    let threads = args.threads.count();
    let source = ReleaseSource { name: NAME, store: &args.store, runtime: &args.runtime };
    let releases = sides::load(source, named, threads)?;
    let scorers = Scorers::new(&releases, thresholds);
    let mut progress = Progress::over(corpus.bytes(), false);
    let mut comparison = Comparison::new(args.comparison.settings(Senders::Anyone));
    let mut missed = Missed::default();
    Workers::start(threads)?.in_order(
        corpus,
        |entry| scorers.judge(entry, args),
        |(name, judged)| {
            let bytes = judged.as_ref().map_or(0, |judged| judged.bytes);
            match judged {
                Ok(judged) => judged.add_to(&mut comparison, name, &progress),
                Err(unread) => {
                    missed.add(&unread);
                    progress.say(&unread.about(&name));
                }
            }
            progress.message(bytes);
            Ok(())
        },
    )?;
    progress.finish();
    let inputs = args.inputs.iter().map(|input| input.display().to_string()).collect();
    let ids = [releases.ids[0].clone(), releases.ids[1].clone()];
    Ok(args.report(&comparison, ids, Source::Corpus { inputs, missed }, Some(thresholds)))
}

impl Judged {
    fn add_to(self, comparison: &mut Comparison, name: String, progress: &Progress) {
        for failure in &self.failures {
            progress.say(&format!("{name}: {}", show::printable(failure, 500)));
        }
        let [before, after] = self.sides;
        let pair =
            Pair::new(before, after).sender_domain(self.domain.as_deref()).is_authenticated(self.is_authenticated);
        comparison.add(&pair, || MessageName::new(name).subject(self.subject));
    }
}

/// Both releases, ready to be asked.
struct Scorers<'a> {
    releases: &'a Loaded,
    thresholds: Thresholds,
    /// What either of them reads.
    reads: Reads,
}

impl<'a> Scorers<'a> {
    fn new(releases: &'a Loaded, thresholds: Thresholds) -> Self {
        let manifests = releases.ids.iter().filter_map(|id| releases.runtime.manifest(id));
        let reads = manifests.fold(Reads::default(), |all, manifest| all | manifest.reads);
        Self { releases, thresholds, reads }
    }

    fn judge(&self, entry: Entry, args: &Args) -> (String, Result<Judged, Unread>) {
        let (name, raw) = entry.read();
        (name, raw.map(|raw| self.ask_both(&args.message.message(raw))))
    }

    fn ask_both(&self, message: &Message) -> Judged {
        self.derive(message);
        let mut failures = Vec::new();
        let sides = [0, 1].map(|index| {
            let (side, failure) = ask(&self.releases.runtime, &self.releases.ids[index], message, &self.thresholds);
            failures.extend(failure);
            side
        });
        Judged {
            bytes: message.len() as u64,
            domain: message.sender_domain().map(str::to_owned),
            is_authenticated: message.is_sender_authenticated(),
            subject: message.subject().chars().take(SUBJECT_CHARS_MAX).collect(),
            sides,
            failures,
        }
    }

    /// Derives what the releases read, which is done once for all of them: the first one to be asked would pay for it.
    fn derive(&self, message: &Message) {
        let is_read = |part| self.reads.contains(part);
        let _ = message.subject();
        if is_read(Reads::TEXT) {
            let _ = message.text(usize::MAX);
        }
        if is_read(Reads::HTML) {
            let _ = message.html(usize::MAX);
        }
        if is_read(Reads::LINKS) {
            let _ = message.links(usize::MAX);
        }
        if is_read(Reads::ATTACHMENTS) {
            let _ = message.attachments();
        }
    }
}

/// What a release makes of a message, and what went wrong.
pub(crate) fn ask(
    runtime: &Runtime,
    release: &ReleaseId,
    message: &Message,
    thresholds: &Thresholds,
) -> (Side, Option<String>) {
    let mut start = Instant::now();
    let scored = ScoreError::unless_busy(|| {
        start = Instant::now();
        runtime.score_with(release, message)
    });
    let took_us = u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX);
    let (said, failure) = match scored.map(|scored| scored.outcome) {
        Ok(Outcome::Scored(assessment)) => {
            let score = assessment.score;
            (Said::Scored { score, action: thresholds.action(score) }, None)
        }
        Ok(Outcome::Abstained(_)) => (Said::Abstained, None),
        Err(error) => (Said::Failed(error.fault.cause()), Some(crate::exit::chain(&error))),
    };
    (Side::new(said, took_us), failure)
}
