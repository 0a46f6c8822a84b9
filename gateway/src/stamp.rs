//! What is taken out of a header before a message goes on, and what is written into it.
//!
//! Fields that only this server may write are removed from all mail, of this site too: filters behind it believe them, and
//! senders know that (<https://github.com/rspamd/rspamd/issues/603>). What is written has its place above all other fields,
//! `Received` included (RFC 8601, section 4). A value is made of words of our own and of what is checked to be a word: nothing
//! that a message or a model says can end a line, or begin a field.

mod authserv_id;
mod status;

use std::collections::HashMap;

use switchback::{Thresholds, Verdict};

use crate::config::StampConfig;
use crate::decision::HeaderChange;
use crate::field::{Field, Fields};
use crate::fold::fold;
use status::{reasons, required, spam_status, status};

/// The field that says what authentication found (RFC 8601).
const RESULTS: &str = "Authentication-Results";

/// Who writes which fields.
pub(crate) struct Stamper {
    /// Names; of those that end with `*`, the beginning.
    removed: Vec<Pattern>,
    config: StampConfig,
}

enum Pattern {
    Name(String),
    Beginning(String),
}

/// What a message is stamped with.
#[derive(Clone, Copy)]
pub(crate) struct Stamp<'a> {
    /// What the slot decided.
    pub(crate) verdict: &'a Verdict,
    /// The thresholds by which it did.
    pub(crate) thresholds: &'a Thresholds,
    /// Whether only the beginning of the message was scored.
    pub(crate) is_partial: bool,
    /// The value of an `Authentication-Results` field, if one is to be written.
    pub(crate) results: Option<&'a str>,
}

impl Stamper {
    pub(crate) fn new(config: &StampConfig) -> Self {
        // What is written here is also removed here, whatever else the list has.
        let own = [
            (true, "X-Switchback-*"),
            (config.x_spam, "X-Spam-Flag"),
            (config.x_spam, "X-Spam-Status"),
            (config.scl, "X-MS-Exchange-Organization-SCL"),
        ];
        let own = own.into_iter().filter(|(is_written, _)| *is_written).map(|(_, name)| name);
        let removed = own.chain(config.remove.iter().map(String::as_str)).map(Pattern::of).collect();
        Self { removed, config: config.clone() }
    }

    /// How many fields of an arriving message are removed, by a server of this name (RFC 8601, section 2.5).
    pub(crate) fn count_removals(&self, fields: Fields<'_>, authserv_id: &str) -> usize {
        fields.filter(|field| self.is_removed(field, authserv_id)).count()
    }

    /// The fields of an arriving message that are removed, as they were named. Of each name the last field comes first, so that
    /// the index of each is right when its turn comes: counted the other way, every other one would stay (CVE-2022-48521).
    pub(crate) fn removals(&self, fields: Fields<'_>, authserv_id: &str) -> Vec<HeaderChange> {
        let mut seen = HashMap::<String, u32>::new();
        let mut removals = Vec::new();
        for field in fields.filter(|field| self.is_named(field)) {
            let Ok(name) = str::from_utf8(field.name().trim_ascii_end()) else { continue };
            let index = seen.entry(name.to_ascii_lowercase()).or_default();
            *index += 1;
            if self.is_removed(&field, authserv_id) {
                removals.push(HeaderChange::Remove { name: name.to_owned(), index: *index });
            }
        }
        // From the bottom, so that it holds for each name.
        removals.reverse();
        removals
    }

    /// What is written, in the order in which it is to be inserted above all fields: the status comes last, and so first in the
    /// header.
    pub(crate) fn stamps(&self, stamp: Stamp<'_>) -> Vec<HeaderChange> {
        let Stamp { verdict, thresholds, is_partial, results } = stamp;
        let mut changes = Vec::new();
        changes.extend(results.map(|results| insert(RESULTS, clean(results))));
        if self.config.reasons && !verdict.reasons.is_empty() {
            changes.push(folded("X-Switchback-Reasons", &reasons(&verdict.reasons)));
        }
        if let Some(scl) = verdict.scl.filter(|_| self.config.scl) {
            changes.push(insert("X-MS-Exchange-Organization-SCL", scl.to_string()));
        }
        if self.config.x_spam {
            let required = required(thresholds);
            let tests = if self.config.reasons { &verdict.reasons[..] } else { &[] };
            changes.extend(spam_status(verdict, required, tests).map(|words| folded("X-Spam-Status", &words)));
            changes.extend(verdict.is_flagged().then(|| insert("X-Spam-Flag", "YES".to_owned())));
        }
        changes.push(folded("X-Switchback-Status", &status(verdict, thresholds, is_partial)));
        changes
    }

    /// What is written where no slot was asked: that nobody scored the message, and why, in one word.
    pub(crate) fn unscanned(&self, why: &str, is_partial: bool, results: Option<&str>) -> Vec<HeaderChange> {
        let mut changes = Vec::new();
        changes.extend(results.map(|results| insert(RESULTS, clean(results))));
        let mut words = vec!["Unscanned,".to_owned(), format!("reason={}", status::word(why))];
        words.extend(is_partial.then(|| "partial=yes".to_owned()));
        changes.push(folded("X-Switchback-Status", &words));
        changes
    }

    fn is_removed(&self, field: &Field<'_>, authserv_id: &str) -> bool {
        if field.is(RESULTS) {
            return authserv_id::read(field.value()).is_some_and(|id| authserv_id::is_of(&id, authserv_id));
        }
        self.is_named(field)
    }

    /// Whether fields of this name may be removed.
    fn is_named(&self, field: &Field<'_>) -> bool {
        let name = field.name().trim_ascii_end();
        field.is(RESULTS) || self.removed.iter().any(|pattern| pattern.fits(name))
    }
}

impl Pattern {
    fn of(name: &str) -> Self {
        match name.strip_suffix('*') {
            Some(beginning) => Self::Beginning(beginning.to_owned()),
            None => Self::Name(name.to_owned()),
        }
    }

    fn fits(&self, name: &[u8]) -> bool {
        match self {
            Self::Name(removed) => name.eq_ignore_ascii_case(removed.as_bytes()),
            Self::Beginning(beginning) => {
                name.get(..beginning.len()).is_some_and(|name| name.eq_ignore_ascii_case(beginning.as_bytes()))
            }
        }
    }
}

fn insert(name: &str, value: String) -> HeaderChange {
    HeaderChange::Insert { name: name.to_owned(), value }
}

fn folded(name: &str, words: &[String]) -> HeaderChange {
    insert(name, fold(name, words.iter().map(String::as_str)))
}

/// A value in lines of printable ASCII: an LF stays only where a space or tab follows it.
fn clean(value: &str) -> String {
    let mut characters = value.chars().peekable();
    let mut clean = String::with_capacity(value.len());
    while let Some(character) = characters.next() {
        let is_fold = character == '\n' && matches!(characters.peek(), Some(' ' | '\t'));
        match character {
            '\n' if is_fold => clean.push('\n'),
            ' '..='~' | '\t' => clean.push(character),
            _ => clean.push('?'),
        }
    }
    clean
}

#[cfg(test)]
mod tests;
