//! What a store holds, as lines for people.

use jiff::Timestamp;
use switchback::ReleaseId;
use switchback::control::{OperationNote, Preparation, Rollout, SlotState, StoreProcess, StoreState};
use switchback::route::{BASIS_POINTS, CoolOff, Share};
use switchback::verdict::{Effect, Override};

use crate::clock;
use crate::exit::say;
use crate::show;

/// Characters of an operation or a reason that are shown.
pub(crate) const LINE_CHARS_MAX: usize = 300;

/// Characters of a process's or an author's name that are shown.
pub(crate) const NAME_CHARS_MAX: usize = 64;

/// `phish@1.1.0, phish@1.0.0`.
pub(crate) fn list(releases: &[ReleaseId]) -> String {
    releases.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What scores beside the live release, as what: `canary`, and `phish@2.0.0, 5 % by content`.
pub(crate) fn trials(slot: &SlotState) -> Vec<(&'static str, String)> {
    let canaries = slot.canaries.iter().map(|one| ("canary", format!("{}, {}", one.release, share(&one.share))));
    let shadows = slot.shadows.iter().map(|one| ("shadow", format!("{}, {}", one.release, percent(one.rate_bp))));
    let cool_off = slot.cool_off.iter().filter_map(|one| Some(("reverse shadow", cooling(one)?)));
    canaries.chain(shadows).chain(cool_off).collect()
}

/// Segments whose mail a standby decides: `gmail.com to phish@1.1.0`.
pub(crate) fn segments(slot: &SlotState) -> impl Iterator<Item = String> {
    slot.segments.iter().map(|rule| format!("{} to {}", show::printable(&rule.segment.to_string(), 80), rule.release))
}

/// `phish@1.2.0, step 2 of 5 (1% 30m) since 2026-04-25 09:24:00 UTC; shadow 1d, 1% 30m, 5% 30m, 25% 30m, 100%`.
pub(crate) fn rollout(rollout: &Rollout) -> String {
    let (release, plan, since) = (&rollout.release, &rollout.plan, instant(rollout.step_began));
    let current = rollout.current().map_or_else(String::new, |step| format!(" ({step})"));
    format!("{release}, step {} of {}{current} since {since}; {plan}", rollout.step + 1, plan.steps().len())
}

/// `phish@1.1.0 until 2026-04-26 09:24:00 UTC`; `phish@1.1.0, 5 % since ...` after that; none when that has ended, too.
fn cooling(cool_off: &CoolOff) -> Option<String> {
    let (release, until) = (&cool_off.release, instant(cool_off.until));
    match cool_off.rate_bp(clock::now()) {
        0 => None,
        BASIS_POINTS => Some(format!("{release} until {until}")),
        sample => Some(format!("{release}, {} since {until}", percent(sample))),
    }
}

/// `5 % by content, mirrored`.
pub(crate) fn share(share: &Share) -> String {
    let mirrored = if share.mirrored { ", mirrored" } else { "" };
    format!("{} by {}{mirrored}", percent(share.share_bp), share.key)
}

/// Basis points as a person reads them: `2.5 %`.
pub(crate) fn percent(basis_points: u16) -> String {
    format!("{} %", f64::from(basis_points) / 100.0)
}

/// `17  allow domain b.example everywhere, authenticated senders, until ..., over spam  (ada: why)`.
pub(crate) fn override_line(one: &Override) -> String {
    format!("{}  {}  {}", one.id, effect(one), by(&one.author, &one.reason))
}

/// `allow domain b.example everywhere, authenticated senders, until ..., over spam`.
pub(crate) fn effect(one: &Override) -> String {
    let said = match one.effect {
        Effect::Allow { may } => format!("allow {}, over {may}", one.rule),
        Effect::Block { action } => format!("block {}: {action}", one.rule),
    };
    show::printable(&said, LINE_CHARS_MAX)
}

/// Says where the clock here is set back behind what the ledger bears out, by more than clocks differ.
pub(crate) fn tell_set_back(state: &StoreState) {
    let now = clock::now();
    if let Some(known) = state.time_missed(now) {
        say(&format!(
            "the clock of this machine says {}, but the last event of the ledger is from {}: the clock was set back",
            instant(now),
            instant(known)
        ));
    }
}

/// `since 2026-04-25 09:24:00 UTC, by ada (why)`.
pub(crate) fn since(note: &OperationNote) -> String {
    format!("since {}, {}", instant(note.at), by(&note.author, &note.reason))
}

/// `by ada (why)`.
pub(crate) fn by(author: &str, reason: &str) -> String {
    let author = show::printable(author, NAME_CHARS_MAX);
    match show::printable(reason, LINE_CHARS_MAX) {
        none if none.is_empty() => format!("by {author}"),
        reason => format!("by {author} ({reason})"),
    }
}

/// `filter (process 3, pid 4711)`.
pub(crate) fn process(process: &StoreProcess) -> String {
    let name = show::printable(&process.registered.name, NAME_CHARS_MAX);
    format!("{name} (process {}, pid {})", process.number, process.registered.pid)
}

/// `filter (process 3, pid 4711) is ready`.
pub(crate) fn readiness(process: &StoreProcess, release: &ReleaseId) -> String {
    let label = self::process(process);
    match process.preparation(&release.digest) {
        Some(Preparation::Ready) => format!("{label} is ready"),
        Some(Preparation::Failed { why }) => format!("{label} cannot load it: {}", show::printable(why, usize::MAX)),
        None => format!("{label} is not ready yet, and will be asked to prepare it"),
    }
}

/// `2026-04-25 09:24:00 UTC`.
pub(crate) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
