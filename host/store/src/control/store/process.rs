//! Processes that follow a store, and what they say of themselves.

use std::any::Any;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::contain::contained;
use switchback_model::message::Reading;
use switchback_model::release::{CONTRACT_VERSION, Digest, read_version};
use switchback_model::route::Generation;

use crate::control::mark::{Mark, Who, Witness};
use crate::control::number::{EventSequence, ProcessNumber};

/// Whether a process was still in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: whoever registered has to act on each.
pub enum Presence {
    /// It was.
    Kept,
    /// It was not, and is again: it has to say again what it has ready.
    Renewed,
    /// Another process has its number: it has to register anew.
    Taken,
}

/// Holds a process in the register.
#[derive(Debug)]
pub struct Membership {
    process: ProcessNumber,
    hold: Hold,
}

/// What holds a process in the register. A store of another kind may panic when that ends.
#[derive(Debug)]
struct Hold(Option<Box<dyn Any + Send + Sync>>);

impl Hold {
    fn new(hold: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(hold)))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Err(said) = contained(|| drop(self.0.take())) {
            tracing::error!("the store panicked when a process left it: {said}");
        }
    }
}

impl Membership {
    /// The membership of a process, which ends when `hold` is dropped. In a fork of the process `hold` is dropped too: that may
    /// close descriptors, and must not end the membership.
    pub fn new(process: ProcessNumber, hold: impl Any + Send + Sync) -> Self {
        Self { process, hold: Hold::new(hold) }
    }

    /// The number of the process in this store.
    pub fn process(&self) -> ProcessNumber {
        self.process
    }

    /// What holds it, if it is of this type.
    pub fn hold<T: Any>(&self) -> Option<&T> {
        self.hold.0.as_ref()?.downcast_ref()
    }

    /// Holds it by something else from now on.
    pub fn hold_by(&mut self, hold: impl Any + Send + Sync) {
        self.hold = Hold::new(hold);
    }
}

/// A process that registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NewProcess {
    /// What it calls itself.
    pub name: String,
    /// Its number in the system.
    pub pid: u32,
    /// Since when it follows the store.
    pub since: Timestamp,
    /// The newest scoring contract that it speaks.
    #[serde(deserialize_with = "read_version")]
    pub contract: semver::Version,
    /// How it reads messages.
    #[serde(default = "Reading::unnamed")]
    pub reading: Reading,
    /// Its slots.
    pub slots: Vec<String>,
}

impl NewProcess {
    /// A process of this program, which speaks its contract and reads messages as it does.
    pub fn new(name: impl Into<String>, pid: u32, since: Timestamp, slots: Vec<String>) -> Self {
        Self { name: name.into(), pid, since, contract: CONTRACT_VERSION, reading: Reading::CURRENT, slots }
    }

    /// One of which nothing is known but that it is there.
    pub(crate) fn unknown() -> Self {
        Self {
            name: "unknown".to_owned(),
            pid: 0,
            since: Timestamp::UNIX_EPOCH,
            contract: CONTRACT_VERSION,
            reading: Reading::unnamed(),
            slots: Vec::new(),
        }
    }
}

/// A process that follows a store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StoreProcess {
    /// Its number in this store.
    pub number: ProcessNumber,
    /// What it said when it registered.
    #[serde(flatten)]
    pub registered: NewProcess,
    /// How far it has come; none if it has just started.
    pub acknowledged: Option<Acknowledgement>,
    /// Which releases it has ready, or tried to.
    pub preparations: Vec<(Digest, Preparation)>,
}

impl StoreProcess {
    /// A process that has just registered under this number.
    pub fn new(number: ProcessNumber, registered: NewProcess) -> Self {
        Self { number, registered, acknowledged: None, preparations: Vec::new() }
    }

    /// `filter (process 3, pid 4711)`.
    pub fn label(&self) -> String {
        format!("{} (process {}, pid {})", self.registered.name, self.number, self.registered.pid)
    }

    /// What it remembers of the ledger; none if it has obeyed no event yet.
    pub(in crate::control) fn witness(&self) -> Option<Witness> {
        let mark = self.acknowledged.as_ref()?.mark()?;
        Some(Witness { who: Who::Process { number: self.number, name: self.registered.name.clone() }, mark })
    }

    /// Whether it has a release ready; none while it has not said.
    pub fn preparation(&self, release: &Digest) -> Option<&Preparation> {
        self.preparations.iter().find(|(digest, _)| digest == release).map(|(_, preparation)| preparation)
    }
}

/// How far a process has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Acknowledgement {
    /// The last event that it obeys.
    pub sequence: EventSequence,
    /// The hash of that event; none if an older program said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Digest>,
    /// How often the ledger had been recovered by then.
    #[serde(default)]
    pub recoveries: u64,
    /// The generation after that event.
    pub generation: Generation,
    /// When it began to obey.
    pub at: Timestamp,
    /// What keeps it from obeying in full: a live release that it cannot load, or a ledger that was set back.
    pub problem: Option<String>,
    /// Whether it obeys nothing that comes after that event.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stopped: bool,
    /// Its slots in which no release decides, although one should.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Acknowledgement {
    /// The process obeys in full what the ledger says up to this mark.
    pub fn new(mark: Mark, at: Timestamp) -> Self {
        let Mark { sequence, head, recoveries, generation } = mark;
        Self {
            sequence,
            head: Some(head),
            recoveries,
            generation,
            at,
            problem: None,
            stopped: false,
            undecided: Vec::new(),
        }
    }

    /// Where the ledger ended when the process obeyed; none if it did not say which event that was.
    pub fn mark(&self) -> Option<Mark> {
        let Self { sequence, head, recoveries, generation, .. } = *self;
        head.map(|head| Mark { sequence, head, recoveries, generation })
    }
}

/// Whether a process has a release ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: a release is ready or is not.
pub enum Preparation {
    /// It can become live at once.
    Ready,
    /// It cannot be loaded there.
    Failed {
        /// Why.
        why: String,
    },
}
