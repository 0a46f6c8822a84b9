//! Every limit of what a message, a release and an operation may hold, with its reason.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::release::ManifestLimits;

/// The caps of a host: the most that any release gets, whatever its manifest asks for.
///
/// A manifest that asks for more than a cap is refused when the release is loaded, so that nobody
/// believes in a limit that does not hold.
///
/// Read from a configuration, what is absent is the default, and the time is `deadline_max_ms`, in milliseconds. A value out of
/// its range is refused when a runtime is built with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// The largest release file, in bytes, up to 1 GiB. Default 32 MiB: a release with a whole ONNX runtime is about
    /// 6 MB, and time and memory of a compile grow with this.
    pub release_bytes_max: u64,
    /// Linear memory of one instance, in bytes: 64 KiB, a page, to 4 GiB. Default 64 MiB. Address space is reserved for each slot
    /// of the pool, memory is only used when touched.
    pub memory_bytes_max: u64,
    /// Wall-clock time for one message, 1 ms to 1 h. Default 10 s: an SMTP client waits for minutes at the end of
    /// DATA (RFC 5321, section 4.5.3.2.6), a queue behind it does not.
    #[serde(rename = "deadline_max_ms", with = "millis")]
    pub deadline_max: Duration,
    /// Elements of a table, up to 1,048,576. Default 65,536; a Rust model has as many as it has functions whose address
    /// is taken: hundreds, or ten thousand with an ONNX runtime.
    pub table_elements_max: u64,
    /// Log lines kept of one message, up to 64. Default 64, as the contract says.
    pub log_lines_max: u64,
    /// Reasons of one assessment, up to 64. Default 64, as the contract says.
    pub reasons_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            release_bytes_max: 32 << 20,
            memory_bytes_max: 64 << 20,
            deadline_max: Duration::from_secs(10),
            table_elements_max: 1 << 16,
            log_lines_max: LOG_LINES_MAX,
            reasons_max: REASONS_MAX,
        }
    }
}

impl Limits {
    crate::setters! {
        /// Sets the largest release file, in bytes.
        pub release_bytes_max: u64;

        /// Sets the linear memory of one instance, in bytes.
        pub memory_bytes_max: u64;

        /// Sets the wall-clock time for one message.
        pub deadline_max: Duration;

        /// Sets the elements of a table.
        pub table_elements_max: u64;

        /// Sets the log lines kept of one message.
        pub log_lines_max: u64;

        /// Sets the reasons of one assessment.
        pub reasons_max: u64;
    }

    /// Checks that each is in its range.
    ///
    /// # Errors
    /// [`InvalidLimit`], which names the first that is not.
    pub fn validate(&self) -> Result<(), InvalidLimit> {
        let deadline_max_ms = u64::try_from(self.deadline_max.as_millis()).unwrap_or(u64::MAX);
        let ranges = [
            ("release_bytes_max", self.release_bytes_max, 1..=RELEASE_BYTES_CAP),
            ("memory_bytes_max", self.memory_bytes_max, WASM_PAGE_BYTES..=WASM_MEMORY_BYTES_MAX),
            ("deadline_max_ms", deadline_max_ms, 1..=DEADLINE_MS_CAP),
            ("table_elements_max", self.table_elements_max, 1..=TABLE_ELEMENTS_CAP),
            ("log_lines_max", self.log_lines_max, 0..=LOG_LINES_MAX),
            ("reasons_max", self.reasons_max, 0..=REASONS_MAX),
        ];
        match ranges.into_iter().find(|(_, value, range)| !range.contains(value)) {
            Some((limit, value, range)) => Err(InvalidLimit { limit, value, range }),
            None => Ok(()),
        }
    }

    /// The caps in the order of [`ManifestLimits::named`].
    pub(crate) fn manifest_caps(&self) -> [u64; 5] {
        [
            self.memory_bytes_max,
            u64::try_from(self.deadline_max.as_millis()).unwrap_or(u64::MAX),
            self.table_elements_max,
            self.log_lines_max.min(LOG_LINES_MAX),
            self.reasons_max.min(REASONS_MAX),
        ]
    }

    /// Linear memory that a host with these caps grants to a release whose manifest asks for these limits, in bytes.
    pub fn memory_bytes_of(&self, asked: &ManifestLimits) -> u64 {
        self.of_release(asked).memory_bytes_max as u64
    }

