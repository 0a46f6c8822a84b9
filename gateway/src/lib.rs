//! What every door of a mail server shares, so that none of it is written twice: what is known of a message's transaction,
//! who it is from as authentication proves it, which slot judges it, what the mail server is told, what is stamped, and what
//! is held.
//!
//! A door (the milter, spamd's protocol, HTTP) makes a [`Mail`] of what its protocol tells, asks [`Gateway::judge`], and does
//! what the [`Decision`] says in its protocol's words.

#![forbid(unsafe_code)]

mod apart;
mod authentication;
mod client;
pub mod config;
mod decision;
pub mod door;
mod field;
mod fold;
mod gateway;
pub mod held;
mod limits;
mod mail;
pub mod mailbox;
mod memory;
mod readiness;
mod received;
mod stamp;
mod text;

pub use authentication::AuthenticatorError;
pub use config::{Config, ConfigError};
pub use decision::{Decision, Disposition, HeaderChange, InvalidReply, Reply};
pub use field::{Field, Fields};
pub use gateway::{Gateway, OpenError, ReloadError};
pub use mail::{Direction, Mail, Transaction};
pub use memory::MemoryUse;
pub use readiness::Readiness;
pub use text::Text;
