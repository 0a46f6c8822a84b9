//! Comparing two releases on what the journal of a store has of both.

use std::path::Path;

use anyhow::bail;
use switchback::ReleaseId;
use switchback::compare::{Comparison, MessageName, Pair, Side};
use switchback::journal::{JournalReader, Query, RecordedOpinion};
use switchback::verdict::{RecordId, Senders};

use super::Args;
use super::report::{Live, Report, Source};
use crate::journal;
use crate::progress::Busy;
use crate::sides::{self, Named};
use crate::store::slot::Slots;

/// Compares them.
pub(super) fn report(args: &Args, named: &[Named; 2]) -> anyhow::Result<Report> {
    let window = args.live.window.window()?;
    let dir = args.store.dir()?;
    let control = args.store.open()?;
    let slots = Slots::of(&control.state()?, &control.processes()?);
    let slot = slots.chosen(args.live.slot.named())?;
    let reader = JournalReader::open(journal::of_store(&dir))?;
    journal::check_slot(slots, &reader, &slot)?;
    let releases = sides::ids(&args.store, named)?;
    let mut live = Live { slot, since: window.since, until: window.until, unread_files: 0 };
    let mut comparison = Comparison::new(args.comparison.settings(Senders::Authenticated));
    let _busy = Busy::with("reading the journal".to_owned());
    live.unread_files = for_each_pair(&reader, &dir, &releases, &live, |id, pair| {
        // No subject: the journal keeps no content.
        comparison.add(pair, || MessageName::new(id.to_string()));
    })?;
    // The thresholds are in the records: each has the action that the slot's made of the score then.
    Ok(args.report(&comparison, releases, Source::Live(live), None))
}

/// Hands over every message in the window that the journal has both releases' answers to. Returns how many files could
/// not be read, which it says.
fn for_each_pair(
    reader: &JournalReader,
    store: &Path,
    [before, after]: &[ReleaseId; 2],
    live: &Live,
    mut take: impl FnMut(RecordId, &Pair<'_>),
) -> anyhow::Result<usize> {
    let window = live.window();
    let query = Query::default().since(window.since).until(window.until).slot(live.slot.clone());
    let mut count = 0_u64;
    let unread = reader.for_each_pair(&before.digest, &after.digest, &query, |recorded| {
        count += 1;
        let side = |opinion: &RecordedOpinion| Side::new(opinion.said, opinion.took_us);
        let pair = Pair::new(side(&recorded.before), side(&recorded.after))
            .sender_domain(recorded.sender_domain)
            .is_authenticated(recorded.is_authenticated);
        take(recorded.id, &pair);
    })?;
    journal::say_unread(&unread);
    if count == 0 {
        bail!(
            "{} has no record of {before} and {after} side by side in {live}: `switchback shadow` or `canary` lets \
             one score beside the other; {}",
            journal::of_store(store).display(),
            journal::there_is(&reader.extent()?, window)
        );
    }
    Ok(unread.len())
}
