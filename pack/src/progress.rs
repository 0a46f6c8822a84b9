//! What a person who waits is told.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use switchback::verdict::Logged;

use crate::sizes::Sizes;

/// A step of packing, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// cargo builds the package.
    Build,
    /// What another toolchain built becomes one core module.
    Link,
    /// The module becomes a component.
    Componentise,
    /// The initialiser runs, and its memory is stored.
    Prepare,
    /// What the self-tests come to is found out, to be written into the manifest.
    Bless,
    /// A host loads the release and runs its self-tests.
    SelfTest,
    /// What calls take of the model's memory is measured.
    Measure,
    /// The release is tested on its self-tests and on mail.
    Test,
    /// What the release is made of is told, and a host compiles it.
    Size,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Build => "build",
            Self::Link => "link",
            Self::Componentise => "componentise",
            Self::Prepare => "prepare",
            Self::Bless => "bless",
            Self::SelfTest => "self-test",
            Self::Measure => "measure",
            Self::Test => "test",
            Self::Size => "size",
        })
    }
}

/// News for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A step begins.
    Started(Step),
    /// During [`Step::Build`]: what is in this folder, or this file, goes into the release; a file need not be there.
    Uses(&'a Path),
    /// During [`Step::Build`]: a crate is done.
    Compiled(&'a str),
    /// A warning of the compiler or of cargo, or what is to be known of how the model is built. It may have several lines.
    Remark(&'a str),
    /// What the model logged in one call: in `prepare`, or for the self-test of this name.
    Logged(&'a str, &'a Logged),
    /// What the release is made of, before a host has to accept it: one that is too large is measured, too.
    Sized(&'a Sizes),
    /// During [`Step::Test`]: so many messages are done.
    Scored(usize),
    /// A step ended well, after this time.
    Finished(Step, Duration),
}

/// Tells of steps and keeps their times.
pub(crate) struct Reporter<'a> {
    on_progress: &'a mut dyn FnMut(Progress<'_>),
    timings: Vec<(Step, Duration)>,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(on_progress: &'a mut dyn FnMut(Progress<'_>)) -> Self {
        Self { on_progress, timings: Vec::new() }
    }

    pub(crate) fn step<T, E>(
        &mut self,
        step: Step,
        work: impl FnOnce(&mut dyn FnMut(Progress<'_>)) -> Result<T, E>,
    ) -> Result<T, E> {
        (self.on_progress)(Progress::Started(step));
        let start = Instant::now();
        let done = work(self.on_progress)?;
        let time = start.elapsed();
        self.timings.push((step, time));
        (self.on_progress)(Progress::Finished(step, time));
        Ok(done)
    }

    pub(crate) fn remark(&mut self, remark: &str) {
        (self.on_progress)(Progress::Remark(remark));
    }

    pub(crate) fn timings(self) -> Vec<(Step, Duration)> {
        self.timings
    }
}
