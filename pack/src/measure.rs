//! What calls of a release take of its memory, and which of its limits are near.

mod probed;
mod probes;

use std::fmt::Display;

use serde::Serialize;
use switchback::release::{CONTRACT_VERSION, Draft, Verified, seal};
use switchback::runtime::Probe;
use switchback::{Limits, Message, Runtime, ScoreError};

use self::probed::Probed;
use crate::error::PackError;
use crate::strip::strip;

/// What calls of a release took of its memory: the most of any message.
///
/// A copy of the release is measured that keeps the lowest end of its stack, and is asked after each call; a message meets the
/// same memory as in the release, and takes the same of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Measured {
    /// Messages that were scored, self-tests included.
    pub messages: usize,
    /// Messages for which the model failed, whose memory nobody can look at.
    pub failed: usize,
    /// Why it failed the first time, and for which message.
    pub failure: Option<String>,
    /// The stack for arrays and structures, and how deep it went; none where the model is not known to have one.
    pub stack: Option<Used>,
    /// The memory that a message starts from, in bytes.
    pub start_bytes: usize,
    /// All memory, and how much of it there was in the end.
    pub memory: Used,
    /// Messages for which the memory grew: each costs two system calls, and a lock that all threads share.
    pub grown: usize,
    /// What a message wrote to, in bytes, by pages of 4 KiB: what the host has to put back after it.
    pub written_bytes: usize,
    /// The message that wrote to the most.
    pub written_by: String,
    /// What was left at the end of the memory that a message starts from, above the highest page that one wrote to, in bytes.
    pub spare_bytes: usize,
}

/// How much of something was used.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Used {
    /// The most that was used, in bytes.
    pub bytes: usize,
    /// What there is, in bytes.
    pub bytes_max: usize,
    /// The message that used the most.
    pub message: String,
}

impl Measured {
    /// Measures a release file's self-tests, and then these messages, each with its name.
    ///
    /// # Errors
    /// If a host with default limits refuses the release, or it does not compile.
    pub fn of(release: &[u8], messages: impl Iterator<Item = (String, Message)>) -> Result<Self, PackError> {
        let verified = Draft::new(release.to_vec()).verify(&Limits::default());
        let verified = verified.map_err(|refusal| not_measured(&refusal))?;
        let mut measuring = Measuring::start(&verified)?;
        let self_tests = verified.manifest().self_tests.iter().map(|test| (test.name.clone(), test.to_message()));
        self_tests.chain(messages).for_each(|(name, message)| measuring.take(&name, &message));
        Ok(measuring.end())
    }

    fn add(&mut self, message: &str, probe: &Probe) {
        self.messages += 1;
        self.start_bytes = probe.memory_before;
        self.memory.take(probe.memory_after, message);
        self.grown += usize::from(probe.memory_after > probe.memory_before);
        let written_bytes = probe.written.len() * Probe::PAGE_BYTES;
        if written_bytes > self.written_bytes || self.written_by.is_empty() {
            (self.written_bytes, self.written_by) = (written_bytes, message.to_owned());
        }
        let highest = probe.written.last().map_or(0, |page| (*page as usize + 1) * Probe::PAGE_BYTES);
        self.spare_bytes = self.spare_bytes.min(probe.memory_before.saturating_sub(highest));
        if let Some(stack) = &mut self.stack {
            stack.take(stack.bytes_max.saturating_sub(probe.stack_end as usize), message);
        }
    }

    fn add_failure(&mut self, message: &str, why: &str) {
        self.failed += 1;
        self.failure.get_or_insert_with(|| format!("{message}: {why}"));
    }

    /// What an author should know of it: limits of which more than half is used, and memory that grows while messages wait.
    pub fn remarks(&self) -> Vec<String> {
        self.stack_remark().into_iter().chain(self.memory_remarks()).collect()
    }

