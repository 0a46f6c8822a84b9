//! Who made what live, when and why: operations, the ledger that they are written to, the state that they
//! amount to, and the stores that keep it.
//!
//! **The state is the fold of the ledger** ([`StoreState::apply`]): the same events make the same state in every
//! process. What is not durable in the ledger has not happened.

mod admission;
mod along;
mod chronology;
mod committed;
mod event;
mod ledger;
mod mark;
mod newer;
mod note;
mod number;
mod operation;
mod operator;
mod refused;
mod request;
mod rollout;
mod state;
mod store;
mod trust;

pub use admission::{Admission, Promotion, Readiness};
pub use chronology::{Anachronism, OutOfTime};
pub use committed::Committed;
pub use event::{Drafted, Event, InvalidEvent, Proposal};
pub use ledger::{Broken, Damage, Entry, Ledger};
pub use mark::{Mark, Who, Witness};
pub use newer::NewerEvent;
pub use note::OperationNote;
pub use number::{EventSequence, ProcessNumber};
pub use operation::{Emergency, GuardAction, Operation};
pub use operator::{
    Acknowledgements, AsGuard, Control, ControlError, FileFault, LoadReleaseError, LoadedRelease, Obeyed, PromoteError,
};
pub use refused::Refused;
pub use request::Request;
pub use rollout::{Exposure, InvalidPlan, Pause, Plan, Progress, Rollout, RolloutStep};
pub use state::{SlotState, StoreState, StoredRelease};
#[cfg(feature = "journal")]
pub(crate) use store::layout::Layout;
pub use store::layout::LayoutError;
pub use store::sqlite::{Accept, Recovered, SqliteStore};
#[cfg(feature = "journal")]
pub(crate) use store::sqlite::{Adopted, Copied, Processes};
pub use store::{
    Acknowledgement, ControlStore, Membership, NewProcess, Preparation, Presence, ReleaseFiles, ReleaseStamps,
    StoreError, StoreProcess, Tail, Watch, Watched,
};
pub use trust::{TrustList, TrustRefused, TrustedKey, Untrusted};

#[cfg(test)]
mod tests;
