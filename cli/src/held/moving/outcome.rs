//! What became of messages, and how it is printed.

use std::io::{self, StdoutLock, Write as _};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::Event;
use switchback::verdict::RecordId;

use crate::exit::{self, Exit};
use crate::schema::json_line;
use crate::show;
use crate::store::text::LINE_CHARS_MAX;

/// What became of one message in the mailboxes of one user.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Moved {
    id: RecordId,
    /// Whose it is, as Dovecot calls the user; none if no mailbox has it.
    user: Option<String>,
    outcome: OutcomeKind,
    why: Option<String>,
}

/// What became of one message.
#[derive(Clone, Copy, Debug, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OutcomeKind {
    /// It was moved back.
    Moved,
    /// It would be moved.
    Found,
    /// It was in the other mailbox already, and stays there.
    AlreadyThere,
    /// Several could be meant, and none was moved.
    Refused,
    /// It was to be moved, and is not.
    Failed,
    /// It is held, and was never delivered.
    Held,
    /// It is in neither mailbox.
    Absent,
}

/// What became of all messages. A message to several users counts for each.
#[derive(Debug, Default, JsonSchema, Serialize)]
pub(super) struct Counts {
    dry_run: bool,
    /// The event of the ledger; none if nothing was to be moved.
    event: Option<Event>,
    /// Moved back.
    moved: u64,
    /// Would be moved; none unless this is a dry run.
    found: u64,
    /// In the other mailbox already.
    already_there: u64,
    /// Not moved, because several could be meant.
    refused: u64,
    /// Not moved, although they should have been.
    failed: u64,
    /// Still held: `held release` delivers them.
    held: u64,
    /// In neither mailbox: refused by the filter, or moved elsewhere or deleted by their users.
    absent: u64,
}

impl Moved {
    pub(super) fn of(id: RecordId, user: &str, outcome: OutcomeKind, why: Option<&str>) -> Self {
        Self { id, user: Some(user.to_owned()), outcome, why: why.map(str::to_owned) }
    }

    /// A message that is in no mailbox.
    pub(super) fn nowhere(id: RecordId, is_held: bool) -> Self {
        let (outcome, why) = match is_held {
            true => (OutcomeKind::Held, "it is held: release it first"),
            false => (OutcomeKind::Absent, "it is in neither mailbox of anybody"),
        };
        Self { id, user: None, outcome, why: Some(why.to_owned()) }
    }

    pub(super) fn is(&self, user: &str, id: RecordId) -> bool {
        self.id == id && self.user.as_deref() == Some(user)
    }

    pub(super) fn outcome(&self) -> OutcomeKind {
        self.outcome
    }
}

impl OutcomeKind {
    /// Its name, as in JSON.
    fn name(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Found => "found",
            Self::AlreadyThere => "already-there",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Absent => "absent",
        }
    }
}

/// What is printed.
pub(super) struct Report {
    out: StdoutLock<'static>,
    is_json: bool,
    counts: Counts,
    exit: Exit,
}

impl Report {
    pub(super) fn new(is_json: bool, dry_run: bool) -> Self {
        let counts = Counts { dry_run, ..Counts::default() };
        Self { out: io::stdout().lock(), is_json, counts, exit: Exit::Fine }
    }

    pub(super) fn event(&mut self, event: Event) {
        self.counts.event = Some(event);
    }

    pub(super) fn trouble(&mut self, what: &str) {
        self.exit = Exit::Found;
        exit::say(what);
    }

    pub(super) fn one(&mut self, moved: Moved) -> anyhow::Result<()> {
        let counts = &mut self.counts;
        *match moved.outcome {
            OutcomeKind::Moved => &mut counts.moved,
            OutcomeKind::Found => &mut counts.found,
            OutcomeKind::AlreadyThere => &mut counts.already_there,
            OutcomeKind::Refused => &mut counts.refused,
            OutcomeKind::Failed => &mut counts.failed,
            OutcomeKind::Held => &mut counts.held,
            OutcomeKind::Absent => &mut counts.absent,
        } += 1;
        if self.is_json {
            json_line(&moved, &mut self.out)?;
        } else {
            let said = |text: &Option<String>| show::printable(text.as_deref().unwrap_or_default(), LINE_CHARS_MAX);
            let (user, why) = (said(&moved.user), said(&moved.why));
            let line = format!("{}  {:<13}  {user}  {why}", moved.id, moved.outcome.name());
            writeln!(self.out, "{}", line.trim_end())?;
        }
        // Somebody may wait for each.
        Ok(self.out.flush()?)
    }

    pub(super) fn finish(mut self) -> anyhow::Result<Exit> {
        let Counts { dry_run, event, moved, found, already_there, refused, failed, held, absent } = &self.counts;
        let is_incomplete = [refused, failed, held, absent].into_iter().any(|count| *count > 0);
        let event = event.as_ref().map_or_else(String::new, |event| format!("event {}: ", event.sequence));
        let others =
            format!("{already_there} already there, {refused} refused, {held} held, {absent} in neither mailbox");
        let line = match dry_run {
            true => format!("nothing was changed; {} would be moved, {others}", show::counted(*found, "message")),
            false => format!("{event}{moved} moved, {failed} failed, {others}"),
        };
        if self.is_json {
            json_line(&self.counts, &mut self.out)?;
        } else {
            writeln!(self.out, "{line}")?;
        }
        self.out.flush()?;
        Ok(if is_incomplete { Exit::Found } else { self.exit })
    }
}
