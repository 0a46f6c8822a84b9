//! One screen for a person.

use std::collections::BTreeSet;

use switchback::ReleaseId;
use switchback::control::{EventSequence, Preparation, SlotState, StoreProcess, StoredRelease};
use switchback::guard::Mode;
use switchback::message::Reading;

use super::Status;
use crate::clock;
use crate::show;
use crate::store::text;

/// The text of the screen.
pub(super) fn of(status: &Status) -> String {
    let mut lines = head(status);
    for (name, slot) in &status.state.slots {
        lines.push(String::new());
        lines.extend(self::slot(status, name, slot));
    }
    // Slots that only processes know.
    for slot in status.undecided.iter().filter(|one| !status.state.slots.contains_key(&one.slot)) {
        lines.extend([String::new(), format!("slot {}", show::printable(&slot.slot, text::NAME_CHARS_MAX))]);
        lines.push(format!("  live      {NOBODY}"));
    }
    for (title, part) in
        [("releases", releases(status)), ("processes", processes(status)), ("overrides", overrides(status))]
    {
        lines.push(String::new());
        lines.push(title.to_owned());
        lines.extend(part);
    }
    lines.join("\n") + "\n"
}

fn head(status: &Status) -> Vec<String> {
    let state = &status.state;
    let mut lines = vec![format!("store {}, generation {}", status.store.display(), state.generation)];
    if let Some(last) = &status.last {
        let what = show::printable(&last.operation.to_string(), text::LINE_CHARS_MAX);
        let by = text::by(&last.author, &last.reason);
        lines.push(format!("last: event {} at {}, {what}, {by}", last.sequence, text::instant(last.at)));
    }
    if let Some(note) = &state.frozen {
        lines.push(format!("EVERY SLOT IS FROZEN {}", text::since(note)));
    }
    let unknown = status.harmful_unknown.iter();
    lines.extend(
        unknown.map(|why| format!("WHAT DOES HARM IS UNKNOWN: {}", show::printable(why, text::LINE_CHARS_MAX))),
    );
    lines
}

/// What is live where nothing is.
const NOBODY: &str = "none: NO RELEASE DECIDES";

fn slot(status: &Status, name: &str, slot: &SlotState) -> Vec<String> {
    let mut lines = vec![format!("slot {name}, generation {}", slot.generation)];
    if let Some(note) = &slot.frozen {
        lines.push(format!("  FROZEN {}", text::since(note)));
    }
    lines.push(format!("  live      {}", slot.live.as_ref().map_or(NOBODY.to_owned(), ToString::to_string)));
    lines.extend(marks(status, name));
    let standbys = if slot.standbys.is_empty() { "none".to_owned() } else { text::list(&slot.standbys) };
    lines.push(format!("  standby   {standbys}"));
    lines.extend(text::trials(slot).into_iter().map(|(role, rest)| format!("  {role:<8}  {rest}")));
    lines.extend(text::segments(slot).map(|rule| format!("  segment   {rule}")));
    lines.extend(slot.rollout.iter().map(|rollout| format!("  rollout   {}", text::rollout(rollout))));
    if slot.guard.mode != Mode::Act {
        lines.push(format!("  guard     mode {}", slot.guard.mode));
    }
    lines
}

