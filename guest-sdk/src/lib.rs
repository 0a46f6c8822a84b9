//! Write a scoring model for [Switchback](https://github.com/switchback-filter/switchback).
//!
//! A model is a type that implements [`Scorer`], in a library crate of the types `cdylib` and `rlib`:
//!
//! ```
//! use switchback_guest::{Category, Error, Message, Outcome, Score, Scorer};
//!
//! /// Suspects mail whose subject asks for a password.
//! struct Passwords;
//!
//! impl Scorer for Passwords {
//!     fn prepare(_data: &[u8]) -> Result<Self, Error> {
//!         Ok(Self)
//!     }
//!
//!     fn score(&mut self, message: &Message) -> Result<Outcome, Error> {
//!         let mut score = Score::log_odds();
//!         score.add("USUAL_MAIL", -3.0, "most mail is wanted");
//!         if message.subject().to_lowercase().contains("password") {
//!             score.add("ASKS_PASSWORD", 4.0, "the subject asks for a password");
//!         }
//!         Ok(score.category(Category::Phish).into())
//!     }
//! }
//!
//! switchback_guest::export!(Passwords);
//!
//! // A unit test needs no sandbox: natively, a message is built by hand.
//! # fn main() -> Result<(), Error> {
//! let mut model = Passwords::prepare(&[])?;
//! let message = Message::builder().subject("Your PASSWORD expires today").build();
//! let assessment = model.score(&message)?.into_assessment().ok_or("the model abstained")?;
//! assert_eq!(assessment.category, Category::Phish);
//! assert!((assessment.score - 0.731).abs() < 0.001);
//! # Ok(())
//! # }
//! ```
//!
//! `switchback pack` builds the crate for `wasm32-unknown-unknown`, runs [`Scorer::prepare`] once with the
//! file that `switchback.toml` names, and keeps the memory as it is then: that is where every message
//! starts. [`features`] has what text models need. The repository's `docs/first-model.md`, *Your first
//! model*, goes from nothing to a signed release in a filter.
//!
//! # Looking inside
//! A model says what it does with [`log`](fn@crate::log), or with this crate's [`println!`](macro@crate::print::println),
//! [`eprintln!`](macro@crate::print::eprintln) and [`dbg!`](macro@crate::print::dbg):
//!
//! ```
//! use switchback_guest::print::{dbg, println};
//!
//! # let subject = "hello";
//! println!("a subject of {} bytes", subject.len());
//! let words = dbg!(subject.split(' ').count());
//! # assert_eq!(words, 1);
//! ```
//!
//! `switchback pack` shows the lines of `prepare` and of the self-tests, `switchback score -v` those of each message. The
//! macros of the standard library with these names compile too, and what they print **is lost**: a sandbox has no standard
//! output. So import these.
//!
//! # What holds
//! * **Nothing is remembered from message to message**: each is scored by a fresh instance. `&mut self` is
//!   there so that buffers can be reused, and natively, where the instance does stay, a model has to
//!   clear them itself.
//! * **A model sees what its manifest declares.** A method of [`Message`] whose group is not in the
//!   manifest's `reads` traps; each says to which group it belongs.
//! * **A static that is filled when it is first used is filled for every message**: what a regular expression or a table takes to
//!   build belongs into [`Scorer::prepare`], and its result into the model.
//! * **The order of a `HashMap` changes with the code around it**, and with it the last bits of a sum: a model that adds up what one
//!   holds takes a `BTreeMap`, or sorts first.
//! * **There is no clock, no randomness, no file and no network**: the same message has the same score for
//!   ever. [`std::time`] and the like panic.
//! * **A panic is an error of this one message.** Its text and place appear in the error the host
//!   reports. The place is in the model where one of these functions was called with what it does not take.
//! * **A text that is too long is cut**, never refused: notes and abstentions at 256 bytes, errors, log lines and panics at
//!   1,024, names of reasons at 64.
//! * **What `prepare` frees is not in the release**: it is filled with zeros first, whichever allocator a model has. But a
//!   WebAssembly memory never shrinks, so it counts for `limits.memory_bytes_max`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod cut;
mod error;
#[cfg(target_arch = "wasm32")]
mod export;
pub mod features;
mod log;
mod macros;
mod message;
pub mod print;
mod score;
mod scorer;

pub use error::Error;
pub use log::{Level, log};
#[cfg(not(target_arch = "wasm32"))]
pub use message::MessageBuilder;
pub use message::{
    Attachment, Attachments, AuthResult, Authentication, Client, Content, Counts, Defects, Envelope, Features,
    HeaderField, HeaderFields, Link, Links, Mailbox, Message, Recipient, Structure,
};
pub use score::{Assessment, Category, REASONS_MAX, Reason, Score};
pub use scorer::{Outcome, Scorer};

/// What [`export!`] expands to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_arch = "wasm32")]
    pub use crate::export::{Model, bindings, prepare, print, print as eprint, score};

    /// Prints to standard output.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn print(text: std::fmt::Arguments<'_>) {
        std::print!("{text}");
    }

    /// Prints to standard error.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn eprint(text: std::fmt::Arguments<'_>) {
        std::eprint!("{text}");
    }

    /// Checks that a type is a model, on every target.
    pub const fn is_scorer<S: crate::Scorer>() {}
}
