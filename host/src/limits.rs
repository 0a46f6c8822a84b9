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

    /// Linear memory that a host with these caps grants to a release whose manifest asks for these limits, in bytes.
    pub fn memory_bytes_of(&self, asked: &ManifestLimits) -> u64 {
        self.of_release(asked).memory_bytes_max as u64
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

/// How often the epoch advances, and so how finely a deadline is measured: who is past it is stopped at the next tick,
/// less than a millisecond later. Each tick is a wake-up of some microseconds.
pub(crate) const EPOCH_TICK: Duration = Duration::from_micros(500);

/// What one instruction may copy or fill in memory before the clock is looked at, in bytes: with every page touched for
/// the first time, some 50 microseconds.
pub(crate) const BULK_BYTES_MAX: u32 = 64 << 10;

/// Code without a loop or a call that may run before the clock is looked at, in bytes. The slowest instructions take one
/// or two bytes and 20 cycles: some 100 microseconds.
pub(crate) const STRAIGHT_CODE_BYTES_MAX: usize = 16 << 10;

/// Data that may have to be copied into a new instance, in bytes. Those of a packed model are mapped instead, and the
/// small modules that join it to its imports have none.
pub(crate) const STARTUP_COPY_BYTES_MAX: u64 = 64 << 10;

/// Stack that a guest's calls may use, in bytes. A thread's default stack is 2 MiB in Rust and 8 MiB in
/// C: a quarter of the smaller one leaves room for the filter's own frames.
pub(crate) const WASM_STACK_BYTES_MAX: usize = 512 << 10;

/// Stack that the host's own frames take around a guest's, in bytes: what it derives of a message for the guest, and the engine.
pub(crate) const CALL_STACK_BYTES: usize = 256 << 10;

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

/// Bytes kept of a guest's error: a sentence, and what it is about. As many as of a log line.
pub(crate) const ERROR_BYTES_MAX: usize = LOG_LINE_BYTES_MAX;

/// How often it is said again in the log that a release fails: often enough to be seen while it goes on, and a log that ten
/// thousand messages a second fail in stays readable.
pub(crate) const FAILURE_REMINDER_INTERVAL: Duration = Duration::from_secs(60);

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

/// Messages that are compared first, whatever else there is to do, once other releases decide in a slot: as many as a guard
/// needs to see harm that is plain, and too few to be felt.
pub(crate) const FRESH_PAIRS_MAX: u32 = 256;

/// How long the predecessor of a promoted release goes on scoring, unless its promoter says otherwise: a day has every
/// kind of mail that a filter sees, newsletters of the night and invoices of the morning.
pub(crate) const COOL_OFF_DEFAULT: Duration = Duration::from_secs(24 * 3_600);

/// For how long after its cool-off a predecessor goes on scoring a sample of the mail: a week has every day.
pub(crate) const COOL_OFF_SAMPLED: Duration = Duration::from_secs(7 * 24 * 3_600);

/// How large that sample is, in basis points: of a domain that writes a hundred times a day, some 35 messages in the week.
pub(crate) const COOL_OFF_SAMPLE_BP: u16 = 500;

/// Steps of a rollout: one for each doubling of a share from 0.01 % to everything, and a shadow.
pub(crate) const ROLLOUT_STEPS_MAX: usize = 16;

/// How long an override holds unless its author says otherwise: a day. An override answers an incident, and what
/// nobody remembers is a hole in the filter.
pub(crate) const OVERRIDE_EXPIRY_DEFAULT: Duration = Duration::from_secs(24 * 3_600);

/// The longest that an override may hold. What still has to stand after a quarter of a year is policy and belongs
/// into the filter's configuration, or into the next training set.
pub(crate) const OVERRIDE_EXPIRY_MAX: Duration = Duration::from_secs(90 * 24 * 3_600);

/// The priority of the thread that follows a store (`nice(2)`; -20 is the highest), where the process may raise it: as root,
/// with `CAP_SYS_NICE`, or under `LimitNICE=` of systemd. It hardly ever runs, and when it does, somebody waits for a revert. At
/// -10 it has nine times the weight of a scoring thread, so it gets a core before one that has had it for a while.
pub(crate) const FOLLOW_NICENESS: i32 = -10;

/// How far ahead of now the time may be at which an override was made: a clock set to local time is off by less. One that
/// was made later than that was made while the clock was wrong, and does not hold.
pub(crate) const OVERRIDE_AHEAD_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Bytes of an override's reason: a few sentences and a ticket. It is printed in listings.
pub(crate) const OVERRIDE_REASON_BYTES_MAX: usize = 1_024;

/// Bytes of an author's name.
pub(crate) const AUTHOR_BYTES_MAX: usize = 256;

/// Bytes of a release file in a store that are read to see whether it is whole: more than any filter's own limit is set to.
pub(crate) const STORED_RELEASE_BYTES_MAX: u64 = 1 << 30;

/// Bytes of the name of a slot, or of a process: both are listed, one on a line.
pub(crate) const NAME_BYTES_MAX: usize = 64;

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

/// The size of what a backup says of its contents: some 150 bytes for each file, of which there are some per release and
/// one per segment of the journal.
pub(crate) const BACKUP_CONTENTS_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How long whoever recovers a ledger waits for processes to see that it is damaged: they look every 100 ms.
pub(crate) const RECOVER_PATIENCE: Duration = Duration::from_secs(2);

/// After which a database file that changed, although SQLite has written nothing back, counts as written over. While SQLite
/// writes back, it is so for as long as the disk takes.
pub(crate) const OVERWRITTEN_AFTER: Duration = Duration::from_millis(800);

/// How often a process that cannot follow its store says so again in its log.
pub(crate) const FOLLOW_REMINDER_INTERVAL: Duration = Duration::from_secs(60);

/// How long a release waits to be loaded again after the system did not give what that takes (descriptors, memory, threads),
/// at first: what a burst of traffic held is free again by then.
pub(crate) const LOAD_PAUSE_MIN: Duration = Duration::from_secs(1);

/// See [`LOAD_PAUSE_MIN`]: twice as long after each failure, up to this. An operator who raised a limit waits no longer.
pub(crate) const LOAD_PAUSE_MAX: Duration = Duration::from_secs(60);

/// How many releases without a role a process keeps mapped, those that were made ready last: a candidate and what it is
/// compared with. Each costs a descriptor and address space; one that was let go is mapped again in milliseconds.
pub(crate) const RELEASES_SPARE_MAX: usize = 8;

/// How long an operation that gives a release a role waits for processes that do not have it ready, where readiness is not
/// asked for: to map one takes milliseconds, and what takes longer is made up for later, in the background.
pub(crate) const ROUSE_TIME: Duration = Duration::from_secs(2);

/// How often a process tells its store how often overrides have decided.
pub(crate) const HITS_INTERVAL: Duration = Duration::from_secs(1);

/// How many changes and troubles of a store wait at most for the guard to raise alerts about them, which it does every
/// second.
pub(crate) const NEWS_MAX: usize = 256;

/// A signature's text, in bytes. minisign bounds its two comments to 1 and 8 KiB; the rest is 200 bytes.
pub(crate) const SIGNATURE_BYTES_MAX: usize = 16 << 10;

/// Characters of the label that an operator gives to a trusted key: a name and an address.
pub(crate) const KEY_LABEL_CHARS_MAX: usize = 128;

/// How long a webhook, or the system's log, may take to accept an alert: whoever answers later than this is down.
pub(crate) const ALERT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a command for alerts may take before it is killed: sending mail to somebody takes seconds.
pub(crate) const ALERT_COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of what a command for alerts wrote to its standard error that are kept, the last ones: a message of an error.
pub(crate) const ALERT_COMMAND_SAID_BYTES_MAX: usize = 1_024;

/// Bytes of an alert in the system's log. RFC 5424, section 6.1: a receiver should take messages of 2,048 bytes; the time
/// and the process are before it.
pub(crate) const ALERT_SYSLOG_BYTES_MAX: usize = 1_900;

/// How often it is tried to deliver an alert, which is for more than half an hour: a receiver that is restarted is back.
pub(crate) const ALERT_ATTEMPTS_MAX: u32 = 16;

/// How long is waited before the second attempt.
pub(crate) const ALERT_PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest that is waited between two attempts.
pub(crate) const ALERT_PAUSE_MAX: Duration = Duration::from_secs(300);

/// Bytes of a webhook's secret at least and at most: what Standard Webhooks says.
pub(crate) const WEBHOOK_SECRET_BYTES_MIN: usize = 24;
/// See [`WEBHOOK_SECRET_BYTES_MIN`].
pub(crate) const WEBHOOK_SECRET_BYTES_MAX: usize = 64;
/// Segments of which a trial keeps counts, unless whoever remembers them says otherwise. Each takes about half a
/// kilobyte with its name. Above it, an eighth is forgotten: of the domains first those in which no eligible campaign
/// flipped, of these first those that were not seen for longest. Everything, the unauthenticated and the providers stay.
/// A segment that comes back has a new rank, so its test begins anew with a share of the error probability of its own.
pub(crate) const GUARD_SEGMENTS_MAX: usize = 100_000;

/// Campaigns and senders of the current hour and day that a trial remembers, so that they count once: some 50 MB. Above
/// it, those whose hour or day ends first are forgotten, and may count once more.
pub(crate) const GUARD_FIRSTS_MAX: usize = 1_500_000;

/// Of those, how many may be of mail that is not eligible: a third, so that strangers who flood a filter with campaigns of
/// one message each take nothing from what is acted on. A store that has no more room counts no more of that kind, and
/// says so.
pub(crate) const GUARD_FIRSTS_STRANGERS_MAX: usize = 500_000;

/// Senders whose days are remembered: some 60 MB. Above it, an eighth is forgotten: first those that were seen on one
/// day only, of these first those that were not seen for longest. They become known anew.
pub(crate) const GUARD_SENDERS_MAX: usize = 1_000_000;

/// Segments whose volume of last week counts for their weight. The 10,000th domain has less than its order of discovery
/// gives it anyway.
pub(crate) const GUARD_VOLUMES_MAX: usize = 10_000;

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

/// Messages that wait for the guard: a second of busy traffic, some 4 MB. What does not fit is dropped and counted; the
/// guard misses evidence then, and says that it falls behind.
pub(crate) const GUARD_QUEUE_MAX: usize = 8_192;

/// Messages that the guard looks at in one transaction: enough that its price is shared, and few enough that the other
/// processes of a store, which wait for it, wait for some milliseconds.
pub(crate) const GUARD_BATCH_MAX: usize = 1_024;

/// How long the first message of a batch waits for others. A release that does harm does so for that much longer.
pub(crate) const GUARD_BATCH_TIME: Duration = Duration::from_millis(100);

/// The same where one of the first messages of a release that just came to decide is among them.
pub(crate) const GUARD_FRESH_BATCH_TIME: Duration = Duration::from_millis(10);

/// How long the guard sleeps while a batch fills: its queue has room for what two cores score meanwhile, many times over.
pub(crate) const GUARD_NAP: Duration = Duration::from_millis(10);

/// How often the guard looks whether a rollout goes on, and says how it is.
pub(crate) const GUARD_TICK: Duration = Duration::from_secs(1);

/// How often the guard tries to write into the ledger what it does, while others write there too.
pub(crate) const GUARD_ATTEMPTS_MAX: u32 = 16;

/// How long the guard leaves a ledger alone that could not be written: an attempt may take as long as a lock is waited for.
pub(crate) const GUARD_LEDGER_PAUSE: Duration = Duration::from_secs(10);

/// How often the guard asks what is known about a rollout whose step takes its time.
pub(crate) const GUARD_ROLLOUT_INTERVAL: Duration = Duration::from_secs(5);

/// How often the guard forgets what is over.
pub(crate) const GUARD_TIDY_INTERVAL: Duration = Duration::from_secs(60);

/// How long the guard waits for its file while another process writes to it. A batch takes milliseconds; meanwhile its
/// queue fills.
pub(crate) const GUARD_BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Rows that the guard forgets in one transaction: the other processes wait for it, so what is over goes in pieces.
pub(crate) const GUARD_TIDY_CHUNK: usize = 10_000;

/// How long a process waits for its turn to write what it counted, before it goes on with a memory of its own: some busy
/// timeouts. Meanwhile its queue fills.
pub(crate) const GUARD_STORE_PATIENCE: Duration = Duration::from_secs(5);

/// Rows of each table that a process takes along into a memory of its own: a quarter of the known senders that a store may
/// have, so that a filter in trouble does not pay with its memory as well. Those that matter most come first; what is left
/// behind is unknown there.
pub(crate) const GUARD_SPARE_ROWS_MAX: usize = 250_000;

/// For how long nothing may be heard of a guard that said it is at work: some busy timeouts.
pub(crate) const GUARD_SILENT_MAX: Duration = Duration::from_secs(30);

/// For how long a guard counts as behind after it has dropped a pair.
pub(crate) const GUARD_BEHIND_FELT: Duration = Duration::from_secs(10);

/// Over how long the guard looks at which share of the messages that were to be compared were.
pub(crate) const GUARD_PAIRS_WINDOW: Duration = Duration::from_secs(60);

/// How many messages that were to be compared say something about that share.
pub(crate) const GUARD_PAIRS_MIN: u64 = 100;

/// One of so many of them has to be compared, or the guard starves: with less, harm is found ten times as late.
pub(crate) const GUARD_PAIRS_PART_MIN: u64 = 10;

/// For how long a guard counts as unwell after it has panicked: what made it panic may come again.
pub(crate) const GUARD_PANIC_FELT: Duration = Duration::from_secs(600);

/// For how long promotions wait after the guard has lost what it knew, unless somebody teaches it: so long that it is read.
/// Until senders have been seen for long enough again, two weeks by default, the guard only warns.
pub(crate) const GUARD_RELEARN: Duration = Duration::from_secs(24 * 3_600);

/// Pairs of which the guard notes what it counted, so that it can be replayed: some 75 MB. Above it, the oldest are
/// forgotten.
pub(crate) const GUARD_NOTED_MAX: u64 = 4_000_000;

/// Trials that are remembered, those with the latest messages: rollouts of a year or so in a few slots.
pub(crate) const GUARD_TRIALS_MAX: usize = 64;

/// Alerts that wait to be delivered. When nobody takes any for so long that there are more, the oldest say least.
pub(crate) const ALERTS_WAITING_MAX: usize = 1_000;

/// Alerts that are remembered after they were delivered or given up, to look back.
pub(crate) const ALERTS_DELIVERED_MAX: usize = 1_000;

/// How long who delivers an alert may take before somebody else tries: a webhook, a command and the system's log one
/// after the other, and some.
pub(crate) const ALERT_LEASE: Duration = Duration::from_secs(120);

/// How long a process that raised an alert has for delivering it before others try: it knows best whom to tell, and a
/// person who is told a minute late is told.
pub(crate) const ALERT_OTHERS_AFTER: Duration = Duration::from_secs(60);

/// How long a flush, and the end of a process, wait for alerts: a receiver that answers has them by then. For one that
/// hangs nobody waits; what is left stays in the store.
pub(crate) const ALERT_LAST_TIME: Duration = Duration::from_secs(15);

/// How often at most a process raises an alert about one kind of trouble of its guard: one that comes and goes is told
/// once.
pub(crate) const GUARD_NEWS_INTERVAL: Duration = Duration::from_secs(600);

/// How often who delivers alerts looks for those that another process raised, or that are to be tried again.
pub(crate) const ALERT_LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// By how much the time of day has to differ from what has passed for a clock to have jumped: corrections are smaller, and
/// so are pauses of a virtual machine; setting a clock to another zone's time is not.
pub(crate) const CLOCK_JUMP_MIN: Duration = Duration::from_secs(10 * 60);

/// How far after a time that is known another one may be without a doubt: what was joined of a journal is named by its first
/// record and has two days of them, and an hour is for clocks.
pub(crate) const CLOCK_GAP_MAX: Duration = Duration::from_secs((24 + 24 + 1) * 3_600);

/// For how long a clock has to have gone on without a jump before something is deleted on its word: what sets a clock right
/// (NTP, an operator who reads an alert) does so within a day.
pub(crate) const CLOCK_TRIED: Duration = Duration::from_secs(24 * 3_600);
