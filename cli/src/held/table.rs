//! Held messages as lines for people.

use switchback::ReleaseId;
use switchback_gateway::held::HeldMessage;

use crate::journal::domain;
use crate::show;
use crate::store::text;

/// Characters of a subject that are shown.
const SUBJECT_CHARS_MAX: usize = 40;

/// A line for each message.
pub(super) fn of(messages: &[HeldMessage]) -> String {
    let mut table = show::table(["held since", "action", "score", "release", "from", "to", "state", "subject", "id"]);
    for message in messages {
        table.add_row(row(message));
    }
    show::numbers(&mut table, 2..3);
    show::numbers(&mut table, 5..6);
    table.trim_fmt()
}

fn row(message: &HeldMessage) -> [String; 9] {
    [
        text::instant(message.at).trim_end_matches(" UTC").to_owned(),
        message.action.to_string(),
        message.score.map_or_else(|| "-".to_owned(), show::score),
        message.release.as_ref().map_or_else(|| "-".to_owned(), ReleaseId::to_string),
        domain(message.sender_domain.as_deref()),
        message.recipients.len().to_string(),
        state(message).to_owned(),
        show::printable(&message.subject, SUBJECT_CHARS_MAX),
        message.id.to_string(),
    ]
}

/// In one word.
pub(super) fn state(message: &HeldMessage) -> &'static str {
    if message.is_uncertain() {
        "uncertain"
    } else if message.outstanding().count() < message.recipients.len() {
        "partly released"
    } else if message.why.is_some() {
        "refused"
    } else {
        "held"
    }
}
