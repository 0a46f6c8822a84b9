//! Errors of stores and of what operators ask of them.

use serde_json::json;
use switchback::control::{ControlError, InvalidPlan, PromoteError, StoreError};

use super::{Described, Exception};

impl Exception for StoreError {
    fn described(&self) -> Described {
        Described::new("StoreError", self).with("is_unwritable", self.is_unwritable())
    }
}

impl Exception for ControlError {
    fn described(&self) -> Described {
        match self {
            Self::Refused(refused) => Described::new("RefusedError", refused),
            Self::File { release, fault } => Described::new("ReleaseFileError", fault).release(release),
            Self::Overtaken(events) => Described::new("OvertakenError", self).with("events", json!(events)),
            Self::Broken(broken) => {
                Described::new("LedgerError", &broken.damage).with("sequence", broken.sequence.get())
            }
            Self::Store(error) => error.described(),
            other => Described::new("ControlError", other),
        }
    }
}

impl Exception for PromoteError {
    fn described(&self) -> Described {
        let described = Described::new("PromoteError", self);
        match self {
            Self::Control(error) => error.described(),
            Self::Unable { release, processes } => described.release(release).with("processes", json!(processes)),
            Self::Unguarded { release, guards, .. } => described.release(release).with("guards", json!(guards)),
            Self::Harmed { release, segments, .. } => {
                let segments: Vec<_> = segments.iter().map(ToString::to_string).collect();
                described.release(release).with("segments", segments)
            }
            Self::Silent { release, processes, .. } => described.release(release).with("processes", json!(processes)),
            _ => described,
        }
    }
}

impl Exception for InvalidPlan {
    fn described(&self) -> Described {
        Described::new("InvalidValue", self)
    }
}
