//! A store in memory, written with the public API alone: what a distributed store has to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchback::control::{
    Acknowledgement, Committed, ControlStore, Drafted, Entry, EventSequence, Membership, NewProcess, Preparation,
    Presence, ProcessNumber, Readiness, ReleaseFiles, ReleaseStamps, Request, StoreError, StoreProcess, Watch, Watched,
};
use switchback::{Control, Digest, Runtime, SlotConfig};
use tempfile::TempDir;

use super::support::{PATIENCE, file, promote, revert, until};
use crate::support::{message, shared_cache};

/// Its clones are the same store.
#[derive(Clone, Debug)]
pub(super) struct MemoryStore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    guard_dir: TempDir,
    kept: Mutex<Kept>,
    changed: Condvar,
    /// How often the whole ledger was read.
    full_reads: AtomicUsize,
    /// What is wrong with it.
    fault: Mutex<Fault>,
    /// How often its ledger's end was told while it is restless, and how many calls it does not answer.
    told: AtomicUsize,
    unanswered: AtomicUsize,
}

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fault {
    #[default]
    None,
    /// Every call panics.
    Panics,
    /// The ledger cannot be read.
    Fails,
    /// The ledger has lost its last event.
    GoesBack,
    /// The last event is there a second time, as the next one.
    Repeats,
    /// The last event is another one, with the hash that it should have.
    Rewrites,
    /// The ledger's end is another one each time.
    Restless,
    /// What is added is not kept.
    Forgets,
    /// Whoever reads the ledger waits.
    Hangs,
}

#[derive(Debug, Default)]
struct Kept {
    entries: Vec<Entry>,
    last_process: u64,
    processes: BTreeMap<ProcessNumber, StoreProcess>,
    asked: BTreeSet<(ProcessNumber, Digest)>,
    hits: BTreeMap<u64, u64>,
    releases: BTreeMap<Digest, (Vec<u8>, Option<String>)>,
    /// Changes of the ledger, and of anything.
    changes: [u64; 2],
}

impl MemoryStore {
    pub(super) fn new() -> Self {
        let guard_dir = tempfile::tempdir().unwrap();
        let (kept, changed, full_reads) = Default::default();
        let (fault, told, unanswered) = Default::default();
        Self(Arc::new(Shared { guard_dir, kept, changed, full_reads, fault, told, unanswered }))
    }

    /// Lets something be wrong from now on, and wakes whoever waits.
    pub(super) fn set(&self, fault: Fault) {
        let _kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *self.0.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        self.0.changed.notify_all();
    }

    /// How many calls wait for an answer.
    pub(super) fn unanswered(&self) -> usize {
        self.0.unanswered.load(Ordering::SeqCst)
    }

    pub(super) fn full_reads(&self) -> usize {
        self.0.full_reads.load(Ordering::Relaxed)
    }

    pub(super) fn control(&self) -> Control {
        Control::of(Arc::new(self.clone())).author("ada").reason("a test")
    }

    pub(super) fn process(&self) -> Runtime {
        let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(8);
        builder.store(Arc::new(self.clone())).cache_dir(shared_cache()).build().unwrap()
    }
}

/// The ledger as it is told, with what is wrong with it.
impl MemoryStore {
    fn faulty_entries(&self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = self.0.kept().entries.clone();
        match self.0.fault() {
            Fault::Fails => return Err(StoreError::Failed { store: "memory".to_owned(), source: "it is away".into() }),
            Fault::GoesBack => drop(entries.pop()),
            Fault::Repeats => {
                let again = entries.last().cloned();
                entries.extend(again.map(|last| Entry::new(last.sequence.next(), last.body, last.hash)));
            }
            Fault::Rewrites => {
                let last = entries.last_mut().unwrap();
                last.body = last.body.replace("ada", "eve");
                last.hash = Digest::of(last.body.as_bytes());
            }
            Fault::Hangs => self.hang(),
            _ => {}
        }
        Ok(entries)
    }

    /// Returns when it hangs no longer.
    fn hang(&self) {
        self.0.unanswered.fetch_add(1, Ordering::SeqCst);
        let kept = self.0.kept();
        drop(self.0.changed.wait_while(kept, |_| self.0.fault() == Fault::Hangs));
        self.0.unanswered.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        assert_ne!(self.fault(), Fault::Panics, "a store that panics");
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, what: Watched, change: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.kept();
        let changed = change(&mut kept);
        kept.changes[0] += u64::from(what == Watched::Ledger);
        kept.changes[1] += 1;
        self.changed.notify_all();
        changed
    }
}

impl ReleaseFiles for MemoryStore {
    fn release_location(&self, release: &Digest) -> String {
        format!("release {release} in memory")
    }

    fn keep_release(&self, release: &Digest, bytes: &[u8], signature: Option<&str>) -> Result<(), StoreError> {
        let file = (bytes.to_vec(), signature.map(str::to_owned));
        self.0.kept().releases.insert(*release, file);
        Ok(())
    }

