//! The guard, on mail of the past. Pure.

use std::convert::Infallible;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use switchback::ReleaseId;
use switchback::compare::Providers;
use switchback::guard::{
    Finding, Flip, FlipEvidence, InMemory, KnownSenders as _, Level, Segment, Settings, Standing, Trial, organisation,
};

use super::rule::Rule;
use crate::guard::mail::{Known, Mail, Pair, Seen, begin, day};
use crate::guard::proof::of_tallies;

/// What the guard would have done.
#[derive(Debug, Serialize)]
pub(in crate::guard) struct Replay {
    /// When the candidate would have begun to be tried.
    pub(super) since: Timestamp,
    /// When the last message came.
    pub(super) until: Timestamp,
    /// Messages of the time before, which only taught who is known.
    pub(super) taught: u64,
    /// Messages since.
    pub(super) messages: u64,
    /// Of those, newly flagged by the candidate.
    pub(super) up: u64,
    /// Of those, no longer flagged.
    pub(super) down: u64,
    /// Campaigns of authenticated, known senders that were counted.
    pub(super) eligible: u64,
    /// How it was taken back.
    pub(super) acted: Option<Moment>,
    /// What somebody was warned of first.
    pub(super) warned: Option<Moment>,
    /// When a rule of the usual shape would have taken it back.
    pub(super) rule: Option<Tripped>,
    /// How many segments stand how, at the end: harmed, unproven, proven.
    pub(super) standings: [u64; 3],
}

/// When something was found.
#[derive(Clone, Debug, Serialize)]
pub(in crate::guard) struct Moment {
    /// When.
    pub(super) at: Timestamp,
    /// How long that was after the beginning, in seconds.
    pub(super) after_s: i64,
    /// After how many messages.
    pub(super) after: u64,
    /// After how many messages of the segment.
    pub(super) after_of_segment: u64,
    /// Messages that were newly flagged until then.
    pub(super) newly_flagged: u64,
    /// The numbers.
    pub(super) evidence: FlipEvidence,
}

/// When a rule took it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(in crate::guard) struct Tripped {
    /// When.
    pub(super) at: Timestamp,
    /// After how many messages.
    pub(super) after: u64,
    /// Messages that were newly flagged until then.
    pub(super) newly_flagged: u64,
}

/// The guard of one trial, with what it knows.
struct Guard<'a> {
    trial: Trial,
    memory: InMemory,
    providers: Providers,
    /// Who is to be seen, from the first day to the last.
    known: std::iter::Peekable<std::collections::btree_map::Keys<'a, Known, Seen>>,
}

impl Replay {
    /// Shows the guard mail that lies in the order in which it came. There has to be some.
    pub(in crate::guard) fn of(
        mail: &Mail,
        settings: &Settings,
        baseline: &ReleaseId,
        since: Option<Timestamp>,
    ) -> Self {
        let first = mail.pairs.first().map_or(Timestamp::UNIX_EPOCH, |pair| pair.at);
        let since = since.unwrap_or_else(|| default_since(mail, settings, first));
        let begins = mail.pairs.partition_point(|pair| pair.at < since);
        let mut guard = Guard {
            trial: Trial::new(settings.clone(), baseline.clone(), since),
            memory: InMemory::default(),
            providers: settings.all_providers(),
            known: mail.known.keys().peekable(),
        };
        let (acted, warned) = guard.watch(&mail.pairs[begins..], since);
        let pairs = &mail.pairs[begins..];
        let count = |flip| pairs.iter().filter(|pair| pair.is(flip)).count() as u64;
        let tallies: Vec<_> =
            guard.memory.segments().map(|(segment, tally)| (segment.clone(), tally.clone())).collect();
        let everything = tallies.iter().find(|(segment, _)| *segment == Segment::Everything);
        let eligible = everything.map_or(0, |(_, tally)| tally.down.eligible.all);
        let known = of_tallies(&guard.trial, tallies);
        let standings = [Standing::Harmed, Standing::Unproven, Standing::Proven]
            .map(|standing| known.iter().filter(|one| one.standing == standing).count() as u64);
        Self {
            since,
            until: pairs.last().map_or(since, |pair| pair.at),
            taught: mail.messages.saturating_sub(pairs.len() as u64),
            messages: pairs.len() as u64,
            up: count(Flip::Up),
            down: count(Flip::Down),
            eligible,
            acted,
            warned,
            rule: Rule::default().replay(pairs, since),
            standings,
        }
    }
}

/// The beginning of the first day on which anybody can be known.
fn default_since(mail: &Mail, settings: &Settings, first: Timestamp) -> Timestamp {
    match (settings.known_days, mail.known.keys().next()) {
        (0, _) | (_, None) => first,
        (days, Some((earliest, _))) => {
            let days = days.max(settings.known_age_days);
            let earliest = (*earliest).min(day(first));
            begin(earliest.saturating_add(i32::try_from(days).unwrap_or(i32::MAX))).max(first)
        }
    }
}

impl Guard<'_> {
    /// Until it acts, or there is no more.
    fn watch(&mut self, pairs: &[Pair], since: Timestamp) -> (Option<Moment>, Option<Moment>) {
        let mut warned = None;
        for (index, pair) in pairs.iter().enumerate() {
            self.learn_until(day(pair.at));
            let [before, after] = pair.actions;
            let Ok::<_, Infallible>(findings) = self.trial.observe(&mut self.memory, &pair.sighting(), before, after);
            for Finding { level, evidence } in findings {
                let moment = || self.moment(&pairs[..=index], since, evidence.clone());
                match level {
                    Level::Act => return (Some(moment()), warned),
                    Level::Warn => warned = warned.or_else(|| Some(moment())),
                }
            }
        }
        (None, warned)
    }

    /// Remembers who was seen up to this day, also in mail that no candidate has scored.
    fn learn_until(&mut self, today: i32) {
        while let Some((day, sender)) = self.known.next_if(|(day, _)| *day <= today) {
            let Ok::<_, Infallible>(_) = self.memory.learn(*sender, *day);
        }
    }

    fn moment(&self, pairs: &[Pair], since: Timestamp, evidence: FlipEvidence) -> Moment {
        let at = pairs.last().map_or(since, |pair| pair.at);
        let is_of_segment = |pair: &&Pair| self.is_of(&evidence.segment, pair);
        Moment {
            at,
            after_s: at.duration_since(since).max(SignedDuration::ZERO).as_secs(),
            after: pairs.len() as u64,
            after_of_segment: pairs.iter().filter(is_of_segment).count() as u64,
            newly_flagged: pairs.iter().filter(|pair| pair.is(Flip::Up)).count() as u64,
            evidence,
        }
    }

    fn is_of(&self, segment: &Segment, pair: &Pair) -> bool {
        let sighting = pair.sighting();
        let authenticated = sighting.sender_domain.filter(|_| sighting.is_authenticated).map(organisation);
        match segment {
            Segment::Everything => true,
            Segment::Unauthenticated => authenticated.is_none(),
            Segment::Provider(name) => authenticated.and_then(|domain| self.providers.of(domain)) == Some(&**name),
            Segment::Domain(domain) => authenticated == Some(&**domain),
        }
    }
}
