//! Ways to present a compiled artifact that must not be mapped.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use wasmtime::Config;

use super::*;

/// The smallest component.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

struct Store {
    _dir: tempfile::TempDir,
    engine: Engine,
    artifacts: Artifacts,
}

impl Store {
    /// A store that holds the artifacts of two releases.
    fn new() -> Self {
        let (dir, engine) = (tempfile::tempdir().unwrap(), Engine::default());
        let artifacts = Artifacts::open(dir.path(), &engine).unwrap();
        let store = Self { _dir: dir, engine, artifacts };
        for release in [one(), other()] {
            store.artifacts.keep(&store.engine, &release, &compiled(&store.engine)).unwrap();
        }
        store
    }

    fn path(&self) -> PathBuf {
        self.artifacts.path(&one())
    }

    fn refused(&self) -> String {
        self.artifacts.try_map(&self.engine, &one()).err().unwrap().to_string()
    }

    /// Changes the artifact's bytes, and says why it is refused then.
    fn refused_after(&self, change: impl FnOnce(&mut Vec<u8>)) -> String {
        let whole = fs::read(self.path()).unwrap();
        let mut changed = whole.clone();
        change(&mut changed);
        fs::write(self.path(), changed).unwrap();
        let refused = self.refused();
        fs::write(self.path(), whole).unwrap();
        assert!(self.artifacts.try_map(&self.engine, &one()).is_ok());
        refused
    }
}

fn one() -> Digest {
    Digest::of(b"one")
}

fn other() -> Digest {
    Digest::of(b"other")
}

fn compiled(engine: &Engine) -> Vec<u8> {
    engine.precompile_component(&COMPONENT).unwrap()
}

#[test]
fn an_artifact_that_is_not_whole_is_refused() {
    let store = Store::new();
    let length = fs::metadata(store.path()).unwrap().len() as usize;
    for kept in [0, 1, 95, 96, length / 2, length - 97, length - 33, length - 1] {
        let refused = store.refused_after(|bytes| bytes.truncate(kept));
        assert!(refused.contains("cut off"), "{kept} bytes: {refused}");
    }
    assert!(store.refused_after(|bytes| bytes.push(0)).contains("cut off"), "a byte more");
    assert!(store.refused_after(|bytes| bytes.fill(0)).contains("cut off"), "zeros");
}

#[test]
fn an_artifact_with_a_flipped_bit_is_refused() {
    let store = Store::new();
    let length = fs::metadata(store.path()).unwrap().len() as usize;
    for place in [0, 7, length / 3, length / 2, length - 97, length - 32, length - 1] {
        let refused = store.refused_after(|bytes| bytes[place] ^= 1);
        assert!(refused.contains("altered"), "byte {place}: {refused}");
    }
    assert!(store.refused_after(|bytes| bytes[length - 64] ^= 1).contains("another release"));
    assert!(store.refused_after(|bytes| bytes[length - 96] ^= 1).contains("cut off"));
}

#[test]
fn the_artifact_of_another_release_is_refused() {
    let store = Store::new();
    fs::copy(store.artifacts.path(&other()), store.path()).unwrap();
    assert!(store.refused().contains(&format!("another release, {}", other().short())));
}

#[test]
fn the_artifact_of_another_engine_is_refused() {
    let store = Store::new();
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let foreign = Artifacts { dir: store.artifacts.dir.clone() };
    foreign.keep(&engine, &one(), &compiled(&engine)).unwrap();
    assert!(store.refused().contains("this engine does not take it"));
}

#[test]
fn what_is_no_artifact_at_all_is_refused() {
    let store = Store::new();
    let made_up = |content: &[u8]| [content, &MARK, one().as_bytes(), blake3::hash(content).as_bytes()].concat();
    for content in [&b""[..], b"\x7fELF, and no more", &COMPONENT] {
        let refused = store.refused_after(|bytes| *bytes = made_up(content));
        assert!(refused.contains("this engine does not take it"), "{refused}");
    }
}

#[test]
fn an_artifact_that_others_can_write_to_is_refused() {
    let store = Store::new();
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(store.path(), Permissions::from_mode(mode)).unwrap();
        assert!(store.refused().contains("other users"), "{mode:o}");
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let store = Store::new();
    fs::remove_file(store.path()).unwrap();
    symlink(store.artifacts.path(&other()), store.path()).unwrap();
    assert!(store.refused().contains("symbolic link"));
    fs::remove_file(store.path()).unwrap();
    fs::create_dir(store.path()).unwrap();
    assert!(store.refused().contains("no regular file"));
    fs::remove_dir(store.path()).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        store.path(),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    assert!(store.refused().contains("no regular file"), "a pipe is not waited for");
}

#[test]
fn what_is_refused_is_set_aside_and_made_again() {
    let store = Store::new();
    OpenOptions::new().append(true).open(store.path()).unwrap().write_all(b"x").unwrap();
    let damaged = fs::read(store.path()).unwrap();
    assert!(matches!(store.artifacts.map(&store.engine, &one()), Err(Unmapped::Missing)));
    let aside = store.path().with_file_name(format!("{}.cwasm.damaged-1", one()));
    assert_eq!(fs::read(aside).unwrap(), damaged);
    store.artifacts.keep(&store.engine, &one(), &compiled(&store.engine)).unwrap();
    assert!(store.artifacts.map(&store.engine, &one()).is_ok());
}

#[test]
fn what_is_whole_and_not_to_be_used_stays_where_it_is() {
    let store = Store::new();
    fs::set_permissions(store.path(), Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(store.artifacts.map(&store.engine, &one()), Err(Unmapped::Unusable)));
    assert!(store.path().is_file());
}

#[test]
fn where_a_file_cannot_be_mapped_the_bytes_that_were_checked_are_copied() {
    let store = Store::new();
    let file = private::open(&store.path()).unwrap();
    let length = check_trailer(&file, &one()).unwrap();
    copy(&store.engine, &file, length, &one()).unwrap();
    assert!(matches!(copy(&store.engine, &file, length, &other()), Err(Refused::Altered)));
    let mut bytes = fs::read(store.path()).unwrap();
    bytes[100] ^= 1;
    fs::write(store.path(), bytes).unwrap();
    let refused = copy(&store.engine, &file, length, &one()).err().unwrap();
    assert!(matches!(refused, Refused::Altered), "altered after it was checked: {refused}");
}

#[test]
fn what_the_system_does_not_give_is_no_damage() {
    for errno in [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE, rustix::io::Errno::NOMEM] {
        let error = || io::Error::from(errno);
        let opened = NotPrivate::Unusable { path: PathBuf::new(), source: error() };
        let mapped = wasmtime::Error::from(errno).context("mmap failed").context("loading");
        for refused in [Refused::from(error()), Refused::from(opened), Refused::of_engine(&mapped)] {
            assert!(matches!(refused, Refused::System(System::Short(_))) && !refused.is_damage(), "{refused:?}");
        }
    }
    let forbidden = wasmtime::Error::from(rustix::io::Errno::ACCESS).context("failed to make memory executable");
    let refused = Refused::of_engine(&forbidden);
    assert!(!refused.is_damage() && refused.to_string().contains("MemoryDenyWriteExecute"), "{refused}");
}

#[test]
fn what_was_compiled_is_used_where_it_cannot_be_kept() {
    let store = Store::new();
    fs::remove_dir_all(&store.artifacts.dir).unwrap();
    store.artifacts.keep(&store.engine, &one(), &compiled(&store.engine)).unwrap();
}
