//! Every limit that the host sets, with its reason.

use std::time::Duration;

use crate::release::ManifestLimits;

/// The caps of a host: the most that any release gets, whatever its manifest asks for.
///
/// A manifest that asks for more than a cap is refused when the release is loaded, so that nobody
/// believes in a limit that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest release file, in bytes. Default 32 MiB: a release with a whole ONNX runtime is about
    /// 6 MB, and time and memory of a compile grow with this.
    pub release_bytes_max: u64,
    /// Linear memory of one instance, in bytes. Default 64 MiB. Address space is reserved for each slot
    /// of the pool, memory is only used when touched.
    pub memory_bytes_max: u64,
    /// Wall-clock time for one message. Default 10 s: an SMTP client waits for minutes at the end of
    /// DATA (RFC 5321, section 4.5.3.2.6), a queue behind it does not.
    pub deadline_max: Duration,
    /// Elements of a table. Default 65,536; a Rust model has as many as it has functions whose address
    /// is taken: hundreds, or ten thousand with an ONNX runtime.
    pub table_elements_max: u64,
    /// Log lines kept of one message. Default 64, as the contract says.
    pub log_lines_max: u64,
    /// Reasons of one assessment. Default 64, as the contract says.
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

    /// The limits of a release: what its manifest asks for, else the default, never above the cap.
    pub(crate) fn of_release(&self, asked: &ManifestLimits) -> ReleaseLimits {
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

fn to_usize(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// The limits that hold for one release.
#[derive(Clone, Debug)]
pub(crate) struct ReleaseLimits {
    pub(crate) memory_bytes_max: usize,
    pub(crate) deadline: Duration,
    pub(crate) table_elements_max: usize,
    pub(crate) log_lines_max: usize,
    pub(crate) reasons_max: usize,
}

/// Linear memory that a release gets which does not ask, in bytes: a model of a megabyte, its text and
/// room to work.
pub(crate) const DEFAULT_MEMORY_BYTES_MAX: u64 = 16 << 20;

/// The time that a release gets which does not ask. A model answers in well under a millisecond; a
/// second is for a process that the scheduler, or a debugger, holds up.
pub(crate) const DEFAULT_DEADLINE_MS: u64 = 1_000;

/// How often the epoch advances, and so how finely a deadline is measured. A wake-up per millisecond is
/// not seen in a profile; ten milliseconds would be seen in a mail queue.
pub(crate) const EPOCH_TICK: Duration = Duration::from_millis(1);

/// Stack that a guest's calls may use, in bytes. A thread's default stack is 2 MiB in Rust and 8 MiB in
/// C: a quarter of the smaller one leaves room for the filter's own frames.
pub(crate) const WASM_STACK_BYTES_MAX: usize = 512 << 10;

/// What a guest may hand to the host in one call, in bytes: an assessment with 64 full reasons is 24 KiB.
/// (wasmtime calls it hostcall fuel; its default is 128 MiB.)
pub(crate) const RESULT_BYTES_MAX: usize = 128 << 10;

/// Log lines kept of one message, at most; the rest is counted. From the contract.
pub(crate) const LOG_LINES_MAX: u64 = 64;

/// Calls of `log` during one message after which the guest is stopped. From the contract.
pub(crate) const LOG_CALLS_MAX: u32 = 4_096;

/// Bytes kept of one log line. From the contract.
pub(crate) const LOG_LINE_BYTES_MAX: usize = 1_024;

/// Reasons of one assessment, at most. From the contract.
pub(crate) const REASONS_MAX: u64 = 64;

/// Bytes of a reason's name. From the contract.
pub(crate) const REASON_NAME_BYTES_MAX: usize = 64;

/// Bytes of a reason's note, and of the reason to abstain. From the contract.
pub(crate) const NOTE_BYTES_MAX: usize = 256;

/// Core instances of one component. The tools make three: the model, and two small ones that join it to
/// its imports.
pub(crate) const CORE_INSTANCES_MAX: u32 = 8;

/// Linear memories of one component, and of all its modules together.
pub(crate) const MEMORIES_MAX: u32 = 1;

/// Tables of one component: its own, and the one through which the tools join its imports.
pub(crate) const TABLES_MAX: u32 = 4;

/// Host metadata of one instance, in bytes. It grows with the number of functions and imports.
pub(crate) const INSTANCE_METADATA_BYTES_MAX: usize = 1 << 20;

/// Memory that a slot of the pool keeps resident between messages, in bytes. Near a model's working set:
/// less costs page faults, more lets one odd message make a slot slower for good (each page that a slot
/// ever dirtied is copied back after each message).
pub(crate) const KEEP_RESIDENT_BYTES: usize = 1 << 20;

/// The same for tables.
pub(crate) const TABLE_KEEP_RESIDENT_BYTES: usize = 64 << 10;

/// Instances that can exist at once, unless the filter says otherwise. A slot remembers the release that
/// it last held, and another release pays 20 to 50 microseconds to take it over: so this is releases
/// times threads, with room.
pub(crate) const DEFAULT_INSTANCES: u32 = 256;

/// How many predecessors of a live release a slot keeps warm.
pub(crate) const STANDBYS_MAX: usize = 8;

/// The share of all cores' time that what is scored beside the answers may use, unless the filter says otherwise. A
/// shadow of a release as costly as the live one then sees all of the mail while the cores are less than a quarter
/// busy with answers, and a part of it above that.
pub(crate) const SHADOW_CPU_SHARE: f64 = 0.3;

/// Messages that wait to be scored beside their answers, and as many that wait to be recorded: some tens of milliseconds
/// of busy traffic. They are lost with a process that is killed.
pub(crate) const BESIDE_JOBS_MAX: usize = 256;

/// Bytes of those messages, from which on no more are taken. One more large message may lie above it.
pub(crate) const BESIDE_BYTES_MAX: usize = 64 << 20;

/// How long the predecessor of a promoted release goes on scoring, unless its promoter says otherwise: a day has every
/// kind of mail that a filter sees, newsletters of the night and invoices of the morning.
pub(crate) const COOL_OFF_DEFAULT: Duration = Duration::from_secs(24 * 3_600);

/// How long an override holds unless its author says otherwise: a day. An override answers an incident, and what
/// nobody remembers is a hole in the filter.
pub(crate) const OVERRIDE_EXPIRY_DEFAULT: Duration = Duration::from_secs(24 * 3_600);

/// The longest that an override may hold. What still has to stand after a quarter of a year is policy and belongs
/// into the filter's configuration, or into the next training set.
pub(crate) const OVERRIDE_EXPIRY_MAX: Duration = Duration::from_secs(90 * 24 * 3_600);

/// Bytes of an override's reason: a few sentences and a ticket. It is printed in listings.
pub(crate) const OVERRIDE_REASON_BYTES_MAX: usize = 1_024;

/// Bytes of an author's name.
pub(crate) const AUTHOR_BYTES_MAX: usize = 256;

/// Bytes of a slot's name.
pub(crate) const SLOT_NAME_BYTES_MAX: usize = 64;

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

/// How long an operation waits for a store that another process writes to. A write takes milliseconds, on a disk that
/// others keep busy it took seconds; what holds a store for longer than this hangs, or is a backup that should have
/// used SQLite's own.
pub(crate) const STORE_BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a process that follows a store sleeps at most. Whoever changes the store wakes it; this is for an
/// operator who is killed between the change and the waking. Looking takes some 50 microseconds.
pub(crate) const FOLLOW_INTERVAL_MAX: Duration = Duration::from_millis(100);

/// How often a process tells its store how often overrides have decided.
pub(crate) const HITS_INTERVAL: Duration = Duration::from_secs(1);

/// A signature's text, in bytes. minisign bounds its two comments to 1 and 8 KiB; the rest is 200 bytes.
pub(crate) const SIGNATURE_BYTES_MAX: usize = 16 << 10;

/// Characters of the label that an operator gives to a trusted key: a name and an address.
pub(crate) const KEY_LABEL_CHARS_MAX: usize = 128;
