//! The operations of a store, each a method.

use std::fmt::Display;
use std::str::FromStr;

use pyo3::prelude::*;
use switchback::control::{Admission, Plan, Promotion, Request};
use switchback::guard::{GuardSettings, Segment};
use switchback::route::CanaryKey;

use super::rule::rule;
use super::{Control, Event, admit, readiness};
use crate::error;
use crate::json::from_python;
use crate::runtime::seconds;
use crate::slot::basis_points;
use crate::work::detached;

/// What a text stands for.
fn read<T: FromStr<Err: Display>>(py: Python<'_>, what: &str, text: &str) -> PyResult<T> {
    text.parse().map_err(|wrong| error::invalid(py, &format!("{what}: {wrong}")))
}

#[pymethods]
impl Control {
    /// Makes a release live in a slot, once every process has it ready and a guard that works; waits at most `wait` seconds for that. `force`
    /// waits for nothing, and lets in what the guard found harmful; the ledger says so. `older` allows a version older than the
    /// live one. The predecessor goes on scoring in the background for `cool_off` seconds, by default a day.
    #[pyo3(signature = (slot, release, *, reason="", older=false, cool_off=None, wait=30.0, force=false))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn promote(
        &self,
        slot: String,
        release: &Bound<'_, PyAny>,
        reason: &str,
        older: bool,
        cool_off: Option<f64>,
        wait: f64,
        force: bool,
    ) -> PyResult<Event> {
        let py = release.py();
        let (readiness, cool_off) = (readiness(py, wait, force)?, cool_off.map(|time| seconds(py, time)).transpose()?);
        self.admit_about(reason, release, |release| {
            let mut promotion = Promotion::new(slot, release, readiness);
            (promotion.older, promotion.cool_off) = (older, cool_off);
            promotion.into()
        })
    }

    /// Lets a release decide for a share of the messages, 0.0001 to 1, or changes its share. `key` is what is hashed to tell whether a
    /// message belongs to it: `content`, `sender-domain`, `recipient-domain` or `tenant`. A `mirrored` one also scores the others.
    #[pyo3(signature = (slot, release, share, *, reason="", key="content", mirrored=false, wait=30.0, force=false))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn canary(
        &self,
        slot: String,
        release: &Bound<'_, PyAny>,
        share: f64,
        reason: &str,
        key: &str,
        mirrored: bool,
        wait: f64,
        force: bool,
    ) -> PyResult<Event> {
        let py = release.py();
        let (share_bp, readiness) = (basis_points(py, share)?, readiness(py, wait, force)?);
        let all = [CanaryKey::Content, CanaryKey::SenderDomain, CanaryKey::RecipientDomain, CanaryKey::Tenant];
        let found = all.into_iter().find(|known| known.to_string() == key);
        let key = found.ok_or_else(|| {
            error::invalid(py, &format!("key `{key}`: there are {}", all.map(|key| key.to_string()).join(", ")))
        })?;
        self.admit_about(reason, release, |release| Admission::Canary {
            slot,
            release,
            share_bp,
            key,
            mirrored,
            readiness,
        })
    }

    /// Tries a release out step by step, such as `shadow 24h, 1% 30m, 25% 30m, 100%`, as far as the guard lets it.
    #[pyo3(signature = (slot, release, plan, *, reason="", wait=30.0))]
    fn rollout(
        &self,
        slot: String,
        release: &Bound<'_, PyAny>,
        plan: &str,
        reason: &str,
        wait: f64,
    ) -> PyResult<Event> {
        let py = release.py();
        let (plan, ready_within): (Plan, _) = (read(py, "plan", plan)?, seconds(py, wait)?);
        self.admit_about(reason, release, |release| Admission::Rollout { slot, release, plan, ready_within })
    }

    /// Ends a rollout. The release keeps the role that it has.
    #[pyo3(signature = (slot, *, reason=""))]
    fn stop_rollout(&self, py: Python<'_>, slot: String, reason: &str) -> PyResult<Event> {
        self.commit(py, reason, Request::StopRollout { slot })
    }

    /// Lets a release score a share of the messages, 0.0001 to 1, without deciding.
    #[pyo3(signature = (slot, release, share=1.0, *, reason=""))]
    fn shadow(&self, slot: String, release: &Bound<'_, PyAny>, share: f64, reason: &str) -> PyResult<Event> {
        let rate_bp = basis_points(release.py(), share)?;
        self.commit_about(reason, release, |release| Request::Shadow { slot, release, rate_bp })
    }

    /// Takes the role canary, shadow or standby from a release.
    #[pyo3(signature = (slot, release, *, reason=""))]
    fn withdraw(&self, slot: String, release: &Bound<'_, PyAny>, reason: &str) -> PyResult<Event> {
        self.commit_about(reason, release, |release| Request::Withdraw { slot, release })
    }

    /// Makes the predecessor, or a named standby, live again. What was live has no role afterwards. Waits for nobody.
    #[pyo3(signature = (slot, release=None, *, reason=""))]
    fn revert(
        &self,
        py: Python<'_>,
        slot: String,
        release: Option<&Bound<'_, PyAny>>,
        reason: &str,
    ) -> PyResult<Event> {
        match release {
            None => self.commit(py, reason, Request::Revert { slot, to: None }),
            Some(release) => self.commit_about(reason, release, |to| Request::Revert { slot, to: Some(to) }),
        }
    }

    /// Puts the mail of one segment (`provider gmail`, `domain news.example`) back to the first standby, while the live release goes on
    /// deciding for the rest.
    #[pyo3(signature = (slot, segment, *, reason=""))]
    fn revert_segment(&self, py: Python<'_>, slot: String, segment: &str, reason: &str) -> PyResult<Event> {
        let segment: Segment = read(py, "segment", segment)?;
        self.commit(py, reason, Request::RevertSegment { slot, segment, to: None })
    }

    /// Lets the live release decide for a segment again.
    #[pyo3(signature = (slot, segment, *, reason="", wait=30.0, force=false))]
    fn restore_segment(
        &self,
        py: Python<'_>,
        slot: String,
        segment: &str,
        reason: &str,
        wait: f64,
        force: bool,
    ) -> PyResult<Event> {
        let (segment, readiness) = (read(py, "segment", segment)?, readiness(py, wait, force)?);
        let control = self.hand(py, reason)?;
        let seen = detached(py, || control.ledger())?;
        admit(py, &control, &seen, Admission::Restoration { slot, segment, readiness })
    }

    /// Bars a release from every role, in all slots. Where it is live, its predecessor takes over.
    #[pyo3(signature = (release, *, reason=""))]
    fn quarantine(&self, release: &Bound<'_, PyAny>, reason: &str) -> PyResult<Event> {
        self.commit_about(reason, release, |release| Request::Quarantine { release })
    }

    /// Takes a release out of quarantine, and forgets that the guard found it harmful.
    #[pyo3(signature = (release, *, reason=""))]
    fn lift_quarantine(&self, release: &Bound<'_, PyAny>, reason: &str) -> PyResult<Event> {
        self.commit_about(reason, release, |release| Request::LiftQuarantine { release })
    }

    /// Forgets a release that has no role. Its file stays.
    #[pyo3(signature = (release, *, reason=""))]
    fn unload(&self, release: &Bound<'_, PyAny>, reason: &str) -> PyResult<Event> {
        self.commit_about(reason, release, |release| Request::Unload { release })
    }

    /// Lets mail pass, whatever models say: `sender a@b.example`, `domain b.example`, `network 192.0.2.0/24` or `content` with a digest
    /// (`Message.content_digest`). It `lasts` so many seconds, by default a day, at most 90. `may` override verdicts of `spam`, also of
    /// `phish`, or `all`. Senders have to be authenticated unless `anyone` is meant. Needs a reason.
    #[pyo3(signature = (matcher, *, reason, lasts=86_400.0, may="spam", slot=None, tenant=None, anyone=false))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn allow(
        &self,
        py: Python<'_>,
        matcher: &str,
        reason: &str,
        lasts: f64,
        may: &str,
        slot: Option<String>,
        tenant: Option<String>,
        anyone: bool,
    ) -> PyResult<Event> {
        let (rule, may) = (rule(py, matcher, lasts, (slot, tenant), anyone)?, read(py, "may", may)?);
        self.commit(py, reason, Request::Allow { rule, may })
    }

    /// Holds mail back, whatever models say: what matches, and for how long, as `allow`. `action` is what is done with it.
    #[pyo3(signature = (matcher, *, reason, action="quarantine", lasts=86_400.0, slot=None, tenant=None, anyone=false))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn block(
        &self,
        py: Python<'_>,
        matcher: &str,
        reason: &str,
        action: &str,
        lasts: f64,
        slot: Option<String>,
        tenant: Option<String>,
        anyone: bool,
    ) -> PyResult<Event> {
        let (rule, action) = (rule(py, matcher, lasts, (slot, tenant), anyone)?, read(py, "action", action)?);
        self.commit(py, reason, Request::Block { rule, action })
    }

    /// Ends an override before its time: its number is the sequence of the event that made it.
    #[pyo3(signature = (rule, *, reason=""))]
    fn expire(&self, py: Python<'_>, rule: u64, reason: &str) -> PyResult<Event> {
        self.commit(py, reason, Request::Expire { rule })
    }

    /// Refuses whatever lets a release decide for more until a thaw: in one slot, or everywhere.
    #[pyo3(signature = (slot=None, *, reason=""))]
    fn freeze(&self, py: Python<'_>, slot: Option<String>, reason: &str) -> PyResult<Event> {
        self.commit(py, reason, Request::Freeze { slot })
    }

    /// Ends a freeze.
    #[pyo3(signature = (slot=None, *, reason=""))]
    fn thaw(&self, py: Python<'_>, slot: Option<String>, reason: &str) -> PyResult<Event> {
        self.commit(py, reason, Request::Thaw { slot })
    }

    /// Says what the guard may do in a slot, and from when on: the settings of `state()["slots"][slot]["guard"]`, changed.
    #[pyo3(signature = (slot, settings, *, reason=""))]
    fn set_guard(&self, slot: String, settings: &Bound<'_, PyAny>, reason: &str) -> PyResult<Event> {
        let read: GuardSettings = from_python(settings, "guard")?;
        self.commit(settings.py(), reason, Request::SetGuard { slot, settings: read.into() })
    }

    /// Trusts a key (the second line of a minisign public key file). From the first one on, nothing unsigned is loaded.
    #[pyo3(signature = (key, label, *, reason=""))]
    fn trust_key(&self, py: Python<'_>, key: &str, label: String, reason: &str) -> PyResult<Event> {
        let key = read(py, "key", key)?;
        self.commit(py, reason, Request::TrustKey { key, label })
    }

    /// Distrusts a key for good, by its id.
    #[pyo3(signature = (key, *, reason=""))]
    fn revoke_key(&self, py: Python<'_>, key: &str, reason: &str) -> PyResult<Event> {
        let key = read(py, "key", key)?;
        self.commit(py, reason, Request::RevokeKey { key })
    }

    /// Distrusts one release file for good, by its digest.
    #[pyo3(signature = (digest, *, reason=""))]
    fn revoke_digest(&self, py: Python<'_>, digest: &str, reason: &str) -> PyResult<Event> {
        let digest = read(py, "digest", digest)?;
        self.commit(py, reason, Request::RevokeDigest { digest })
    }
}
