//! Embed sandboxed scoring models in a mail filter; swap and revert them between two messages.
//!
//! A *model* is a WebAssembly component that scores a message. A *release* is one version of it, packed as
//! one file with a digest. A *slot* is the place in your filter where a verdict is used; its *route* says
//! which release is live there, and changes between two messages.
//!
//! ```no_run
//! use switchback::{Message, Runtime, SlotConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::builder().slot(SlotConfig::new("inbound")).build()?;
//! let slot = runtime.slot("inbound")?;
//!
//! let v1 = runtime.load("linear-1.0.0.wasm")?;
//! slot.promote(&v1)?;
//!
//! let message = Message::parse(std::fs::read("message.eml")?);
//! let verdict = slot.score(&message); // from any number of threads
//! println!("{} by {}", verdict.action, verdict.decided_by);
//!
//! let v2 = runtime.load("linear-1.1.0.wasm")?; // compiles here; scoring goes on
//! slot.promote(&v2)?; // the next message is judged by v2
//! slot.revert()?; // the next one by v1 again
//! # Ok(())
//! # }
//! ```
//!
//! Several processes follow one *store*, a folder with a ledger of who changed what ([`RuntimeBuilder::store_dir`]);
//! an operator changes it with [`Control`] or the command `switchback`, and they all obey within milliseconds.
//!
//! # Invariants
//! * A message is judged by one route, read once; its verdict names release and generation.
//! * A revert compiles nothing, loads nothing and allocates nothing before it takes effect.
//! * Every message gets a pristine instance; a guest that misbehaves affects that one message.
//! * A guest imports the scoring contract and nothing else, so a verdict can be computed again bit for bit.
//! * Scoring waits for nobody: not for a load, a compile or a change of route.
//! * No message is accepted in silence: a verdict that no model made says so.
//!
//! # Where what is
//! What every filter needs is here; the rest is in a module for each subject, best read in this order:
//!
//! | module | what |
//! |---|---|
//! | [`message`] | what a filter hands over, and the facts that are read from it |
//! | [`verdict`] | what the host decides, by thresholds, failure policies and overrides |
//! | [`release`] | what a release file holds, what makes one acceptable, signatures |
//! | [`route`] | roles, shares of canaries, shadows |
//! | [`runtime`] | how a runtime is configured, followed and ended |
//! | [`control`] | operations, the ledger, stores, rollouts: what an operator does |
//! | [`journal`] | the record of verdicts, and questions to it |
//! | [`compare`] | how two releases differ on the same messages |
//! | [`guard`] | what takes a harmful release back without a human |
//! | [`alert`] | who is told, and how |
//! | [`backup`] | a store in one file |
//! | `tokio` | scoring from an asynchronous filter, with the feature of that name |
//! | [`files`] | files that are whole or not there, and what the system lacks, in words |
//!
//! Types of other crates that show in signatures are re-exported: [`jiff`], [`ipnet`], [`semver`], [`uuid`].
//!
//! # Events
//! What goes on is told through [`tracing`](https://docs.rs/tracing), under targets that begin with `switchback`: install a
//! subscriber, such as `tracing_subscriber::fmt::init()`, to see it. `docs/embedding.md` lists targets and levels.
//!
//! # Features
//! Without any of them a filter has messages, releases, the sandbox and slots whose routes it changes itself, with canaries, shadows
//! and their comparison.
//!
#![cfg_attr(feature = "document-features", doc = document_features::document_features!())]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]

#[cfg(feature = "store")]
pub mod alert;
#[cfg(all(feature = "store", feature = "journal"))]
pub mod backup;
pub mod compare;
#[cfg(feature = "store")]
pub mod control;
pub mod files;
pub mod guard;
#[cfg(feature = "journal")]
pub mod journal;
pub mod message;
pub mod release;
pub mod route;
pub mod runtime;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod verdict;

mod life;
mod limits;
#[cfg(not(feature = "metrics"))]
mod metric;

#[cfg(feature = "metrics")]
use metrics as metric;

pub use {ipnet, jiff, semver, uuid};

#[cfg(feature = "store")]
pub use control::Control;
pub use message::{AuthResult, Authentication, Client, Envelope, Message, MessageBuilder};
pub use release::{Digest, Limits, ReleaseId};
pub use route::RouteError;
pub use runtime::{
    BuildError, Fault, LoadError, LocalRuntime, LocalSlot, Runtime, RuntimeBuilder, RuntimeGone, ScoreError, Scored,
    ShutdownError, Slot, SlotConfig, UnknownSlot, UnloadError,
};
pub use verdict::{Action, Category, FailurePolicy, Scl, Thresholds, Verdict};