/// What has to be looked at in a slot that has a live release.
fn marks(status: &Status, name: &str) -> Vec<String> {
    let here = |slot: &str| slot == name;
    let undecided = status.undecided.iter().filter(|one| here(&one.slot) && !one.processes.is_empty()).map(|one| {
        let processes: Vec<_> = one.processes.iter().map(ToString::to_string).collect();
        format!("  NO RELEASE DECIDES in process {}: see below", processes.join(", "))
    });
    let unloadable = status.unloadable.iter().filter(|one| here(&one.slot)).map(|one| {
        let why = show::printable(&one.why, text::LINE_CHARS_MAX);
        format!("  NO RELEASE DECIDES in a filter that starts: it would not load {}: {why}", one.release)
    });
    let forced = status.forced.iter().filter(|one| here(&one.slot));
    let forced = forced.map(|one| format!("  FORCED    {}, {}", one.release, text::since(&one.note)));
    let harmful = status.harmful.iter().filter(|one| here(&one.slot)).map(|one| {
        let mut segments: Vec<_> = one.segments.iter().map(|one| show::printable(&one.to_string(), 80)).collect();
        let more = segments.len().saturating_sub(SEGMENTS);
        segments.truncate(SEGMENTS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("  HARMFUL   {} to {}{more}: see `switchback guard status`", one.release, segments.join(", "))
    });
    undecided.chain(unloadable).chain(forced).chain(harmful).collect()
}

/// Segments that are shown of a release that does harm.
const SEGMENTS: usize = 3;

fn releases(status: &Status) -> Vec<String> {
    let mut stored: Vec<_> = status.state.releases.values().collect();
    if stored.is_empty() {
        return vec!["  none is loaded: add one with `switchback load`".to_owned()];
    }
    stored.sort_by(|a, b| (&a.id.name, &a.id.version).cmp(&(&b.id.name, &b.id.version)));
    let width = stored.iter().map(|one| one.id.to_string().len()).max().unwrap_or(0);
    stored.into_iter().flat_map(|one| release(status, one, width)).collect()
}

fn release(status: &Status, stored: &StoredRelease, width: usize) -> Vec<String> {
    let id = &stored.id;
    let ready = status.processes.iter().filter(|one| one.preparation(&id.digest) == Some(&Preparation::Ready)).count();
    let is_used = status.state.slots.values().any(|slot| slot.uses(id));
    let ready = match (ready, status.processes.len()) {
        (_, 0) => "no process".to_owned(),
        (0, _) if !is_used => "loaded when needed".to_owned(),
        (ready, all) => format!("ready in {ready} of {all}"),
    };
    let signer = stored.signer.map_or_else(String::new, |key| format!("  signed by {key}"));
    let name = show::padded(&id.to_string(), width);
    let mut lines = vec![format!("  {name}  {}  {ready}{signer}", id.digest.short())];
    if let Some(note) = status.state.quarantined.get(&id.digest) {
        lines.push(format!("    QUARANTINED {}", text::since(note)));
    }
    let faulty = status.faulty.iter().filter(|one| one.release == *id);
    lines
        .extend(faulty.map(|one| format!("    CANNOT BE LOADED: {}", show::printable(&one.why, text::LINE_CHARS_MAX))));
    for (slot, state) in &status.state.slots {
        let harmful = state.harmful.get(&id.digest);
        lines.extend(harmful.map(|note| format!("    HARMFUL in {slot} {}", text::since(note))));
    }
    lines.extend(status.processes.iter().filter_map(|process| failure(process, id)));
    lines
}

fn failure(process: &StoreProcess, id: &ReleaseId) -> Option<String> {
    match process.preparation(&id.digest)? {
        Preparation::Failed { why } => {
            Some(format!("    FAILED in {}: {}", text::process(process), show::printable(why, text::LINE_CHARS_MAX)))
        }
        Preparation::Ready => None,
    }
}

fn processes(status: &Status) -> Vec<String> {
    if status.processes.is_empty() {
        return vec!["  none follows the store now".to_owned()];
    }
    let mut lines: Vec<_> = readings(status).into_iter().collect();
    lines.extend(status.processes.iter().flat_map(|process| self::process(process, status.state.sequence)));
    lines
}

/// That processes read messages differently, as while a filter is updated.
fn readings(status: &Status) -> Option<String> {
    let readings: BTreeSet<Reading> = status.processes.iter().map(|process| process.registered.reading).collect();
    let numbers = readings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    (readings.len() > 1)
        .then(|| format!("  READINGS DIFFER: {numbers}; one message can get two scores until all run the same version"))
}

fn process(process: &StoreProcess, sequence: EventSequence) -> Vec<String> {
    let registered = &process.registered;
    let obeys = match &process.acknowledged {
        None => "has not reported its generation".to_owned(),
        Some(known) if known.sequence == sequence => format!("at generation {}", known.generation),
        Some(known) => format!("BEHIND: at generation {}, event {} of {sequence}", known.generation, known.sequence),
    };
    let slots = match registered.slots.join(", ") {
        none if none.is_empty() => "no slot".to_owned(),
        slots => show::printable(&slots, text::LINE_CHARS_MAX),
    };
    let (label, since) = (text::process(process), text::instant(registered.since));
    let mut lines = vec![format!(
        "  {label}  {slots}  {obeys}  since {since}  contract {}  reading {}",
        registered.contract, registered.reading
    )];
    if let Some(problem) = process.acknowledged.as_ref().and_then(|known| known.problem.as_ref()) {
        lines.push(format!("    PROBLEM: {}", show::printable(problem, text::LINE_CHARS_MAX)));
    }
    lines
}

fn overrides(status: &Status) -> Vec<String> {
    let standing: Vec<_> = status.state.standing_overrides(clock::now()).collect();
    let now = status.state.time(clock::now());
    let ahead = status.state.overrides.values().filter(|one| one.is_ahead(now));
    let ahead: Vec<_> = ahead
        .map(|one| {
            let (what, made) = (text::override_line(one), text::instant(one.at));
            format!("  {what}  NOT IN EFFECT: made {made}, the clock was wrong")
        })
        .collect();
    if standing.is_empty() && ahead.is_empty() {
        return vec!["  none in effect".to_owned()];
    }
    let hits = |id: u64| status.hits.iter().find(|(rule, _)| *rule == id).map_or(0, |(_, hits)| *hits);
    standing
        .into_iter()
        .map(|one| format!("  {}, {}", text::override_line(one), show::counted(hits(one.id), "hit")))
        .chain(ahead)
        .collect()
}
