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

mod life;
mod limits;
mod runtime;

pub use runtime::{
    BuildError, EndStage, FollowTrouble, Following, LoadCounts, LoadError, LoadFault, Reverted, Runtime,
    RuntimeBuilder, ShutdownError, Slot, SlotConfig, UnloadError,
};
pub use switchback_model::gone::{Forked, RuntimeGone};
pub use switchback_model::lasting::{InvalidLasting, Lasting};
pub use switchback_model::limits::Limits;
pub use switchback_model::log::{LogLevel, LogLine, Logged};
pub use switchback_model::message::{
    Attachment, Attachments, AuthResult, Authentication, Author, Authorship, Client, Content, Counts, Defects, Doubt,
    Envelope, Fingerprint, Header, HeaderFields, InvalidFingerprint, Link, Links, Mailbox, Message, MessageBuilder,
    Reading, Recipient, RecipientList, Recipients,
};
pub use switchback_model::rate::Rate;
pub use switchback_model::release::{
    CHECKSUM_SECTION, CONTRACT_SECTION, CONTRACT_VERSION, Card, Digest, Draft, InvalidDigest, InvalidKeyId,
    InvalidManifest, InvalidModelName, InvalidPublicKey, InvalidSignature, InvalidVersion, KeyId, MANIFEST_SECTION,
    MODEL_NAME_BYTES_MAX, Manifest, ManifestLimits, ModelName, Outline, PublicKey, Reads, Refusal, ReleaseId,
    SELF_TESTS_MAX, Scale, Seal, SelfTest, Signature, SignatureError, Unsealed, VERSION_BYTES_MAX, Verified,
    parse_version, read_version, seal, trusted_comment,
};
pub use switchback_model::route::{
    BASIS_POINTS, Buckets, Canary, CanaryKey, CoolOff, InvalidSalt, RouteError, Salt, SegmentRule, Shadow, Share,
};
pub use switchback_model::timing::Timing;
pub use switchback_model::verdict::{
    Action, Answer, Assessment, Category, Cause, DecidedBy, Dropped, Effect, FailurePolicy, InvalidAction,
    InvalidAssessment, InvalidOverride, InvalidRecordId, InvalidRole, InvalidThresholds, Matcher, May, Network,
    Opinion, Outcome, Override, Overrides, Reason, RecordId, ReleaseLog, Role, Rule, Said, Scl, Scope, SenderAddress,
    SenderDomain, Senders, Thresholds, Verdict,
};
pub use switchback_model::{compare, guard};
pub use switchback_sandbox::{AddressSpace, Fault, ScoreError, Scored, Traps};
pub use switchback_store::alert;
pub use switchback_store::backup::{BackedUp, Backup, BackupError, Contents, Restore, Restored};
pub use switchback_store::control::{
    Accept, Acknowledgement, Acknowledgements, Admission, Anachronism, Broken, Control, ControlError, ControlStore,
    Damage, Drafted, Emergency, Entry, Event, FileFault, GuardAction, InvalidPlan, LayoutError, Ledger,
    LoadReleaseError, LoadedRelease, Mark, Membership, NewProcess, NewerEvent, Note, Obeyed, Operation, OutOfTime,
    Pause, Plan, Preparation, Process, Progress, PromoteError, Promotion, Proposal, Recovered, Refused, Request,
    Rollout, SlotState, SqliteStore, State, Step, StoreError, StoredRelease, Tail, TrustList, TrustRefused, TrustedKey,
    Trying, Untrusted, Waited, Watch, Watched, Who, Witness,
};
pub use switchback_store::guard_store::{
    Condition, GuardReader, GuardStore, GuardStoreError, Health, KeptAlert, Lesson, Loss, NotedPair, NotedPairs,
    SegmentTally, TrialRecord,
};
pub use switchback_store::journal::{
    Direction, Exported, Extent, Impact, ImpactCounts, ImpactQuery, Impacted, Journal, JournalConfig, JournalCounts,
    JournalError, JournalReader, KnownBy, Latest, Likeness, Mail, MessageIds, NoSource, Overflow, Query, Record,
    RecordedOpinion, RecordedPair, Rescore, Rescored,
};
pub use switchback_system::clock::new_record_id;
pub use switchback_system::output;
pub use switchback_system::private::NotPrivate;
pub use switchback_system::release_file::{UnreadableSignature, read_release, read_signature, signature_path};
pub use switchback_system::shortage::InWords;