    /// The limits of a release: what its manifest asks for, else the default, never above the cap.
    #[doc(hidden)]
    pub fn of_release(&self, asked: &ManifestLimits) -> ReleaseLimits {
        let [memory, deadline_ms, table, log_lines, reasons] = self.manifest_caps();
        ReleaseLimits {
            memory_bytes_max: to_usize(asked.memory_bytes_max.unwrap_or(DEFAULT_MEMORY_BYTES_MAX).min(memory)),
            deadline: Duration::from_millis(asked.deadline_ms.unwrap_or(DEFAULT_DEADLINE_MS).min(deadline_ms)),
            table_elements_max: to_usize(asked.table_elements_max.unwrap_or(table).min(table)),
            log_lines_max: to_usize(asked.log_lines_max.unwrap_or(log_lines).min(log_lines)),
            reasons_max: to_usize(asked.reasons_max.unwrap_or(reasons).min(reasons)),
        }
    }
}

/// A limit of a host that is out of its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{limit} = {value}: {} to {} are possible", .range.start(), .range.end())]
#[non_exhaustive]
pub struct InvalidLimit {
    /// Its name in a configuration.
    pub limit: &'static str,
    /// What was given.
    pub value: u64,
    /// What is possible.
    pub range: RangeInclusive<u64>,
}

/// A time in whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

