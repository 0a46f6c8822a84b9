//! What an operator does: operations, the ledger that they are written to, the state that they amount to, the stores that keep
//! it, and who obeys.

pub use switchback_model::lasting::{InvalidLasting, Lasting};
pub use switchback_store::control::{
    Accept, Acknowledgement, Acknowledgements, Admission, Anachronism, Broken, Committed, Control, ControlError,
    ControlStore, Damage, Drafted, Emergency, Entry, Event, EventSequence, Exposure, FileFault, GuardAction,
    InvalidEvent, InvalidPlan, LayoutError, Ledger, LoadReleaseError, LoadedRelease, Mark, Membership, NewProcess,
    NewerEvent, Obeyed, Operation, OperationNote, OutOfTime, Pause, Plan, Preparation, Presence, ProcessNumber,
    Progress, PromoteError, Promotion, Proposal, Readiness, Recovered, Refused, ReleaseFiles, ReleaseStamps, Request,
    Rollout, RolloutStep, SlotState, SqliteStore, StoreError, StoreProcess, StoreState, StoredRelease, Tail, TrustList,
    TrustRefused, TrustedKey, Untrusted, Watch, Watched, Who, Witness,
};