    pub(crate) fn stack_remark(&self) -> Option<String> {
        let Used { bytes, bytes_max, message } = self.stack.as_ref().filter(|stack| stack.is_near())?;
        Some(format!(
            "`{message}` takes {} of {} KiB of the stack, and a message that takes more than all of it is a failure: put what is \
             large on the heap (`Vec`, `Box`), or raise `stack_kib` under `[build]`",
            kib(*bytes),
            kib(*bytes_max)
        ))
    }

    pub(crate) fn memory_remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.memory.is_near() {
            let Used { bytes, bytes_max, message } = &self.memory;
            remarks.push(format!(
                "`{message}` takes {} of {} KiB of memory, and a message that takes more than all of it is a failure: take less, or \
                 raise `memory_bytes_max` under `[limits]`",
                kib(*bytes),
                kib(*bytes_max)
            ));
        }
        if self.grown > 0 {
            remarks.push(format!(
                "the memory grows for {} of {} messages, by up to {} KiB, and each of them waits for that: allocate and free as much in \
                 `prepare`, and they start with it",
                self.grown,
                self.messages,
                kib(self.memory.bytes - self.start_bytes)
            ));
        }
        remarks
    }
}

/// Scores a message and says what that took.
type Prober = Box<dyn Fn(&Message) -> Result<Probe, ScoreError>>;

/// A release while it is measured.
pub(crate) struct Measuring {
    probe: Prober,
    measured: Measured,
    /// Without it no deadline would end a call.
    _runtime: Runtime,
}

impl Measuring {
    pub(crate) fn start(release: &Verified) -> Result<Self, PackError> {
        let limits = Limits::default();
        let (probed, stack_bytes) = with_probes(release, &limits)?;
        let runtime = Runtime::builder().instances(1).build().map_err(|error| not_measured(&error))?;
        let probe = runtime.prober(probed).map_err(|error| not_measured(&error.fault))?;
        let memory_bytes_max = limits.memory_bytes_of(&release.manifest().limits);
        let mut measured = Measured { spare_bytes: usize::MAX, ..Measured::default() };
        measured.memory.bytes_max = usize::try_from(memory_bytes_max).unwrap_or(usize::MAX);
        measured.stack = stack_bytes.map(|bytes_max| Used { bytes_max, ..Used::default() });
        Ok(Self { probe: Box::new(probe), measured, _runtime: runtime.into() })
    }

    /// Measures one message more.
    pub(crate) fn take(&mut self, name: &str, message: &Message) {
        match (self.probe)(message) {
            Ok(probe) => self.measured.add(name, &probe),
            Err(error) => self.measured.add_failure(name, &error.to_string()),
        }
    }

    pub(crate) fn end(mut self) -> Measured {
        self.measured.spare_bytes = self.measured.spare_bytes.min(self.measured.start_bytes);
        self.measured
    }
}

fn kib(bytes: usize) -> usize {
    bytes.div_ceil(1024)
}

impl Used {
    fn take(&mut self, bytes: usize, message: &str) {
        if bytes > self.bytes || self.message.is_empty() {
            (self.bytes, self.message) = (bytes, message.to_owned());
        }
    }

    /// Whether more than half of it was used. Over 10,002 real messages the example models took at most 2 % more of the stack than
    /// over their self-tests, and no more memory; but whoever measures does not see the largest message.
    fn is_near(&self) -> bool {
        self.bytes > self.bytes_max / 2
    }
}

/// The release with probes, and how large its stack is.
fn with_probes(release: &Verified, limits: &Limits) -> Result<(Verified, Option<usize>), PackError> {
    let component = strip(release.bytes()).map_err(|error| not_measured(&error))?;
    let probed = Probed::new(&component).map_err(|error| not_measured(&error))?;
    let sealed = seal(probed.component, &CONTRACT_VERSION, release.manifest())?;
    let release = Draft::new(sealed).verify(limits).map_err(|refusal| not_measured(&refusal))?;
    Ok((release, probed.stack_bytes))
}

fn not_measured(why: &dyn Display) -> PackError {
    PackError::Measure { why: why.to_string() }
}
