//! The sandbox's side of [`export!`](crate::export): the contract's bindings, and what runs between them
//! and a model.

use crate::cut::{LINE_BYTES_MAX, NOTE_BYTES_MAX, cut};
use crate::error::Error;
use crate::log::{Level, log};
use crate::message::Message;
use crate::score::Category;
use crate::scorer::{Outcome, Scorer};
use std::cell::RefCell;
use std::hint::black_box;
use std::panic::PanicHookInfo;

#[expect(missing_docs, reason = "generated; what it means is documented in the contract")]
pub mod bindings;
mod freed;
mod lines;

pub use lines::print;

use bindings::switchback::scoring::assessment as wit;

/// The heap that is left free for scoring when a model has been prepared. Growing memory while a message
/// is scored costs two system calls and a lock that all threads share; a message of the usual size, its
/// text, links and features fit in this. More would cost a message little: for a page that it does not touch the
/// host takes a nanosecond, for one that it writes 36. But it would count towards the model's limit of memory.
const SPARE_HEAP_BYTES: usize = 256 << 10;

/// Where a component keeps its model: the memory is single-threaded and holds one.
#[derive(Debug)]
pub struct Model<S>(RefCell<Option<S>>);

impl<S> Model<S> {
    /// No model yet.
    pub const fn empty() -> Self {
        Self(RefCell::new(None))
    }
}

/// Runs a model's [`Scorer::prepare`] and keeps the model.
pub fn prepare<S: Scorer>(model: &Model<S>, data: Vec<u8>) -> Result<(), String> {
    std::panic::set_hook(Box::new(report));
    let prepared = S::prepare(&data);
    lines::flush();
    *model.0.borrow_mut() = Some(prepared.map_err(said)?);
    drop(data);
    freed::wipe();
    drop(black_box(Vec::<u8>::with_capacity(SPARE_HEAP_BYTES)));
    Ok(())
}

/// Runs a model's [`Scorer::score`].
pub fn score<S: Scorer>(model: &Model<S>, message: &bindings::Message) -> Result<wit::Outcome, String> {
    let mut model = model.0.borrow_mut();
    let model = model.as_mut().ok_or("the model was never prepared: pack it with `switchback pack`")?;
    let outcome = model.score(Message::of(message));
    lines::flush();
    match outcome.map_err(said)? {
        Outcome::Abstain(why) => Ok(wit::Outcome::Abstain(cut(why, NOTE_BYTES_MAX))),
        Outcome::Scored(score) => {
            let assessment = score.into_assessment();
            Ok(wit::Outcome::Scored(wit::Assessment {
                score: assessment.score,
                category: assessment.category.into_wit(),
                reasons: assessment.reasons,
            }))
        }
    }
}

/// An error's text as the host is told it.
fn said(error: Error) -> String {
    cut(error.to_string(), LINE_BYTES_MAX)
}

/// Tells the host what a panic said and where, before the trap that follows.
fn report(panic: &PanicHookInfo<'_>) {
    lines::flush();
    let is_system = panic.location().is_some_and(|place| place.file().contains("/library/std/src/sys/"));
    let hint = if is_system { " (a model has no clock, no threads, no files and no network)" } else { "" };
    let place = panic.location().map(|place| format!(" at {place}{hint}")).unwrap_or_default();
    log(
        Level::Error,
        &match panic.payload_as_str() {
            Some("") => format!("panicked{place}"),
            Some(message) => format!("panicked{place}: {message}"),
            None => format!("panicked{place} with a value that is not a text"),
        },
    );
}

impl Category {
    fn into_wit(self) -> wit::Category {
        match self {
            Self::Ham => wit::Category::Ham,
            Self::Bulk => wit::Category::Bulk,
            Self::Spam => wit::Category::Spam,
            Self::Phish => wit::Category::Phish,
            Self::Spoof => wit::Category::Spoof,
            Self::Malware => wit::Category::Malware,
        }
    }
}