    fn read_release(&self, release: &Digest, bytes_max: u64) -> Result<(Vec<u8>, Option<String>), StoreError> {
        let file = self.0.kept().releases.get(release).cloned();
        let (mut bytes, signature) = file.ok_or_else(|| StoreError::NoRelease(self.release_location(release)))?;
        bytes.truncate(usize::try_from(bytes_max).unwrap_or(usize::MAX).saturating_add(1));
        Ok((bytes, signature))
    }

    fn find_release(&self, release: &Digest) -> Result<(), StoreError> {
        self.read_release(release, 0).map(drop)
    }

    fn release_stamps(&self, release: &Digest) -> ReleaseStamps {
        let kept = self.0.kept();
        let file = kept.releases.get(release);
        let stamp = |bytes: &[u8]| Digest::of(bytes).to_string();
        let mut stamps = ReleaseStamps::default();
        stamps.file = file.map(|(bytes, _)| stamp(bytes));
        stamps.signature = file.and_then(|(_, signature)| Some(stamp(signature.as_ref()?.as_bytes())));
        stamps
    }

    fn set_release_aside(&self, release: &Digest) -> Result<String, StoreError> {
        self.0.kept().releases.remove(release);
        Ok("nowhere".to_owned())
    }
}

impl ControlStore for MemoryStore {
    fn guard_dir(&self) -> &Path {
        self.0.guard_dir.path()
    }

    fn entries_after(&self, sequence: EventSequence) -> Result<Vec<Entry>, StoreError> {
        self.0.full_reads.fetch_add(usize::from(sequence == EventSequence::NONE), Ordering::Relaxed);
        Ok(self.faulty_entries()?.into_iter().filter(|entry| entry.sequence > sequence).collect())
    }

    fn head(&self) -> Result<Option<(EventSequence, Digest)>, StoreError> {
        if self.0.fault() == Fault::Restless {
            let told = self.0.told.fetch_add(1, Ordering::Relaxed);
            return Ok(Some((EventSequence::new(1), Digest::of(&told.to_le_bytes()))));
        }
        Ok(self.faulty_entries()?.last().map(|last| (last.sequence, last.hash)))
    }

    fn append_all(&self, events: &[Drafted]) -> Result<(), StoreError> {
        if self.0.fault() == Fault::Forgets {
            return Ok(());
        }
        self.0.change(Watched::Ledger, |kept| {
            let last = kept
                .entries
                .last()
                .map_or((EventSequence::NONE, Digest::from([0; 32])), |last| (last.sequence, last.hash));
            if events.first().is_some_and(|first| (first.sequence.previous(), first.previous) != last) {
                return Err(StoreError::Conflict);
            }
            let entry = |event: &Drafted| Entry::new(event.sequence, event.to_json(), event.hash());
            kept.entries.extend(events.iter().map(entry));
            Ok(())
        })
    }

    fn register(&self, process: &NewProcess) -> Result<Membership, StoreError> {
        let number = self.0.change(Watched::All, |kept| {
            kept.last_process += 1;
            let (number, registered) = (ProcessNumber::new(kept.last_process), process.clone());
            kept.processes.insert(number, StoreProcess::new(number, registered));
            number
        });
        Ok(Membership::new(number, Seat { store: self.clone(), number }))
    }

    fn keep_present(&self, member: &mut Membership, _process: &NewProcess) -> Result<Presence, StoreError> {
        let is_there = self.0.kept().processes.contains_key(&member.process());
        Ok(if is_there { Presence::Kept } else { Presence::Taken })
    }

    fn acknowledge(&self, member: &Membership, acknowledgement: &Acknowledgement) -> Result<(), StoreError> {
        self.0.change(Watched::All, |kept| {
            let process = kept.processes.get_mut(&member.process());
            process.into_iter().for_each(|process| process.acknowledged = Some(acknowledgement.clone()));
        });
        Ok(())
    }

    fn report(
        &self,
        member: &Membership,
        release: &Digest,
        preparation: Option<&Preparation>,
    ) -> Result<(), StoreError> {
        self.0.change(Watched::All, |kept| {
            kept.asked.remove(&(member.process(), *release));
            if let Some(process) = kept.processes.get_mut(&member.process()) {
                process.preparations.retain(|(said, _)| said != release);
                process.preparations.extend(preparation.map(|said| (*release, said.clone())));
            }
        });
        Ok(())
    }

    fn ask_for(&self, release: &Digest) -> Result<(), StoreError> {
        self.0.change(Watched::Ledger, |kept| {
            let silent = kept.processes.values().filter(|process| process.preparation(release).is_none());
            kept.asked.extend(silent.map(|process| (process.number, *release)));
        });
        Ok(())
    }

    fn asked_of(&self, member: &Membership) -> Result<Vec<Digest>, StoreError> {
        let kept = self.0.kept();
        let of_member = kept.asked.iter().filter(|(process, _)| *process == member.process());
        Ok(of_member.map(|(_, release)| *release).collect())
    }

