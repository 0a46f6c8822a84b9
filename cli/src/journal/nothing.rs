//! What is said where nothing of a journal is as asked for, or not all of it can be read.

use anyhow::bail;
use switchback::journal::{Extent, JournalError, JournalReader, Query};

use crate::exit::{self, Exit};
use crate::moment::began;
use crate::show;
use crate::store::text::instant;
use crate::window::Window;

/// Says on stderr that nothing is as asked for, and what there is: whoever mistyped a time should not take that for an answer.
pub(crate) fn say_nothing(reader: &JournalReader, window: Window) -> anyhow::Result<()> {
    exit::say(&format!("no record matches: {}", there_is(&reader.extent()?, window)));
    Ok(())
}

/// `the journal has 120 records, from 2026-04-25 09:24:00 UTC to 2026-04-25 10:24:00 UTC, and --since is in the future`.
pub(crate) fn there_is(extent: &Extent, window: Window) -> String {
    let Some((first, last)) = extent.judged else { return "the journal has no record yet".to_owned() };
    let records = show::counted(extent.records, "record");
    let misses = window.misses(began(), (first, last)).map_or_else(String::new, |why| format!(", and {why}"));
    format!("the journal has {records}, from {} to {}{misses}", instant(first), instant(last))
}

/// Refuses to say that there is nothing of a Message-ID that nobody could look for.
pub(super) fn check_sought(reader: &JournalReader, query: &Query, is_empty: bool) -> anyhow::Result<()> {
    if is_empty && query.message_id.is_some() && !reader.has_key() {
        bail!("the key of the journal cannot be read, so a hashed Message-ID cannot be searched for");
    }
    Ok(())
}

/// Says what could not be read of a journal.
pub(crate) fn say_unread(unread: &[JournalError]) -> Exit {
    unread.iter().for_each(|error| exit::say(&error.to_string()));
    Exit::found_if(!unread.is_empty())
}
