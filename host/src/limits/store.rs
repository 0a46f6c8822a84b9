//! Limits of what follows a store, and of the guard.

use std::time::Duration;

/// The priority of the thread that follows a store (`nice(2)`; -20 is the highest), where the process may raise it: as root,
/// with `CAP_SYS_NICE`, or under `LimitNICE=` of systemd. It hardly ever runs, and when it does, somebody waits for a revert. At
/// -10 it has nine times the weight of a scoring thread, so it gets a core before one that has had it for a while.
pub(crate) const FOLLOW_NICENESS: i32 = -10;

/// How often a process that cannot follow its store says so again in its log.
pub(crate) const FOLLOW_REMINDER_INTERVAL: Duration = Duration::from_secs(60);

/// How long a store that is followed may take to answer before that counts as a trouble: twice as long as an operation waits
/// for a database that is locked.
pub(crate) const STORE_ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// How long a release waits to be loaded again after the system did not give what that takes (descriptors, memory, threads),
/// at first: what a burst of traffic held is free again by then.
pub(crate) const LOAD_PAUSE_MIN: Duration = Duration::from_secs(1);

/// See [`LOAD_PAUSE_MIN`]: twice as long after each failure, up to this. An operator who raised a limit waits no longer.
pub(crate) const LOAD_PAUSE_MAX: Duration = Duration::from_secs(60);

/// How many releases without a role a process keeps mapped, those that were made ready last: a candidate and what it is
/// compared with. Each costs a descriptor and address space; one that was let go is mapped again in milliseconds.
pub(crate) const RELEASES_SPARE_MAX: usize = 8;

/// How often a process tells its store how often overrides have decided.
pub(crate) const HITS_INTERVAL: Duration = Duration::from_secs(1);

/// How many changes and troubles of a store wait at most for the guard to raise alerts about them, which it does every
/// second.
pub(crate) const NEWS_MAX: usize = 256;

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

/// How long a process waits for its turn to write what it counted, before it goes on with a memory of its own: some busy
/// timeouts. Meanwhile its queue fills.
pub(crate) const GUARD_STORE_PATIENCE: Duration = Duration::from_secs(5);

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

/// How long a flush, and the end of a process, wait for alerts: a receiver that answers has them by then. For one that
/// hangs nobody waits; what is left stays in the store.
#[cfg(feature = "alerts")]
pub(crate) const ALERT_LAST_TIME: Duration = Duration::from_secs(15);

/// How often at most a process raises an alert about one kind of trouble of its guard: one that comes and goes is told
/// once.
pub(crate) const GUARD_NEWS_INTERVAL: Duration = Duration::from_secs(600);

/// How often who delivers alerts looks for those that another process raised, or that are to be tried again.
#[cfg(feature = "alerts")]
pub(crate) const ALERT_LOOK_INTERVAL: Duration = Duration::from_secs(1);