    fn add_hits(&self, hits: &[(u64, u64)]) -> Result<(), StoreError> {
        let mut kept = self.0.kept();
        hits.iter().for_each(|(rule, more)| *kept.hits.entry(*rule).or_default() += more);
        Ok(())
    }

    fn hits(&self) -> Result<Vec<(u64, u64)>, StoreError> {
        Ok(self.0.kept().hits.iter().map(|(rule, hits)| (*rule, *hits)).collect())
    }

    fn processes(&self) -> Result<Vec<StoreProcess>, StoreError> {
        Ok(self.0.kept().processes.values().cloned().collect())
    }

    fn watch(&self, what: Watched) -> Result<Box<dyn Watch>, StoreError> {
        let mut look = Look { shared: Arc::clone(&self.0), what, seen: 0, rung: Arc::default() };
        look.wait(Duration::ZERO);
        Ok(Box::new(look))
    }
}

/// The place of a process in the register.
struct Seat {
    store: MemoryStore,
    number: ProcessNumber,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.store.0.change(Watched::All, |kept| kept.processes.remove(&self.number));
    }
}

struct Look {
    shared: Arc<Shared>,
    what: Watched,
    seen: u64,
    rung: Arc<AtomicBool>,
}

impl Watch for Look {
    fn wait(&mut self, timeout: Duration) {
        let of = |kept: &Kept| kept.changes[usize::from(self.what == Watched::All)];
        let is_quiet = |kept: &mut Kept| of(kept) == self.seen && !self.rung.load(Ordering::Relaxed);
        let waited = self.shared.changed.wait_timeout_while(self.shared.kept(), timeout, is_quiet);
        let seen = of(&waited.unwrap_or_else(PoisonError::into_inner).0);
        self.seen = seen;
        self.rung.store(false, Ordering::Relaxed);
    }

    fn bell(&self) -> Box<dyn Fn() + Send + Sync> {
        let (shared, rung) = (Arc::clone(&self.shared), Arc::clone(&self.rung));
        Box::new(move || {
            let _kept = shared.kept();
            rung.store(true, Ordering::Relaxed);
            shared.changed.notify_all();
        })
    }
}

/// A store with two releases in it.
pub(super) fn with_two_releases() -> (MemoryStore, Control, [switchback::ReleaseId; 2]) {
    let store = MemoryStore::new();
    let control = store.control();
    let operator = Runtime::builder().cache_dir(shared_cache()).instances(4).build().unwrap();
    let releases = [("empty", "1.0.0"), ("stateful", "1.1.0")].map(|(case, version)| {
        let (_dir, file) = file(case, version);
        operator.load_into(&control, file).unwrap().0
    });
    (store, control, releases)
}

#[test]
fn a_store_of_another_kind_is_operated_and_followed() {
    let (store, control, releases) = with_two_releases();
    let process = store.process();
    let slot = process.slot("inbound").unwrap();
    for release in &releases {
        let promotion = promote(release).readiness(Readiness::Wait(PATIENCE));
        let event = control.promote(promotion).unwrap().event;
        let acknowledgements = control.acknowledgements(&event, PATIENCE).unwrap();
        assert_eq!((acknowledgements.obeyed.len(), acknowledgements.silent.len()), (1, 0));
        assert_eq!(slot.score(&message()).release.as_ref(), Some(release));
    }
    let reverted = control.commit(revert()).unwrap().event;
    control.acknowledgements(&reverted, PATIENCE).unwrap();
    let late = store.process();
    for process in [&process, &late] {
        let verdict = process.slot("inbound").unwrap().score(&message());
        assert_eq!((verdict.release.as_ref(), verdict.generation), (Some(&releases[0]), reverted.generation));
    }
    assert_eq!(control.processes().unwrap().len(), 2);
    drop(late);
    assert_eq!(control.processes().unwrap().len(), 1);
}

#[test]
fn an_operation_reads_the_ledger_once() {
    let (store, control, releases) = with_two_releases();
    let _process = store.process();
    let before = store.full_reads();
    let Committed { event, before: earlier, after, .. } = control.promote(promote(&releases[0])).unwrap();
    assert_eq!(store.full_reads() - before, 1);
    assert!(!earlier.slots.contains_key("inbound") && after.slots["inbound"].live.as_ref() == Some(&releases[0]));
    assert_eq!((earlier.sequence.next(), after.sequence), (event.sequence, event.sequence));
    control.acknowledgements(&event, PATIENCE).unwrap();
    assert_eq!(store.full_reads() - before, 1, "whoever follows reads on");
}

#[test]
fn a_process_that_reverts_by_itself_tells_a_store_of_another_kind() {
    let (store, control, releases) = with_two_releases();
    let process = store.process();
    for release in &releases {
        let event = control.promote(promote(release)).unwrap().event;
        control.acknowledgements(&event, PATIENCE).unwrap();
    }
    let generation = process.slot("inbound").unwrap().revert().unwrap().generation;
    until("the ledger has it", || control.state().unwrap().generation == generation);
    control.commit(Request::Freeze { slot: None }).unwrap();
    assert_eq!(control.history().unwrap().len(), 6);
}
