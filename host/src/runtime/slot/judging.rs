//! Who decides about one message, and what follows where a release does not answer.

use switchback_model::message::Message;
use switchback_model::route::Route;
use switchback_model::verdict::{Answer, Cause, Failed, Judgement, ReleaseLog, Role, Verdict};
use switchback_sandbox::Loaded;

use super::shared::SlotShared;

/// One message in one slot, by the one route that was read for it.
pub(super) struct Judging<'a> {
    pub(super) slot: &'a SlotShared,
    pub(super) route: &'a Route<Loaded>,
    pub(super) message: &'a Message,
}

impl Judging<'_> {
    /// What the route makes of the message.
    pub(super) fn judge(&self) -> Judgement {
        let Some(live) = self.route.live() else {
            return self.fail(Cause::NoRelease, "the slot has no live release".to_owned());
        };
        let bytes_max = self.slot.config().message_bytes_max;
        if self.message.len() as u64 > bytes_max {
            return self.fail(Cause::TooBig, format!("the message has more than {bytes_max} bytes"));
        }
        let Some((release, role)) = self.instead_of_live() else { return self.by_live(live) };
        match self.by(release, role) {
            Ok(judgement) => judgement.of_segment(),
            // The live release would have decided without this one, so it does.
            Err(failed) => self.by_live(live).because_of(*failed),
        }
    }

    /// The release that decides in the place of the live one: the standby to which a segment went back, or a canary.
    fn instead_of_live(&self) -> Option<(&Loaded, Role)> {
        let Self { route, message, .. } = self;
        let standby = route.rule_for(|| message.sender_domain().filter(|_| message.is_sender_authenticated()));
        if let Some(standby) = standby {
            return Some((&**standby, Role::Standby));
        }
        let canary = route.canary_of(|key, salt| key.bucket(salt, message))?;
        Some((&canary.release, Role::Canary))
    }

    fn by_live(&self, live: &Loaded) -> Judgement {
        self.by(live, Role::Live).unwrap_or_else(|failed| {
            let (cause, why) = (failed.cause, failed.fault.clone());
            self.fail(cause, why).noting(*failed)
        })
    }

    /// The judgement of a release that answers.
    fn by(&self, release: &Loaded, role: Role) -> Result<Judgement, Box<Failed>> {
        let (opinion, scored) = self.slot.ask(release, role, self.message);
        match scored {
            Ok(scored) => {
                let (by, thresholds) = ((release.id(), role), &self.slot.config().thresholds);
                let log = ReleaseLog::of(release.id(), scored.log).into_iter().collect();
                let generation = self.route.generation();
                let mut verdict = Verdict::answered(self.message, generation, by, scored.outcome, thresholds);
                (verdict.log, verdict.timing) = (log, scored.timing);
                Ok(Judgement::decided(verdict, opinion))
            }
            Err(error) => {
                let (cause, fault) = (error.fault.cause(), error.to_string());
                Err(Box::new(Failed { opinion, cause, fault, log: ReleaseLog::of(&error.release, error.log) }))
            }
        }
    }

    /// The judgement where the live release does not answer.
    fn fail(&self, cause: Cause, why: String) -> Judgement {
        let answer = self.slot.config().failure.answer(cause);
        let previous = self.route.standbys().first().filter(|_| answer == Answer::Previous);
        match previous.map(|previous| self.by(previous, Role::Standby)) {
            Some(Ok(mut judgement)) => {
                (judgement.verdict.fault, judgement.verdict.cause) = (Some(why), Some(cause));
                judgement
            }
            Some(Err(failed)) => self.unscanned(answer, (cause, why)).noting(*failed),
            None => self.unscanned(answer, (cause, why)),
        }
    }

    fn unscanned(&self, answer: Answer, why: (Cause, String)) -> Judgement {
        let live = self.route.live().map(|live| live.id());
        Judgement::unscanned(Verdict::unscanned(self.message, self.route.generation(), live, answer, why))
    }
}
