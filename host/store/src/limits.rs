//! Every limit of what is kept and told, with its reason.

use std::time::Duration;

/// Steps of a rollout: one for each doubling of a share from 0.01 % to everything, and a shadow.
pub const ROLLOUT_STEPS_MAX: usize = 16;

/// Bytes of a release file in a store that are read to see whether it is whole: more than any filter's own limit is set to.
pub const STORED_RELEASE_BYTES_MAX: u64 = 1 << 30;

/// How long an operation waits for a store that another process writes to. A write takes milliseconds, on a disk that
/// others keep busy it took seconds; what holds a store for longer than this hangs, or is a backup that should have
/// used SQLite's own.
pub const STORE_BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a process that follows a store sleeps at most. Whoever changes the store wakes it; this is for an
/// operator who is killed between the change and the waking. Looking takes some 50 microseconds.
pub const FOLLOW_INTERVAL_MAX: Duration = Duration::from_millis(100);

/// How often the end of a ledger is read until it is the same before and after: events come some times a second at most, and
/// reading takes milliseconds.
#[cfg(feature = "control")]
pub(crate) const TAIL_READS_MAX: u32 = 100;

/// The size of what a backup says of its contents: some 150 bytes for each file, of which there are some per release and
/// one per segment of the journal.
pub const BACKUP_CONTENTS_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How long whoever recovers a ledger waits for processes to see that it is damaged: they look every 100 ms.
pub const RECOVER_PATIENCE: Duration = Duration::from_secs(2);

/// After which a database file that changed, although SQLite has written nothing back, counts as written over. While SQLite
/// writes back, it is so for as long as the disk takes.
pub const OVERWRITTEN_AFTER: Duration = Duration::from_millis(800);

/// How long an operation that gives a release a role waits for processes that do not have it ready, where readiness is not
/// asked for: to map one takes milliseconds, and what takes longer is made up for later, in the background.
pub const ROUSE_TIME: Duration = Duration::from_secs(2);

/// Characters of the label that an operator gives to a trusted key: a name and an address.
pub const KEY_LABEL_CHARS_MAX: usize = 128;

/// How long a webhook, or the system's log, may take to accept an alert: whoever answers later than this is down.
pub const ALERT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a command for alerts may take before it is killed: sending mail to somebody takes seconds.
pub const ALERT_COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of what a command for alerts wrote to its standard error that are kept, the last ones: a message of an error.
pub const ALERT_COMMAND_SAID_BYTES_MAX: usize = 1_024;

/// Bytes of an alert in the system's log. RFC 5424, section 6.1: a receiver should take messages of 2,048 bytes; the time
/// and the process are before it.
pub const ALERT_SYSLOG_BYTES_MAX: usize = 1_900;

/// How often it is tried to deliver an alert, which is for more than half an hour: a receiver that is restarted is back.
pub const ALERT_ATTEMPTS_MAX: u32 = 16;

/// How long is waited before the second attempt.
pub const ALERT_PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest that is waited between two attempts.
pub const ALERT_PAUSE_MAX: Duration = Duration::from_secs(300);

/// Bytes of a webhook's secret at least and at most: what Standard Webhooks says.
pub const WEBHOOK_SECRET_BYTES_MIN: usize = 24;

/// See [`WEBHOOK_SECRET_BYTES_MIN`].
pub const WEBHOOK_SECRET_BYTES_MAX: usize = 64;

/// Bytes that are read of a file with a webhook's secret: 64 bytes in base64, with room for spaces around them.
pub const SECRET_FILE_BYTES_MAX: u64 = 4 << 10;

/// Of those, how many may be of mail that is not eligible: a third, so that strangers who flood a filter with campaigns of
/// one message each take nothing from what is acted on. A store that has no more room counts no more of that kind, and
/// says so.
pub const GUARD_FIRSTS_STRANGERS_MAX: usize = 500_000;

/// How long the guard waits for its file while another process writes to it. A batch takes milliseconds; meanwhile its
/// queue fills.
pub const GUARD_BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Rows that the guard forgets in one transaction: the other processes wait for it, so what is over goes in pieces.
pub const GUARD_TIDY_CHUNK: usize = 10_000;

/// Rows of each table that a process takes along into a memory of its own: a quarter of the known senders that a store may
/// have, so that a filter in trouble does not pay with its memory as well. Those that matter most come first; what is left
/// behind is unknown there.
pub const GUARD_SPARE_ROWS_MAX: usize = 250_000;

/// For how long nothing may be heard of a guard that said it is at work: some busy timeouts.
pub const GUARD_SILENT_MAX: Duration = Duration::from_secs(30);

/// For how long promotions wait after the guard has lost what it knew, unless somebody teaches it: so long that it is read.
/// Until senders have been seen for long enough again, two weeks by default, the guard only warns.
pub const GUARD_RELEARN: Duration = Duration::from_secs(24 * 3_600);

/// Pairs of which the guard notes what it counted, so that it can be replayed: some 75 MB. Above it, the oldest are
/// forgotten.
pub const GUARD_NOTED_MAX: u64 = 4_000_000;

/// Trials that are remembered, those with the latest messages: rollouts of a year or so in a few slots.
pub const GUARD_TRIALS_MAX: usize = 64;

/// Alerts that wait to be delivered. When nobody takes any for so long that there are more, the oldest say least.
pub const ALERTS_WAITING_MAX: usize = 1_000;

/// Alerts that are remembered after they were delivered or given up, to look back.
pub const ALERTS_DELIVERED_MAX: usize = 1_000;

/// How long who delivers an alert may take before somebody else tries: a webhook, a command and the system's log one
/// after the other, and some.
pub const ALERT_LEASE: Duration = Duration::from_secs(120);

/// How long a process that raised an alert has for delivering it before others try: it knows best whom to tell, and a
/// person who is told a minute late is told.
pub const ALERT_OTHERS_AFTER: Duration = Duration::from_secs(60);

/// How far after a time that is known another one may be without a doubt: what was joined of a journal is named by its first
/// record and has two days of them, and an hour is for clocks.
pub const CLOCK_GAP_MAX: Duration = Duration::from_secs((24 + 24 + 1) * 3_600);

/// For how long a clock has to have gone on without a jump before something is deleted on its word: what sets a clock right
/// (NTP, an operator who reads an alert) does so within a day.
pub const CLOCK_TRIED: Duration = Duration::from_secs(24 * 3_600);

/// How many of the messages that are given back are named in the ledger, which every process of a store reads: enough to see
/// which mail it was; of all of them it has a digest.
pub const MESSAGES_NAMED_MAX: usize = 100;
