//! The two releases of a comparison.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use switchback::{Control, ReleaseId, Runtime, State};

use super::Args;
use crate::exit::Usage;
use crate::releases::{self, Loaded};
use crate::sign::sound;
use crate::store::reference;

/// What this process calls itself in the register of the store.
const NAME: &str = "switchback compare";

/// A release as the command line names it.
pub(super) enum Named {
    /// A file.
    File(PathBuf),
    /// A name or a digest in a store.
    Stored(String),
}

impl Named {
    pub(super) fn of(argument: &Path) -> Self {
        let is_file = argument.exists() || argument.extension().is_some_and(|extension| extension == "wasm");
        match argument.to_str() {
            Some(reference) if !is_file => Self::Stored(reference.to_owned()),
            _ => Self::File(argument.to_owned()),
        }
    }

    /// What names the release, without loading it.
    pub(super) fn id(&self, state: &State) -> anyhow::Result<ReleaseId> {
        match self {
            Self::File(path) => Ok(sound(path)?.id().clone()),
            Self::Stored(name) => reference::loaded(state, name),
        }
    }
}

/// Loads both, for as many threads to score with.
pub(super) fn load(args: &Args, named: &[Named; 2], threads: usize) -> anyhow::Result<Loaded> {
    match named {
        [Named::File(before), Named::File(after)] => {
            releases::load(&[before.clone(), after.clone()], &args.cache, threads)
        }
        _ => load_with_store(args, named, threads),
    }
}

/// Loads both into a runtime that has what the store has: compiled already, and checked as a filter checks it.
fn load_with_store(args: &Args, named: &[Named; 2], threads: usize) -> anyhow::Result<Loaded> {
    let dir = args.store.dir().map_err(|_| {
        Usage("a release that is no file is one of a store: name the store with --store or in SWITCHBACK_STORE".into())
    })?;
    let state = Control::open(&dir)?.state()?;
    let instances = u32::try_from(2 * threads * (state.releases.len() + 2)).unwrap_or(u32::MAX).clamp(64, 20_000);
    let runtime = Runtime::builder().instances(instances).name(NAME).store_dir(&dir).build()?;
    let mut ids = Vec::new();
    for release in named {
        let id = match release {
            Named::File(path) => runtime.load(path).map_err(releases::described)?,
            Named::Stored(name) => reference::loaded(&state, name)?,
        };
        if !runtime.releases().contains(&id) {
            bail!("{id} is in the store and cannot be loaded from it; why is said above");
        }
        ids.push(id);
    }
    different([&ids[0], &ids[1]])?;
    Ok(Loaded { runtime, ids })
}

/// What names both, without loading them.
pub(super) fn ids(args: &Args, named: &[Named; 2]) -> anyhow::Result<[ReleaseId; 2]> {
    let state = args.store.open()?.state()?;
    let [before, after] = named.each_ref().map(|release| release.id(&state));
    let (before, after) = (before.context("A")?, after.context("B")?);
    different([&before, &after])?;
    Ok([before, after])
}

fn different([before, after]: [&ReleaseId; 2]) -> Result<(), Usage> {
    match before == after {
        true => Err(Usage(format!("{after} is there twice: a release does not differ from itself"))),
        false => Ok(()),
    }
}