fn to_usize(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// The limits that hold for one release.
#[derive(Clone, Debug)]
pub struct ReleaseLimits {
    /// Linear memory of one instance, in bytes.
    pub memory_bytes_max: usize,
    /// Wall-clock time for one message.
    pub deadline: Duration,
    /// Elements of a table.
    pub table_elements_max: usize,
    /// Log lines kept of one message.
    pub log_lines_max: usize,
    /// Reasons of one assessment.
    pub reasons_max: usize,
}

/// Linear memory that a release gets which does not ask, in bytes: a model of a megabyte, its text and
/// room to work.
pub(crate) const DEFAULT_MEMORY_BYTES_MAX: u64 = 16 << 20;

/// The largest release file that a host can accept, in bytes: 30 times the default.
const RELEASE_BYTES_CAP: u64 = 1 << 30;

/// A page of linear memory, in bytes: the least that a model with a memory has.
const WASM_PAGE_BYTES: u64 = 64 << 10;

/// Linear memory that 32 bits can address, in bytes.
const WASM_MEMORY_BYTES_MAX: u64 = 4 << 30;

/// The longest deadline, in milliseconds: an hour, after which every SMTP client has gone.
const DEADLINE_MS_CAP: u64 = 3_600_000;

/// The most elements of a table: address space is reserved for all tables of a pool.
const TABLE_ELEMENTS_CAP: u64 = 1 << 20;

/// The time that a release gets which does not ask. A model answers in well under a millisecond; a
/// second is for a process that the scheduler, or a debugger, holds up.
pub(crate) const DEFAULT_DEADLINE_MS: u64 = 1_000;

/// Data that may have to be copied into a new instance, in bytes. Those of a packed model are mapped instead, and the
/// small modules that join it to its imports have none.
pub(crate) const STARTUP_COPY_BYTES_MAX: u64 = 64 << 10;

/// Log lines kept of one message, at most; the rest is counted. From the contract.
pub(crate) const LOG_LINES_MAX: u64 = 64;

/// Bytes kept of one log line. From the contract.
pub const LOG_LINE_BYTES_MAX: usize = 1_024;

/// Reasons of one assessment, at most. From the contract.
pub(crate) const REASONS_MAX: u64 = 64;

/// Bytes of a reason's name. From the contract.
pub const REASON_NAME_BYTES_MAX: usize = 64;

/// Core instances of one component. The tools make three: the model, and two small ones that join it to
/// its imports.
pub const CORE_INSTANCES_MAX: u32 = 8;

/// How many predecessors of a live release a slot keeps warm.
pub const STANDBYS_MAX: usize = 8;

/// For how long after its cool-off a predecessor goes on scoring a sample of the mail: a week has every day.
pub(crate) const COOL_OFF_SAMPLED: Duration = Duration::from_secs(7 * 24 * 3_600);

/// How large that sample is, in basis points: of a domain that writes a hundred times a day, some 35 messages in the week.
pub(crate) const COOL_OFF_SAMPLE_BP: u16 = 500;

/// How long an override holds unless its author says otherwise: a day. An override answers an incident, and what
/// nobody remembers is a hole in the filter.
pub(crate) const OVERRIDE_EXPIRY_DEFAULT: Duration = Duration::from_secs(24 * 3_600);

/// The longest that an override may hold. What still has to stand after a quarter of a year is policy and belongs
/// into the filter's configuration, or into the next training set.
pub(crate) const OVERRIDE_EXPIRY_MAX: Duration = Duration::from_secs(90 * 24 * 3_600);

/// How far ahead of now the time may be at which an override was made: a clock set to local time is off by less. One that
/// was made later than that was made while the clock was wrong, and does not hold.
pub const OVERRIDE_AHEAD_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Bytes of an override's reason: a few sentences and a ticket. It is printed in listings.
pub(crate) const OVERRIDE_REASON_BYTES_MAX: usize = 1_024;

/// Bytes of an author's name.
pub(crate) const AUTHOR_BYTES_MAX: usize = 256;

/// Bytes of the name of a slot, or of a process: both are listed, one on a line.
pub const NAME_BYTES_MAX: usize = 64;

/// Bytes of a tenant's name. A domain, which is what many use, has at most 253.
pub(crate) const TENANT_BYTES_MAX: usize = 256;

/// Bytes of a domain name in its text form (RFC 1035, section 2.3.4: 255 on the wire).
pub(crate) const DOMAIN_BYTES_MAX: usize = 253;

/// Bytes of a label of a domain name (RFC 1035, section 2.3.4).
pub(crate) const LABEL_BYTES_MAX: usize = 63;

/// Bytes of a sender's address that a rule can name: 64 and 255 around the `@` (RFC 5321, section 4.5.3.1).
pub(crate) const ADDRESS_BYTES_MAX: usize = 64 + 1 + 255;

/// The shortest prefix of an IPv4 network that a rule can name: no registry gives more than a /8 to one party.
pub(crate) const OVERRIDE_IPV4_PREFIX_MIN: u8 = 8;

/// The shortest prefix of an IPv6 network that a rule can name: fc00::/7, the unique local addresses, are the
/// widest that one party uses.
pub(crate) const OVERRIDE_IPV6_PREFIX_MIN: u8 = 7;

/// A signature's text, in bytes. minisign bounds its two comments to 1 and 8 KiB; the rest is 200 bytes.
pub const SIGNATURE_BYTES_MAX: usize = 16 << 10;

/// Segments of which a trial keeps counts, unless whoever remembers them says otherwise. Each takes about half a
/// kilobyte with its name. Above it, an eighth is forgotten: of the domains first those in which no eligible campaign
/// flipped, of these first those that were not seen for longest. Everything, the unauthenticated and the providers stay.
/// A segment that comes back has a new rank, so its test begins anew with a share of the error probability of its own.
pub const GUARD_SEGMENTS_MAX: usize = 100_000;

/// Campaigns and senders of the current hour and day that a trial remembers, so that they count once: some 50 MB. Above
/// it, those whose hour or day ends first are forgotten, and may count once more.
pub const GUARD_FIRSTS_MAX: usize = 1_500_000;

/// Senders whose days are remembered: some 60 MB. Above it, an eighth is forgotten: first those that were seen on one
/// day only, of these first those that were not seen for longest. They become known anew.
pub const GUARD_SENDERS_MAX: usize = 1_000_000;

/// Segments whose volume of last week counts for their weight. The 10,000th domain has less than its order of discovery
/// gives it anyway.
pub const GUARD_VOLUMES_MAX: usize = 10_000;

/// Senders, and recipients, of flips that are remembered of a segment and a direction: a floor of 50 accounts has room at a
/// provider where ten addresses count as one. 4 KB, where so many flipped.
pub(crate) const WITNESSES_MAX: usize = 512;

/// The most accounts, and recipients, that a floor can ask for.
pub(crate) const FLOOR_MAX: u8 = 50;

/// The most pairs of a sender that can count on a day: each costs a look-up.
pub(crate) const SENDER_PAIRS_MAX: u32 = 64;

/// After how many days of a trial, in days, senders that became known since it began count in it: a trial of months would
/// see fewer and fewer, and one of weeks, in which somebody may have prepared for the candidate, sees none of those.
pub(crate) const KNOWN_SINCE_DAYS_MAX: i32 = 60;

/// Campaigns that have to have flipped in a segment before somebody is warned, whatever the tests say.
pub(crate) const GUARD_WARN_FLIPS_MIN: u64 = 5;

/// Segments that a piece of evidence names as harmed: a page that a person reads at night.
pub(crate) const GUARD_HARMED_MAX: usize = 32;

/// Calls that a breaker remembers of its window, the last ones: above 140 a second it looks at less time, on calls
/// enough.
pub(crate) const BREAKER_CALLS_MAX: usize = 8_192;

/// Calls of one sender that count in a window: in the 300 that the default asks for, one sender has at most a thirtieth.
pub(crate) const BREAKER_SENDER_CALLS_MAX: u32 = 10;

/// Campaigns that failed, at most remembered in a window: so many failures at most can be asked for.
pub(crate) const BREAKER_FAILURES_MAX: u32 = 1_024;

/// Different senders among the failed or slow calls that a share needs to trip a breaker, if so many failures are not
/// asked for anyway: what one sender can cause from outside is no reason to revert.
pub(crate) const BREAKER_SENDERS_MIN: u32 = 5;

/// How long the predecessor of a promoted release goes on scoring, unless its promoter says otherwise: a day has every
/// kind of mail that a filter sees, newsletters of the night and invoices of the morning.
pub const COOL_OFF_DEFAULT: Duration = Duration::from_secs(24 * 3_600);
