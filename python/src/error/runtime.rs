//! Errors of runtimes, slots and journals.

use switchback::journal::JournalError;
use switchback::release::Refusal;
use switchback::route::RouteError;
use switchback::runtime::{Forked, LoadFault};
use switchback::{BuildError, Fault, LoadError, RuntimeGone, ScoreError, ShutdownError, UnknownSlot, UnloadError};

use super::{Described, Exception};

impl Exception for Forked {
    fn described(&self) -> Described {
        Described::new("ForkedError", self).kind("forked").with("made_in", self.made_in)
    }
}

/// What is gone is gone, whatever was asked of it.
fn gone(gone: &RuntimeGone) -> Described {
    match gone {
        RuntimeGone::Forked(forked) => forked.described(),
        other => Described::new("GoneError", other),
    }
}

impl Exception for BuildError {
    fn described(&self) -> Described {
        Described::new("BuildError", self)
    }
}

impl Exception for LoadError {
    fn described(&self) -> Described {
        match &self.fault {
            LoadFault::Gone(fault) => gone(fault),
            fault => Described::new("LoadError", fault).with("what", self.what.clone()),
        }
    }
}

impl Exception for Refusal {
    fn described(&self) -> Described {
        Described::new("LoadError", self).kind("refused").with("what", Described::new("", self).kind)
    }
}

impl Exception for UnloadError {
    fn described(&self) -> Described {
        let described = Described::new("UnloadError", self);
        match self {
            Self::Gone(fault) => gone(fault),
            Self::NotLoaded(release) | Self::InUse { release, .. } => described.release(release),
            _ => described,
        }
    }
}

impl Exception for UnknownSlot {
    fn described(&self) -> Described {
        let described = Described::new("UnknownSlot", self).kind("unknown-slot");
        described.with("name", self.name.clone()).with("known", self.known.clone())
    }
}

impl Exception for ScoreError {
    fn described(&self) -> Described {
        if let Fault::Gone(fault) = &self.fault {
            return gone(fault);
        }
        Described::new("ScoreError", self)
            .kind(kind(&self.fault))
            .release(&self.release)
            .with("cause", self.fault.cause().name())
            .with("is_guest_fault", self.is_guest_fault())
            .with("guest_message", self.guest_message())
    }
}

/// The name of a fault, whose `Debug` is made to say nothing of mail.
fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Trap(_) => "trap",
        Fault::Deadline(_) => "deadline",
        Fault::Memory(_) => "memory",
        Fault::Table(_) => "table",
        Fault::Stack => "stack",
        Fault::LogFlood(_) => "log-flood",
        Fault::Undeclared(_) => "undeclared",
        Fault::BadResult(_) => "bad-result",
        Fault::CannotScore(_) => "cannot-score",
        Fault::NotLoaded => "not-loaded",
        Fault::PoolBusy => "pool-busy",
        Fault::Signals(_) => "signals",
        _ => "host",
    }
}

impl Exception for RouteError {
    fn described(&self) -> Described {
        match self {
            Self::Gone(fault) => gone(fault),
            other => Described::new("RouteError", other),
        }
    }
}

impl Exception for ShutdownError {
    fn described(&self) -> Described {
        match self {
            Self::Gone(fault) => gone(fault),
            other => Described::new("ShutdownError", other),
        }
    }
}

impl Exception for JournalError {
    fn described(&self) -> Described {
        Described::new("JournalError", self)
    }
}
