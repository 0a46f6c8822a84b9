//! A store with releases in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use switchback::control::{Admission, Event, Promotion, Readiness, Request};
use switchback::guard::{GuardSettings, Mode};
use switchback::runtime::WithStore;
use switchback::{Control, ReleaseId, Runtime, RuntimeBuilder, SlotConfig};
use tempfile::TempDir;

use crate::support::{release, shared_cache};

/// How long a test waits for what has to happen. Only a test that fails waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A store in a folder of its own.
pub(crate) struct Store {
    dir: TempDir,
    pub(crate) control: Control,
}

impl Store {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let control = Control::create(dir.path()).unwrap().author("ada").reason("a test");
        Self { dir, control }
    }

    /// A store with these cases of the hostile model loaded, at versions 1.0.0, 1.1.0, ...
    pub(crate) fn with(cases: &[&str]) -> (Self, Vec<ReleaseId>) {
        let store = Self::new();
        let versions = (0..).map(|minor| format!("1.{minor}.0"));
        let releases = cases.iter().zip(versions).map(|(case, version)| store.load(case, &version)).collect();
        (store, releases)
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Loads a case of the hostile model into the store.
    pub(crate) fn load(&self, case: &str, version: &str) -> ReleaseId {
        self.load_with(shared_cache(), case, version)
    }

    /// [`Store::load`] with another cache of compiled releases.
    pub(crate) fn load_with(&self, cache: impl Into<PathBuf>, case: &str, version: &str) -> ReleaseId {
        let (_dir, file) = file(case, version);
        let runtime = Runtime::builder().cache_dir(cache).instances(4).build().unwrap();
        runtime.load_into(&self.control, file).unwrap().0
    }

    /// A process that follows the store, as far as a process is one: threads of its own, and its own number.
    pub(crate) fn process(&self) -> Runtime {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> RuntimeBuilder<WithStore> {
        let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(8);
        builder.store_dir(self.path()).cache_dir(shared_cache())
    }

    /// Makes a change and waits until every process obeys it.
    pub(crate) fn obeyed(&self, change: impl Into<Change>) -> Event {
        let event = match change.into() {
            Change::Asked(request) => self.control.commit(request).unwrap().event,
            Change::Admitted(admission) => self.control.admit(admission).unwrap().event,
        };
        let acknowledgements = self.control.acknowledgements(&event, PATIENCE).unwrap();
        assert!(acknowledgements.silent.is_empty(), "{acknowledgements:?}");
        event
    }
}

/// What an operator does.
pub(crate) enum Change {
    Asked(Request),
    Admitted(Admission),
}

impl From<Request> for Change {
    fn from(request: Request) -> Self {
        Self::Asked(request)
    }
}

impl From<Admission> for Change {
    fn from(admission: Admission) -> Self {
        Self::Admitted(admission)
    }
}

impl From<Promotion> for Change {
    fn from(promotion: Promotion) -> Self {
        Self::Admitted(promotion.into())
    }
}

/// A release file of a case of the hostile model.
pub(crate) fn file(case: &str, version: &str) -> (TempDir, PathBuf) {
    file_of(&release(case, version))
}

/// A file that holds these bytes.
pub(crate) fn file_of(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("release.wasm");
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

/// Copies a database that this process may have open, as an operator does: by another process. Closing such a file here would
/// let go of the locks that SQLite has on it (<https://sqlite.org/howtocorrupt.html>, 2.2).
pub(crate) fn copy_database(from: &Path, to: &Path) {
    assert!(Command::new("cp").args([from, to]).status().unwrap().success());
}

/// Writes these bytes over a database that this process may have open, as [`copy_database`] does.
pub(crate) fn write_over(database: &Path, bytes: &[u8]) {
    let (_dir, file) = file_of(bytes);
    copy_database(&file, database);
}

/// A promotion that waits for nobody.
pub(crate) fn promote(release: &ReleaseId) -> Promotion {
    Promotion::new("inbound", release.clone(), Readiness::Skip)
}

/// A guard that falls behind, where filters score as fast as they can on few cores, stops promotions.
pub(crate) fn guard_off() -> Request {
    let settings = GuardSettings::default().mode(Mode::Off);
    Request::SetGuard { slot: "inbound".to_owned(), settings: settings.into() }
}

pub(crate) fn revert() -> Request {
    Request::Revert { slot: "inbound".to_owned(), to: None }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        std::thread::yield_now();
    }
}
