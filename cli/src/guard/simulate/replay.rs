//! The guard, on mail of the past. Pure.

use std::convert::Infallible;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use switchback::compare::Providers;
use switchback::guard::{
    self, Circumstances, Finding, Findings, Flip, FlipEvidence, GuardSettings, InMemory, Key, KnownSenders, Level,
    Requirements, Segment, Sender, Standing, Trial, organisation,
};
use switchback::verdict::RecordId;

use super::course::{Course, Step, knows_as};
use super::own::Own;
use super::past::Past;
use super::rule::{Rule, Tripped, Windows};
use crate::guard::mail::{Known, Pair, Seen, day};
use crate::store::proof::{OfSegment, of_tallies};

/// What the guard would have done.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Replay {
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
    /// The windows that the rule looked at.
    pub(super) rule_windows: Windows,
    /// How many segments stand how, at the end: harmed, unproven, proven.
    pub(super) standings: [u64; 3],
    /// All segments, the worst first.
    #[serde(skip)]
    pub(super) all: Vec<OfSegment>,
    /// The segments in which anything flipped, the worst first, with what it takes to act there; at most ten.
    pub(super) segments: Vec<OfSegment>,
    /// What the guard itself made of this mail, where it noted that.
    pub(super) own: Option<Own>,
}

/// When something was found.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub(super) struct Moment {
    /// The record of the message with which it was found; none of a corpus.
    pub(super) record: Option<RecordId>,
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
    /// What it takes to act, and what there was of it.
    pub(super) requirements: Requirements,
}

/// The guard of one trial, with what it knows.
struct Guard<'a> {
    trial: Trial,
    memory: InMemory,
    providers: Providers,
    as_then: bool,
    /// Who is to be seen, from the first day to the last.
    known: std::iter::Peekable<std::collections::btree_map::Keys<'a, Known, Seen>>,
}

/// Who is known as the guard noted it.
struct AsNoted(guard::Past);

impl KnownSenders for AsNoted {
    type Error = Infallible;

    fn past(&mut self, _sender: Key, _day: i32) -> Result<guard::Past, Infallible> {
        Ok(self.0)
    }

    fn senders_seen(&mut self, _days: u32, most: u32) -> Result<u32, Infallible> {
        Ok(most)
    }

    fn learn(&mut self, _sender: Key, _day: i32) -> Result<bool, Infallible> {
        Ok(false)
    }
}

/// Segments whose requirements are shown.
const SEGMENTS: usize = 10;

impl Replay {
    /// Shows the guard mail. There has to be some.
    pub(super) fn of(course: &Course<'_>) -> Self {
        let since = course.begins();
        let steps = course.steps(since);
        let mut guard = Guard::of(course, since);
        let (acted, warned) = guard.watch(&steps, since);
        let mut pairs: Vec<_> = steps.iter().map(|step| step.pair).collect();
        pairs.sort_by_key(|pair| pair.at);
        let count = |flip| pairs.iter().filter(|pair| pair.is(flip)).count() as u64;
        let tallies: Vec<_> =
            guard.memory.segments().map(|(segment, tally)| (segment.clone(), tally.clone())).collect();
        let everything = tallies.iter().find(|(segment, _)| *segment == Segment::Everything);
        let eligible = everything.map_or(0, |(_, tally)| tally.down.eligible.all);
        let last = pairs.last().map_or(since, |pair| pair.at);
        let now = guard.circumstances(last);
        let all = of_tallies(&guard.trial, now, tallies);
        let standings = [Standing::Harmed, Standing::Unproven, Standing::Proven]
            .map(|standing| all.iter().filter(|one| one.standing == standing).count() as u64);
        let flipped = all.iter().filter(|one| one.tally.up.any.flips > 0);
        let segments = flipped.take(SEGMENTS).cloned().collect();
        let (rule, rule_windows) = Rule::default().replay(&pairs, since);
        let own = Own::of(course, &steps, since, acted.as_ref().and_then(|moment| moment.record));
        Self {
            since,
            until: last,
            taught: course.mail.messages.saturating_sub(pairs.len() as u64),
            messages: pairs.len() as u64,
            up: count(Flip::Up),
            down: count(Flip::Down),
            eligible,
            acted,
            warned,
            rule,
            rule_windows,
            standings,
            all,
            segments,
            own,
        }
    }
}

