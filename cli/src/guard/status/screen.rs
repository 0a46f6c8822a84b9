//! The guard's status, for a person.

use std::io::{self, Write};

use switchback::guard::{Blind, Flip, MailCounts, Mode};

use super::{Judged, OfProcess, OfSlot, OfTrial, Status};
use crate::guard::{alerts, settings};
use crate::show;
use crate::store::proof::compared;
use crate::store::text;

/// Writes it.
pub(super) fn write(status: &Status, limit: usize, out: &mut impl Write) -> io::Result<()> {
    if status.slots.is_empty() {
        writeln!(out, "there is no slot yet, so there is nothing to guard")?;
    }
    for slot in &status.slots {
        slot.write(limit, out)?;
    }
    if let Some(loss) = &status.loss {
        let (at, why) = (text::instant(loss.at), show::printable(&loss.why, text::LINE_CHARS_MAX));
        writeln!(out, "the memory of the guard was lost, found on {at}: {why}")?;
        writeln!(out, "  `switchback guard learn` teaches it known senders; until then it only warns")?;
    }
    writeln!(out, "processes")?;
    for process in &status.processes {
        writeln!(out, "  {}", line(process))?;
    }
    if status.processes.is_empty() {
        writeln!(out, "  none follows the store now")?;
    }
    writeln!(out, "alerts")?;
    for kept in status.kept.iter().rev() {
        alerts::lines(kept).into_iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    if status.kept.is_empty() {
        writeln!(out, "  none was raised")?;
    }
    Ok(())
}

impl OfSlot {
    fn write(&self, limit: usize, out: &mut impl Write) -> io::Result<()> {
        let slot = show::printable(&self.slot, text::NAME_CHARS_MAX);
        writeln!(out, "slot {slot}, mode {}", self.settings.mode)?;
        for (name, value) in settings::lines(&self.settings) {
            writeln!(out, "  {name:<11} {}", show::printable(&value, text::LINE_CHARS_MAX))?;
        }
        if self.settings.mode != Mode::Off {
            for line in self.mail() {
                writeln!(out, "  {line}")?;
            }
        }
        if let Some(rollout) = &self.rollout {
            writeln!(out, "  rollout     {}", text::rollout(rollout))?;
        }
        for trial in &self.trials {
            trial.write(limit, out)?;
        }
        if self.trials.is_empty() {
            writeln!(out, "  no trial in progress: no canary, shadow or release in its cool-off was compared")?;
        }
        Ok(())
    }
}

impl OfSlot {
    /// The mail that came, and what the filter does not tell of it.
    fn mail(&self) -> Vec<String> {
        let MailCounts { messages, authenticated, eligible, addressed, .. } = self.mail;
        if messages == 0 {
            return vec!["mail        none since yesterday".to_owned()];
        }
        let all = show::counted(messages, "message");
        let (known, authenticated) = (show::count(eligible), show::count(authenticated));
        let mut lines = vec![format!(
            "mail        {all} since yesterday, {authenticated} of authenticated senders, {known} of known ones"
        )];
        for blind in &self.blind {
            lines.push(match blind {
                Blind::Unauthenticated => format!(
                    "NO ACTION   of the last {all} {} authenticated: the guard cannot act; give each message its \
                     authentication results (`Message::builder`), or the server whose results count (`trust_authserv_id`, \
                     --trust-authserv-id)",
                    few(&authenticated, "was", "were")
                ),
                Blind::Unaddressed => format!(
                    "NO RECIPIENTS  of the last {all} {} an envelope recipient: each counts as having its own recipient, \
                     so the floor does not require recipients; give each message its envelope (`Message::builder`)",
                    few(&show::count(addressed), "had", "had")
                ),
                _ => continue,
            });
        }
        lines
    }
}

/// `none was`, `1 was`, `12 were`.
fn few(count: &str, singular: &str, plural: &str) -> String {
    match count {
        "0" => format!("none {singular}"),
        "1" => format!("1 {singular}"),
        _ => format!("{count} {plural}"),
    }
}

impl OfTrial {
    fn write(&self, limit: usize, out: &mut impl Write) -> io::Result<()> {
        let over = if self.is_over { ", over" } else { "" };
        let (since, began) = (self.since, text::instant(self.began_at));
        writeln!(out, "  {} against {}, since generation {since} ({began}){over}", self.candidate, self.baseline)?;
        if self.segments.is_empty() {
            return writeln!(out, "    no message was compared yet");
        }
        let columns = ["    segment", "", "campaigns", "newly flagged", "no longer", "at most", "E-value up", "needed"];
        let mut table = show::table(columns);
        for judged in self.segments.iter().take(limit) {
            table.add_row(row(judged));
        }
        show::numbers(&mut table, 2..8);
        writeln!(out, "    {}", compared(&self.pairs))?;
        writeln!(out, "{}", table.trim_fmt())?;
        self.reasons(limit, out)?;
        let more = self.segments.len().saturating_sub(limit);
        if more > 0 {
            writeln!(out, "    and {}", show::counted(more as u64, "segment"))?;
        }
        Ok(())
    }
}

impl OfTrial {
    /// What the guard needs to act in each segment that is shown and in which anything flips, and why it does not.
    fn reasons(&self, limit: usize, out: &mut impl Write) -> io::Result<()> {
        let shown = self.segments.iter().take(limit);
        let ways = shown.flat_map(|judged| [(judged, Flip::Up, &judged.up), (judged, Flip::Down, &judged.down)]);
        let flipped = ways.filter(|(judged, flip, weighed)| {
            // What only warns is shown once there is enough of it.
            let is_told = weighed.is_acted_on || weighed.requirements.are_met();
            is_told && judged.known.tally.direction(*flip).any.flips > 0
        });
        for (place, (judged, flip, weighed)) in flipped.enumerate() {
            if place == 0 {
                writeln!(out, "    needed to act on flips of authenticated, known senders:")?;
            }
            let (segment, way) = (show::printable(&judged.known.segment.to_string(), 80), flip.name());
            writeln!(out, "      {segment} {way}: {}: {}", weighed.requirements, weighed.why)?;
        }
        Ok(())
    }
}

fn row(judged: &Judged) -> [String; 8] {
    let known = &judged.known;
    [
        format!("    {}", show::printable(&known.segment.to_string(), 80)),
        known.standing.to_string(),
        known.campaigns(),
        show::count(known.flips),
        show::count(known.tally.up.eligible.opposite),
        format!("{:.2} %", 100.0 * known.share_at_most),
        power(judged.up.strength.log_e),
        power(judged.up.strength.log_threshold),
    ]
}

/// `10^6.5`.
fn power(log: f64) -> String {
    // Not 10^-0.0.
    let tenths = (10.0 * log / std::f64::consts::LN_10).round() as i64;
    format!("10^{:.1}", tenths as f64 / 10.0)
}

fn line(process: &OfProcess) -> String {
    let name = show::printable(&process.name, text::NAME_CHARS_MAX);
    let how = match (&process.health, &process.trouble) {
        (None, None) => "has no slot to guard".to_owned(),
        (_, Some(trouble)) => format!("FAULT: {}", show::printable(trouble, text::LINE_CHARS_MAX)),
        (Some(health), None) => health.status.to_string(),
    };
    let dropped = process.health.as_ref().map_or(0, |health| health.dropped);
    let dropped =
        if dropped > 0 { format!(", {} messages and pairs skipped", show::count(dropped)) } else { String::new() };
    format!("{name} (process {}): {how}{dropped}", process.process)
}
