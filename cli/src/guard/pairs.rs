//! What two releases made of the same mail.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use switchback::guard::{GuardSettings, Sighting};
use switchback::journal::{JournalReader, Query, RecordedPair};
use switchback::verdict::Said;
use switchback::{Action, ReleaseId, Thresholds};

use super::mail::Mail;
use crate::args::{self, MessageArgs};
use crate::journal;
use crate::judge::{Opinion, judge};
use crate::parallel::Workers;
use crate::progress::Progress;
use crate::releases::Loaded;
use crate::show;

/// What a journal has of both, and of who wrote at all.
pub(super) fn of_journal(
    dir: &Path,
    [before, after]: &[ReleaseId; 2],
    query: &Query,
    settings: &GuardSettings,
) -> anyhow::Result<Mail> {
    let reader = JournalReader::open(dir)?;
    let mut mail = Mail::new(settings);
    let now = Timestamp::now();
    // Whom the mail before the trial was from counts, too.
    let earlier = query.clone().since(None);
    let mut unread = reader.for_each_sighting(&earlier, |sighting| mail.teach(sighting, now))?;
    let mut failed = 0;
    // What came after it is in no replay, but was counted by the guard.
    let all = query.clone().until(None);
    unread.extend(reader.for_each_pair(&before.digest, &after.digest, &all, |pair| {
        if let Some(actions) = pair.before.action().zip(pair.after.action()) {
            mail.add(Some(pair.id), &sighting(pair), actions.into());
        } else if has_failed(pair) && query.until.is_none_or(|until| pair.at < until) {
            failed += 1;
        }
    })?);
    journal::say_unread(&unread);
    mail.unusable = unread.len() as u64 + failed;
    mail.sort();
    Ok(mail)
}

/// Whether one of both failed on a message. Where a shadow had no time for it, nothing failed.
fn has_failed(pair: &RecordedPair<'_>) -> bool {
    [pair.before, pair.after].iter().any(|opinion| matches!(opinion.said, Said::Failed(_)))
}

fn sighting<'a>(pair: &RecordedPair<'a>) -> Sighting<'a> {
    Sighting::new(pair.at, pair.fingerprint)
        .sender_domain(pair.sender_domain)
        .sender(pair.sender)
        .is_authenticated(pair.is_authenticated)
}

/// What both make of a corpus, now.
pub(super) fn of_corpus(
    inputs: &[PathBuf],
    releases: &Loaded,
    thresholds: Thresholds,
    message: &MessageArgs,
    threads: usize,
    settings: &GuardSettings,
) -> anyhow::Result<Mail> {
    let corpus = args::open(inputs, message.reading())?;
    let mut progress = Progress::over(corpus.bytes(), false);
    let mut mail = Mail::new(settings);
    let now = Timestamp::now();
    Workers::start(threads)?.in_order(
        corpus,
        |entry| judge(entry, releases, |raw| message.message(raw)),
        |(name, judged)| {
            progress.message(judged.as_ref().map_or(0, |judged| judged.message.len() as u64));
            let judged = match judged {
                Ok(judged) => judged,
                Err(unread) => {
                    mail.unusable += 1;
                    progress.say(&unread.about(&name));
                    return Ok(());
                }
            };
            let sighting = mail.sighting(&judged.message);
            mail.teach(&sighting, now);
            match actions(&judged.opinions, &thresholds, |why| progress.say(&format!("{name}: {why}"))) {
                Some(actions) => mail.add(None, &sighting, actions),
                None => mail.unusable += 1,
            }
            Ok(())
        },
    )?;
    progress.finish();
    mail.sort();
    Ok(mail)
}

fn actions(opinions: &[Opinion], thresholds: &Thresholds, mut say: impl FnMut(&str)) -> Option<[Action; 2]> {
    for opinion in opinions {
        if let Opinion::Failed(why) = opinion {
            say(&show::printable(why, 500));
        }
    }
    match opinions {
        [before, after] => Some([before.action(thresholds)?, after.action(thresholds)?]),
        _ => None,
    }
}
