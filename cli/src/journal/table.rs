//! Records as lines for people.

use switchback::ReleaseId;
use switchback::journal::Record;

use crate::show;
use crate::store::text;

/// Characters of a domain that are shown.
const DOMAIN_CHARS_MAX: usize = 32;

/// A line for each record. What the other releases said is in the JSON.
pub(super) fn of(records: &[Record]) -> String {
    let mut table = show::table(["time", "action", "score", "decided by", "release", "sender", "id"]);
    for record in records {
        table.add_row(row(record));
    }
    show::numbers(&mut table, 2..3);
    table.trim_fmt()
}

fn row(record: &Record) -> [String; 7] {
    let score = record.opinions.first().and_then(switchback::verdict::Opinion::score);
    [
        text::instant(record.at).trim_end_matches(" UTC").to_owned(),
        record.action.to_string(),
        score.map_or_else(|| "-".to_owned(), show::score),
        record.decided_by.to_string(),
        record.release().map_or_else(|| "-".to_owned(), ReleaseId::to_string),
        domain(record.mail.sender_domain.as_deref()),
        record.id.to_string(),
    ]
}

/// A sender's domain, which comes from outside.
pub(crate) fn domain(domain: Option<&str>) -> String {
    domain.map_or_else(|| "(none)".to_owned(), |domain| show::printable(domain, DOMAIN_CHARS_MAX))
}
