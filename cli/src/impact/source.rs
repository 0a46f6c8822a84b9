//! Messages that are to be had, scored by the other release.

use std::collections::HashMap;
use std::path::PathBuf;

use switchback::journal::{JournalReader, Likeness, MessageIds, RecordedMessage, Rescore, Rescored};
use switchback::message::Fingerprint;
use switchback::{Digest, Message, ReleaseId};
use switchback_corpus::Corpus;

use super::Args;
use crate::judge::{Judged, Opinion, judge};
use crate::parallel::Workers;
use crate::progress::Progress;
use crate::store::releases;

/// What the other release says of the messages of a source. Takes some 400 bytes of memory for each.
#[derive(Default)]
pub(super) struct Source {
    /// By message, and what was known of it: one campaign may have come in many transactions.
    exact: HashMap<(Digest, Digest), Option<f64>>,
    /// By message alone.
    messages: HashMap<Digest, Option<f64>>,
    /// By Message-ID, hashed and in clear, and campaign.
    alike: HashMap<(String, Fingerprint), Option<f64>>,
}

impl Source {
    /// Scores every message with the release, and says which it could not read or score. Returns their number, too.
    pub(super) fn read(
        args: &Args,
        sources: &[PathBuf],
        reader: &JournalReader,
        release: &ReleaseId,
    ) -> anyhow::Result<(Self, u64)> {
        let threads = args.threads.count();
        let loaded = releases::load(&args.journal.store, std::slice::from_ref(release), &args.runtime, threads)?;
        let corpus = Corpus::open(sources, args.message.reading(), crate::exit::say);
        let mut progress = Progress::over(corpus.bytes(), false);
        let (mut source, mut unread) = (Self::default(), 0);
        Workers::start(threads)?.in_order(
            corpus,
            |entry| {
                let (name, judged) = judge(entry, &loaded, |raw| args.message.message(raw));
                let scored = judged.map_err(|unread| unread.about(&name));
                scored.and_then(|judged| One::of(judged, reader).map_err(|why| format!("{name}: {why}")))
            },
            |one| {
                progress.message(one.as_ref().map_or(0, |one| one.bytes));
                match one {
                    Ok(one) => source.add(one),
                    Err(why) => {
                        unread += 1;
                        progress.say(&why);
                    }
                }
                Ok(())
            },
        )?;
        progress.finish();
        Ok((source, unread))
    }

    fn add(&mut self, one: One) {
        for mail in one.mails {
            self.exact.insert((mail.digest, mail.context), one.score);
            self.messages.insert(mail.digest, one.score);
            if let Some(id) = &mail.message_id {
                self.alike.insert((id.as_ref().to_owned(), mail.fingerprint), one.score);
            }
        }
    }
}

impl Rescore for Source {
    fn rescore(&self, mail: &RecordedMessage) -> Option<Rescored> {
        if let Some(score) = self.exact.get(&(mail.digest, mail.context)) {
            return Some(Rescored::new(*score, Likeness::Same));
        }
        if let Some(score) = self.messages.get(&mail.digest) {
            return Some(Rescored::new(*score, Likeness::Alike));
        }
        let key = (mail.message_id.as_deref()?.to_owned(), mail.fingerprint);
        self.alike.get(&key).map(|score| Rescored::new(*score, Likeness::Alike))
    }
}

/// One message of a source.
struct One {
    /// As a journal keeps it, with the Message-ID hashed and in clear.
    mails: Vec<RecordedMessage>,
    score: Option<f64>,
    bytes: u64,
}

impl One {
    fn of(judged: Judged, reader: &JournalReader) -> Result<Self, String> {
        let score = match judged.opinions.first() {
            Some(Opinion::Scored(assessment)) => Some(assessment.score),
            Some(Opinion::Abstained(_)) => None,
            Some(Opinion::Failed(why)) => return Err(why.clone()),
            None => return Err("no release was asked".to_owned()),
        };
        let message: &Message = &judged.message;
        let mails = [MessageIds::Hashed, MessageIds::Plain].into_iter().filter_map(|ids| reader.mail(message, ids));
        Ok(Self { mails: mails.collect(), score, bytes: message.len() as u64 })
    }
}
