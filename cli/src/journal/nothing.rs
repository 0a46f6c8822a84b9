//! What is said where nothing of a journal is as asked for.

use switchback::{Extent, JournalReader};

use crate::exit;
use crate::moment::began;
use crate::show;
use crate::store::text::instant;
use crate::window::Window;

/// Says on stderr that nothing is as asked for, and what there is: whoever mistyped a time should not take that for an answer.
pub(crate) fn say_nothing(reader: &JournalReader, window: Window) -> anyhow::Result<()> {
    exit::say(&format!("no record is as asked for: {}", there_is(&reader.extent()?, window)));
    Ok(())
}

/// `the journal has 120 records, from 2026-04-25 09:24:00 UTC to 2026-04-25 10:24:00 UTC, and --since is in the future`.
pub(crate) fn there_is(extent: &Extent, window: Window) -> String {
    let Some((first, last)) = extent.judged else { return "the journal has no record yet".to_owned() };
    let records = show::counted(extent.records, "record");
    let misses = window.misses(began(), (first, last)).map_or_else(String::new, |why| format!(", and {why}"));
    format!("the journal has {records}, from {} to {}{misses}", instant(first), instant(last))
}
