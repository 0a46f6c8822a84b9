//! Messages from wherever people keep them: files, folders, mbox, Maildir, standard input; compressed or not.
//!
//! In which format a file is, [`Format`] says, or its place and name, or its whole content: never a single line. What is no
//! message is left out, and that is an error of its own kind ([`Unread`]); what mail programs keep beside messages is passed
//! over, and said once.
//!
//! ```no_run
//! use switchback::Message;
//! use switchback_corpus::{Corpus, Format, Reading};
//!
//! let reading = Reading { format: Format::Auto, sidecars: true };
//! for entry in Corpus::open(&["Maildir".into()], reading, |remark| eprintln!("{remark}")) {
//!     match entry.read() {
//!         (name, Ok(raw)) => println!("{name}: {}", Message::parse(raw.bytes).subject()),
//!         (name, Err(unread)) => eprintln!("{}", unread.about(&name)),
//!     }
//! }
//! ```
//!
//! A part of the command `switchback`: this crate's items may change with any version.
//!
//! # Features
//! None is needed.
#![cfg_attr(feature = "document-features", doc = document_features::document_features!())]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod address;
mod compressed;
mod content;
mod corpus;
mod files;
mod format;
mod header;
mod mail;
mod maildir;
mod mbox;
mod passed;
mod sidecar;
mod size;
pub mod text;
mod unread;

pub use corpus::{Corpus, Entry, RawMessage, Reading};
pub use files::STDIN;
pub use format::Format;
pub use mail::Mail;
pub use sidecar::{Peer, Sidecar, Transaction};
pub use size::read_bounded;
pub use unread::{Missed, Unread};