impl<'a> Guard<'a> {
    fn of(course: &Course<'a>, since: Timestamp) -> Self {
        let memory = match course.past {
            Past::Noted(noted) => InMemory::new(noted.volumes.clone()),
            _ => InMemory::default(),
        };
        let mut guard = Self {
            trial: Trial::new(course.settings.clone(), course.baseline.clone(), since),
            memory,
            providers: course.settings.all_providers(),
            as_then: course.as_then,
            known: course.mail.known.keys().peekable(),
        };
        if let Past::Known { known, first } = course.past {
            guard.learn_until(day(since).saturating_sub(1));
            known.iter().for_each(|(sender, past)| guard.memory.know(*sender, *past, *first));
        }
        guard
    }

    /// Until it acts, or there is no more.
    fn watch(&mut self, steps: &[Step<'_>], since: Timestamp) -> (Option<Moment>, Option<Moment>) {
        let mut warned = None;
        for (index, step) in steps.iter().enumerate() {
            for Finding { level, evidence, requirements, .. } in self.look_at(step) {
                let moment = || self.moment(&steps[..=index], since, (evidence.clone(), requirements.clone()));
                match level {
                    Level::Act => return (Some(moment()), warned),
                    Level::Warn => warned = warned.or_else(|| Some(moment())),
                }
            }
        }
        (None, warned)
    }

    fn look_at(&mut self, step: &Step<'_>) -> Findings {
        let [before, after] = step.pair.actions;
        let Some((settings, noted)) = step.noted else {
            self.learn_until(day(step.pair.at));
            let Ok::<_, Infallible>(findings) =
                self.trial.observe(&mut self.memory, &step.pair.sighting(), before, after);
            return findings;
        };
        if self.as_then && settings != self.trial.settings() {
            self.trial = Trial::new(settings.clone(), self.trial.baseline().clone(), self.trial.began_at());
            self.providers = settings.all_providers();
        }
        let sighting = step.pair.sighting_to(noted.recipient);
        let mut known = AsNoted(noted.past);
        let entered = Some(self.trial.began_at());
        let Ok(mut sender) = Sender::of(&mut known, &sighting, self.trial.settings(), &self.providers, entered);
        if knows_as(settings, self.trial.settings()) {
            sender.is_eligible = noted.is_eligible;
        }
        let Ok::<_, Infallible>(findings) = self.trial.observe_from(&mut self.memory, &sighting, sender, before, after);
        findings
    }

    /// What a decision at this time depends on beside the counts.
    fn circumstances(&mut self, at: Timestamp) -> Circumstances {
        let GuardSettings { known_days, few, .. } = self.trial.settings();
        let (days, few) = ((*known_days).max(1), few.known);
        let Ok::<_, Infallible>(seen) = self.memory.senders_seen(days, few);
        self.trial.circumstances(at, seen < few)
    }

    /// Remembers who was seen up to this day, also in mail that no candidate has scored.
    fn learn_until(&mut self, today: i32) {
        while let Some((day, sender)) = self.known.next_if(|(day, _)| *day <= today) {
            let Ok::<_, Infallible>(_) = self.memory.learn(*sender, *day);
        }
    }

    fn moment(
        &self,
        steps: &[Step<'_>],
        since: Timestamp,
        (evidence, requirements): (FlipEvidence, Requirements),
    ) -> Moment {
        let last = steps.last().map(|step| step.pair);
        let at = last.map_or(since, |pair| pair.at);
        let is_of_segment = |step: &&Step<'_>| self.is_of(&evidence.segment, step.pair);
        Moment {
            record: last.and_then(|pair| pair.record),
            at,
            after_s: at.duration_since(since).max(SignedDuration::ZERO).as_secs(),
            after: steps.len() as u64,
            after_of_segment: steps.iter().filter(is_of_segment).count() as u64,
            newly_flagged: steps.iter().filter(|step| step.pair.is(Flip::Up)).count() as u64,
            evidence,
            requirements,
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
