//! Messages that `switchback impact` has listed, found among those that are held.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use switchback::journal::{JournalReader, MessageIds, RecordedMessage};
use switchback::message::Fingerprint;
use switchback::verdict::RecordId;
use switchback::{Action, Digest, Message};
use switchback_corpus::STDIN;
use switchback_gateway::held::HeldMessage;

use super::place::Place;
use crate::journal;

/// How `switchback impact` calls what a release has held back.
const HELD_BACK: &str = "held-back";

/// A message that was listed, as a line of JSON or of values has it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) id: RecordId,
    direction: String,
    /// What was decided.
    action: Action,
    /// Of the message as it was judged; in the CSV, `message`.
    #[serde(alias = "message")]
    digest: Digest,
    pub(super) message_id: Option<String>,
    fingerprint: Fingerprint,
}

impl Listed {
    /// Whether the release flagged it, and the other would not have.
    pub(super) fn is_held_back(&self) -> bool {
        self.direction == HELD_BACK
    }
}

/// What was found of a list.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) held: BTreeSet<RecordId>,
    /// Records of messages that are listed and not held here.
    pub(super) missing: Vec<RecordId>,
    /// Listed messages that the release let through: there is nothing to give back.
    pub(super) let_through: u64,
    /// Listed messages that nothing says were held: `switchback held move` finds those that were delivered.
    pub(super) not_held: u64,
}

/// Reads what `switchback impact --json` or `--csv` has printed.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Listed>> {
    let read = || {
        if path.as_os_str() == STDIN {
            return listed(io::stdin().lock());
        }
        listed(BufReader::new(File::open(path)?))
    };
    read().with_context(|| format!("{} is not what `switchback impact --json` or --csv prints", path.display()))
}

fn listed(mut text: impl BufRead) -> anyhow::Result<Vec<Listed>> {
    let is_json = text.fill_buf()?.first().is_none_or(|first| *first == b'{');
    if !is_json {
        let mut rows = csv::Reader::from_reader(text);
        // A text without a second line would have no row that could be wrong.
        let columns = rows.headers()?;
        if !["id", "direction", "action", "message"].iter().all(|name| columns.iter().any(|column| column == *name)) {
            bail!("its first line does not name the columns");
        }
        return Ok(rows.deserialize().collect::<Result<_, _>>()?);
    }
    let mut all = Vec::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(&line?)?;
        // The last line has the counts.
        if line.get("id").is_some() {
            all.push(serde_json::from_value(line)?);
        } else if line.get("against").is_none() {
            bail!("a line is neither a message nor the counts");
        }
    }
    Ok(all)
}

/// Finds what is listed: by its record first, then by the message itself, as a journal would name it.
pub(super) fn find(listed: Vec<Listed>, held: &[HeldMessage], place: &Place<'_>) -> anyhow::Result<Found> {
    let ids: BTreeSet<_> = held.iter().map(|message| message.id).collect();
    let mut found = Found::default();
    let mut unknown = Vec::new();
    for one in listed {
        match one.direction.as_str() {
            HELD_BACK if ids.contains(&one.id) => _ = found.held.insert(one.id),
            HELD_BACK if place.holds(one.action) => unknown.push(one),
            HELD_BACK => found.not_held += 1,
            _ => found.let_through += 1,
        }
    }
    let names = if unknown.is_empty() { Names::default() } else { Names::of(held, &found.held, place)? };
    for one in unknown {
        match names.the_only(&one) {
            Some(id) => _ = found.held.insert(id),
            None => found.missing.push(one.id),
        }
    }
    Ok(found)
}

/// Messages that are held, by what a journal keeps of them.
#[derive(Default)]
struct Names {
    digests: BTreeMap<Digest, Vec<RecordId>>,
    /// By Message-ID, hashed and in clear, and campaign.
    alike: BTreeMap<(String, String), Vec<RecordId>>,
}

impl Names {
    fn of(held: &[HeldMessage], known: &BTreeSet<RecordId>, place: &Place<'_>) -> anyhow::Result<Self> {
        // Without a journal, or its key, there is no hashed Message-ID to look for.
        let reader = place.store_dir().ok().and_then(|dir| JournalReader::open(journal::of_store(&dir)).ok());
        let mut names = Self::default();
        for message in held.iter().filter(|message| !known.contains(&message.id)) {
            names.digests.entry(message.digest).or_default().push(message.id);
            let parsed = Message::parse(place.spool.bytes(message.id)?);
            let fingerprint = parsed.fingerprint().to_string();
            let recorded = |ids| reader.as_ref().and_then(|reader| reader.mail(&parsed, ids));
            let recorded = [MessageIds::Hashed, MessageIds::Plain].into_iter().filter_map(recorded);
            let hashed = recorded.filter_map(|mail: RecordedMessage| mail.message_id);
            let clear = message.message_id.iter().cloned();
            let of_one: BTreeSet<_> = hashed.map(|id| id.as_ref().to_owned()).chain(clear).collect();
            for name in of_one {
                names.alike.entry((name, fingerprint.clone())).or_default().push(message.id);
            }
        }
        Ok(names)
    }

    /// The message that is meant, unless several could be.
    fn the_only(&self, listed: &Listed) -> Option<RecordId> {
        let by_name = || self.alike.get(&(listed.message_id.clone()?, listed.fingerprint.to_string()));
        match self.digests.get(&listed.digest).or_else(by_name)?[..] {
            [id] => Some(id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01938a4e-7c1b-7000-8000-0242ac120002";

    #[test]
    fn both_forms_of_a_list_are_read_and_nothing_else() {
        let digest = "ab".repeat(32);
        let fingerprint = Message::parse("x").fingerprint();
        let json = format!(
            "{{\"id\":\"{ID}\",\"direction\":\"held-back\",\"action\":\"junk\",\"digest\":\"{digest}\",\"message_id\":null,\"fingerprint\":\"{fingerprint}\",\"new\":1}}\n{{\"release\":{{}},\"against\":{{}}}}\n"
        );
        let csv = format!(
            "id,at,direction,action,message,message_id,fingerprint\n{ID},now,held-back,junk,{digest},,{fingerprint}\n"
        );
        for text in [json, csv] {
            let all = listed(text.as_bytes()).unwrap();
            assert_eq!(
                (all.len(), all[0].id.to_string().as_str(), all[0].message_id.as_deref()),
                (1, ID, None),
                "{text}"
            );
        }
        assert!(listed(&b""[..]).unwrap().is_empty());
        for text in ["{\"id\": 1}", "{}", "{\"x\": 1}", "id\nx\n", "hello\nworld\n"] {
            assert!(listed(text.as_bytes()).is_err(), "{text}");
        }
    }
}
