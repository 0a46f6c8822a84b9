//! What a filter keeps and hands from thread to thread can be kept and handed.

use switchback::alert::{Alert, AlertConfig, AlertError, InvalidAlertConfig, Secret, Syslog, Webhook};
use switchback::backup::{BackedUp, Backup, BackupError, Restore, Restored};
use switchback::compare::{Comparison, Report};
use switchback::control::{
    Acknowledgements, Admission, Committed, Control, ControlError, Entry, Event, Ledger, LoadReleaseError,
    LoadedRelease, Membership, Operation, Plan, PromoteError, Promotion, Refused, Request, Rollout, SlotState,
    SqliteStore, StoreError, StoreProcess, StoreState,
};
use switchback::guard::{GuardReader, GuardSettings, GuardStore, GuardStoreError, InvalidSettings};
use switchback::journal::{Journal, JournalConfig, JournalError, JournalReader, Latest, Query, Record};
use switchback::release::{
    Card, Digest, Draft, KeyId, Limits, Manifest, PublicKey, Refusal, ReleaseId, Signature, SignatureError, Verified,
};
use switchback::route::{Canary, RouteError, Share};
use switchback::runtime::{
    AddressSpace, BuildError, Fault, FollowTrouble, Following, LoadCounts, LoadError, LoadFault, LocalRuntime,
    LocalSlot, NoStore, Reverted, Runtime, RuntimeBuilder, RuntimeGone, ScoreError, Scored, ShutdownError, Slot,
    SlotConfig, Traps, UnknownSlot, UnloadError, WithStore,
};
use switchback::tokio::Scorers;
use switchback::verdict::{
    Assessment, FailurePolicy, InvalidOverride, Opinion, Outcome, Override, Overrides, Thresholds, Verdict,
};
use switchback::{Client, Envelope, Message, MessageBuilder};

/// For any thread, for as long as somebody wants it, and without being pinned.
fn handed<T: Send + Sync + Unpin + 'static>() {}

/// Each of these types is.
macro_rules! handed {
    ($($kept:ty),* $(,)?) => { $(handed::<$kept>();)* };
}

#[test]
fn what_a_filter_keeps_is_for_any_thread() {
    // Handles.
    handed!(Runtime, LocalRuntime, Slot, LocalSlot, Scorers, Reverted, Control, SqliteStore, Membership);
    handed!(Journal, JournalReader, Backup, Restore, Message, Overrides);
    // Configurations.
    handed!(
        RuntimeBuilder<NoStore>,
        RuntimeBuilder<WithStore>,
        SlotConfig,
        JournalConfig,
        AlertConfig,
        GuardSettings,
        Limits
    );
    handed!(Thresholds, FailurePolicy, AddressSpace, Traps, Webhook, Secret, Syslog, Share, Plan, MessageBuilder);
    // Errors.
    handed!(BuildError, LoadError, LoadFault, UnloadError, UnknownSlot, ScoreError, Fault, ShutdownError, RuntimeGone);
    handed!(RouteError, StoreError, ControlError, PromoteError, LoadReleaseError, Refused, JournalError, BackupError);
    handed!(AlertError, InvalidAlertConfig, GuardStoreError, InvalidSettings, InvalidOverride, Refusal, SignatureError);
    // Verdicts, and what else is told.
    handed!(Verdict, Scored, Outcome, Assessment, Opinion, Record, Latest, Query, Comparison, Report, Alert);
    handed!(Following, FollowTrouble, LoadCounts, Envelope, Client, Override, Canary);
    handed!(Event, Entry, Ledger, StoreState, SlotState, Operation, Request, Admission, Promotion, Committed, Rollout);
    handed!(Acknowledgements, StoreProcess, LoadedRelease, BackedUp, Restored);
    handed!(ReleaseId, Digest, Manifest, Card, Draft, Verified, PublicKey, KeyId, Signature);
}

#[test]
fn what_one_thread_uses_at_a_time_can_go_to_another() {
    fn sent<T: Send + Unpin + 'static>() {}
    sent::<GuardStore>();
    sent::<GuardReader>();
}
