//! Comparing two releases on messages that both score now.

use switchback::Message;
use switchback::compare::{Answered, Comparison, SideBySide};
use switchback::verdict::Senders;
use switchback_corpus::{Entry, Missed, Unread};

use super::Args;
use super::report::{Report, Source};
use crate::args;
use crate::exit::chain;
use crate::parallel::Workers;
use crate::progress::Progress;
use crate::show;
use crate::sides::{self, Named, ReleaseSource};

/// What this process calls itself in the register of a store.
const NAME: &str = "switchback compare";

/// A message, and what both releases made of it.
struct Judged {
    message: Message,
    answered: Answered,
}

/// Compares them.
pub(super) fn report(args: &Args, named: &[Named; 2]) -> anyhow::Result<Report> {
    let thresholds = args.thresholds.thresholds()?;
    let corpus = args::open(&args.inputs, args.message.reading())?;
    let threads = args.threads.count();
    let source = ReleaseSource { name: NAME, store: &args.store, runtime: &args.runtime };
    let releases = sides::load(source, named, threads)?;
    let ids = [releases.ids[0].clone(), releases.ids[1].clone()];
    let both = SideBySide::new(&releases.runtime, ids.clone(), thresholds);
    let mut progress = Progress::over(corpus.bytes(), false);
    let mut comparison = Comparison::new(args.comparison.settings(Senders::Anyone));
    let mut missed = Missed::default();
    Workers::start(threads)?.in_order(
        corpus,
        |entry| judge(&both, entry, args),
        |(name, judged)| {
            let bytes = judged.as_ref().map_or(0, |judged| judged.message.size());
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
    Ok(args.report(&comparison, ids, Source::Corpus { inputs, missed }, Some(thresholds)))
}

fn judge(both: &SideBySide, entry: Entry, args: &Args) -> (String, Result<Judged, Unread>) {
    let (name, raw) = entry.read();
    let judged = raw.map(|raw| {
        let message = args.message.message(raw);
        Judged { answered: both.ask(&message), message }
    });
    (name, judged)
}

impl Judged {
    fn add_to(self, comparison: &mut Comparison, name: String, progress: &Progress) {
        let Self { message, answered } = self;
        for failure in &answered.failures {
            progress.say(&format!("{name}: {}", show::printable(&chain(failure), 500)));
        }
        comparison.add(&answered.pair(&message), || answered.name(name, &message));
    }
}
