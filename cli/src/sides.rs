//! Two releases that are to be compared.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use switchback::control::StoreState;
use switchback::{Control, ReleaseId, Runtime};

use crate::args::RuntimeArgs;
use crate::exit::Usage;
use crate::progress::Busy;
use crate::releases::{self, Loaded};
use crate::sign::sound;
use crate::store::{StoreArgs, reference};

/// A release as the command line names it.
pub(crate) enum Named {
    /// A file.
    File(PathBuf),
    /// A name or a digest in a store.
    Stored(String),
}

impl Named {
    pub(crate) fn of(argument: &Path) -> Self {
        let is_file = argument.exists() || argument.extension().is_some_and(|extension| extension == "wasm");
        match argument.to_str() {
            Some(reference) if !is_file => Self::Stored(reference.to_owned()),
            _ => Self::File(argument.to_owned()),
        }
    }

    /// What names the release, without loading it.
    pub(crate) fn id(&self, state: &StoreState) -> anyhow::Result<ReleaseId> {
        match self {
            Self::File(path) => Ok(sound(path)?.id().clone()),
            Self::Stored(name) => reference::loaded(state, name),
        }
    }
}

/// Where releases are found.
#[derive(Clone, Copy)]
pub(crate) struct ReleaseSource<'a> {
    /// What the process calls itself in the register of the store.
    pub(crate) name: &'a str,
    pub(crate) store: &'a StoreArgs,
    pub(crate) runtime: &'a RuntimeArgs,
}

/// Loads both, for as many threads to score with.
pub(crate) fn load(source: ReleaseSource<'_>, named: &[Named; 2], threads: usize) -> anyhow::Result<Loaded> {
    match named {
        [Named::File(before), Named::File(after)] => {
            releases::load(&[before.clone(), after.clone()], source.runtime, threads)
        }
        _ => load_with_store(source, named, threads),
    }
}

/// Loads both into a runtime that has what the store has: compiled already, and checked as a filter checks it.
fn load_with_store(source: ReleaseSource<'_>, named: &[Named; 2], threads: usize) -> anyhow::Result<Loaded> {
    let dir = source.store.dir().map_err(|_| {
        Usage(
            "a release that is not a file has to be in a store: name the store with --store or in SWITCHBACK_STORE"
                .into(),
        )
    })?;
    let state = Control::open(&dir)?.state()?;
    let instances = u32::try_from(2 * threads * (state.releases.len() + 2)).unwrap_or(u32::MAX).clamp(64, 20_000);
    let busy = Busy::with(format!("loading the releases of {}", dir.display()));
    let runtime = Runtime::builder().instances(instances).name(source.name).store_dir(&dir);
    let runtime = source.runtime.grant(runtime).build()?;
    let mut ids = Vec::new();
    for release in named {
        let id = match release {
            Named::File(path) => {
                busy.now(releases::loading(path));
                runtime.load(path).map_err(releases::described)?
            }
            Named::Stored(name) => reference::loaded(&state, name)?,
        };
        if !runtime.rouse(&id) {
            bail!("{id} is in the store but cannot be loaded; see above");
        }
        ids.push(id);
    }
    different([&ids[0], &ids[1]])?;
    source.runtime.check_grants(&ids)?;
    Ok(Loaded { runtime, ids })
}

/// What names both, without loading them.
pub(crate) fn ids(store: &StoreArgs, named: &[Named; 2]) -> anyhow::Result<[ReleaseId; 2]> {
    let state = store.open()?.state()?;
    let [before, after] = named.each_ref().map(|release| release.id(&state));
    let (before, after) = (before.context("A")?, after.context("B")?);
    different([&before, &after])?;
    Ok([before, after])
}

fn different([before, after]: [&ReleaseId; 2]) -> Result<(), Usage> {
    match before == after {
        true => Err(Usage(format!("{after} is named twice: compare two different releases"))),
        false => Ok(()),
    }
}
