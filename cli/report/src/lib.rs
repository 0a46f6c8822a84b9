//! How two releases differ, for people: as text for a terminal of 80 columns and as one page that needs nothing else; and what came of
//! a training, as text.
//!
//! `switchback compare` and `switchback train` print them, and so does the Python package. A part of the command, whose version it has: its items may
//! change with any version.

#![forbid(unsafe_code)]

mod page;
pub mod show;
mod shown;
mod text;
mod training;
mod words;

pub use page::PageError;
pub use shown::{SUBJECT_CHARS_MAX, Shown};
pub use training::TrainingShown;
pub use words::unanswered;
