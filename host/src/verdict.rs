//! What the host decides about a message, and from what: assessments of releases, thresholds, failure policies, overrides.

pub use switchback_model::log::{LogLevel, LogLine, Logged};
pub use switchback_model::timing::Timing;
pub use switchback_model::verdict::{
    Action, AllowScope, Answer, Assessment, Category, Cause, DecidedBy, Dropped, Effect, FailurePolicy, InvalidAction,
    InvalidAssessment, InvalidOverride, InvalidRecordId, InvalidRole, InvalidThresholds, Matcher, Network, Opinion,
    Outcome, Override, Overrides, Reason, RecordId, ReleaseLog, Role, Rule, Said, Scl, Scope, SenderAddress,
    SenderDomain, Senders, Thresholds, Verdict,
};
