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
//! let slot = runtime.slot("inbound").ok_or("no such slot")?;
//!
//! let v1 = runtime.load("linear-1.0.0.wasm")?;
//! slot.promote(&v1)?;
//!
//! let message = Message::parse(std::fs::read("message.eml")?);
//! let verdict = slot.score(&message); // from any number of threads
//! println!("{} {:?} by {:?}", verdict.action, verdict.score, verdict.release);
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

#![deny(unsafe_code)]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "switchback runs on Linux: stores, signals and priorities are used as Linux has them; on another system, put the filter \
     into a container or a virtual machine"
);

pub mod alert;
mod backup;
mod beginning;
mod clock;
pub mod compare;
mod contain;
mod control;
mod forked;
pub mod guard;
mod guard_store;
mod journal;
mod lasting;
mod life;
mod limits;
mod log;
mod message;
mod name;
mod organisation;
pub mod output;
mod private;
mod rate;
mod release;
mod route;
mod runtime;
mod sandbox;
mod shortage;
mod sqlite;
mod timing;
mod verdict;

pub use backup::{BackedUp, Backup, BackupError, Contents, Restore, Restored};
pub use control::{
    Accept, Acknowledgement, Acknowledgements, Admission, Anachronism, Broken, Control, ControlError, ControlStore,
    Damage, Drafted, Emergency, Entry, Event, FileFault, GuardAction, InvalidPlan, LayoutError, Ledger,
    LoadReleaseError, LoadedRelease, Mark, Membership, NewProcess, NewerEvent, Note, Obeyed, Operation, OutOfTime,
    Pause, Plan, Preparation, Process, Progress, PromoteError, Promotion, Proposal, Recovered, Refused, Request,
    Rollout, SlotState, SqliteStore, State, Step, StoreError, StoredRelease, Tail, TrustList, TrustRefused, TrustedKey,
    Trying, Untrusted, Waited, Watch, Watched, Who, Witness,
};
pub use forked::Forked;
pub use guard_store::{
    Condition, GuardReader, GuardStore, GuardStoreError, Health, KeptAlert, Lesson, Loss, NotedPair, NotedPairs,
    SegmentTally, TrialKey, TrialRecord,
};
pub use journal::{
    Direction, Exported, Extent, Impact, ImpactCounts, ImpactQuery, Impacted, InvalidRecordId, Journal, JournalConfig,
    JournalCounts, JournalError, JournalReader, KnownBy, Latest, Likeness, Mail, MessageIds, NoSource, Overflow, Query,
    Record, RecordId, RecordedOpinion, RecordedPair, Rescore, Rescored,
};
pub use lasting::{InvalidLasting, Lasting};
pub use life::RuntimeGone;
pub use limits::Limits;
pub use log::{LogLevel, LogLine, Logged};
pub use message::{
    Attachment, Attachments, AuthResult, Authentication, Author, Authorship, Client, Content, Counts, Defects, Doubt,
    Envelope, Fingerprint, Header, HeaderFields, InvalidFingerprint, Link, Links, Mailbox, Message, MessageBuilder,
    Reading, Recipient, RecipientList, Recipients,
};
pub use private::NotPrivate;
pub use rate::Rate;
pub use release::{
    CHECKSUM_SECTION, CONTRACT_SECTION, CONTRACT_VERSION, Card, Digest, Draft, InvalidDigest, InvalidKeyId,
    InvalidManifest, InvalidModelName, InvalidPublicKey, InvalidSignature, InvalidVersion, KeyId, MANIFEST_SECTION,
    MODEL_NAME_BYTES_MAX, Manifest, ManifestLimits, ModelName, Outline, PublicKey, Reads, Refusal, ReleaseId,
    SELF_TESTS_MAX, Scale, Seal, SelfTest, Signature, SignatureError, UnreadableSignature, Unsealed, VERSION_BYTES_MAX,
    Verified, parse_version, read_signature, read_version, seal, signature_path, trusted_comment,
};
pub use route::{
    BASIS_POINTS, Buckets, Canary, CanaryKey, CoolOff, InvalidSalt, RouteError, Salt, SegmentRule, Shadow, Share,
};
pub use runtime::{
    BuildError, EndStage, FollowTrouble, Following, LoadCounts, LoadError, LoadFault, Reverted, Runtime,
    RuntimeBuilder, ShutdownError, Slot, SlotConfig, UnloadError,
};
pub use sandbox::{AddressSpace, Fault, ScoreError, Scored, Traps};
pub use shortage::InWords;
pub use timing::Timing;
pub use verdict::{
    Action, Answer, Assessment, Category, Cause, DecidedBy, Dropped, Effect, FailurePolicy, InvalidAction,
    InvalidAssessment, InvalidOverride, InvalidRole, InvalidThresholds, Matcher, May, Network, Opinion, Outcome,
    Override, Overrides, Reason, ReleaseLog, Role, Rule, Said, Scl, Scope, SenderAddress, SenderDomain, Senders,
    Thresholds, Verdict,
};
