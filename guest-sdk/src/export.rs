//! The sandbox's side of [`export!`](crate::export): the contract's bindings, and what runs between them
//! and a model.

use crate::log::Level;
use crate::message::Message;
use crate::score::Category;
use crate::scorer::{Outcome, Scorer};
use std::cell::RefCell;
use std::hint::black_box;

#[expect(missing_docs, reason = "generated; what it means is documented in the contract")]
pub mod bindings;

use bindings::switchback::scoring::{assessment as wit, log as wit_log};

/// The heap that is left free for scoring when a model has been prepared. Growing memory while a message
/// is scored costs two system calls and a lock that all threads share; a message of the usual size, its
/// text, links and features fit in this. More is not free either: after every message the host looks at
/// each page of the memory, used or not.
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
pub fn prepare<S: Scorer>(model: &Model<S>, mut data: Vec<u8>) -> Result<(), String> {
    report_panics();
    let prepared = S::prepare(&data).map_err(|error| error.to_string())?;
    // What is left in freed memory is stored in the release: a second copy of the data, for nothing.
    data.fill(0);
    drop(black_box(data));
    *model.0.borrow_mut() = Some(prepared);
    drop(black_box(Vec::<u8>::with_capacity(SPARE_HEAP_BYTES)));
    Ok(())
}

/// Runs a model's [`Scorer::score`].
pub fn score<S: Scorer>(model: &Model<S>, message: &bindings::Message) -> Result<wit::Outcome, String> {
    let mut model = model.0.borrow_mut();
    let model = model.as_mut().ok_or("the model was never prepared: pack it with `switchback pack`")?;
    match model.score(Message::of(message)).map_err(|error| error.to_string())? {
        Outcome::Abstain(why) => Ok(wit::Outcome::Abstain(crate::score::cut(why, 256))),
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

/// Hands a line to the host.
pub(crate) fn log(level: Level, line: &str) {
    let level = match level {
        Level::Error => wit_log::Level::Error,
        Level::Warn => wit_log::Level::Warn,
        Level::Info => wit_log::Level::Info,
        Level::Debug => wit_log::Level::Debug,
    };
    wit_log::log(level, line);
}

/// Tells the host what a panic said and where, before the trap that follows.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| log(Level::Error, &panic.to_string())));
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
