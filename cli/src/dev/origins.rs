//! What a release is made from: where a change of the model is looked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use switchback_pack::{MANIFEST_FILE, PackError, Source};

use super::Args;

/// Files and folders that go into a release.
pub(super) struct Origins {
    /// The manifest, or its folder.
    pub(super) model: PathBuf,
    pub(super) component: Option<PathBuf>,
    /// What the manifest named when it could be read last.
    named: Vec<PathBuf>,
    /// What packing said that it uses.
    used: BTreeSet<PathBuf>,
}

impl Origins {
    /// # Errors
    /// If there is no model.
    pub(super) fn of(args: &Args) -> Result<Self, PackError> {
        let beside = args.component.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        let model = args.model.as_deref().or(beside).unwrap_or(Path::new(".")).to_owned();
        let manifest = if model.is_dir() { model.join(MANIFEST_FILE) } else { model.clone() };
        if !manifest.exists() {
            return Err(PackError::NoModel(model));
        }
        let named = vec![manifest];
        Ok(Self { model, component: args.component.clone(), named, used: BTreeSet::new() })
    }

    /// Whether cargo builds the model.
    fn is_built(&self) -> bool {
        self.component.is_none()
    }

    /// What packing uses besides what the manifest names. Returns where to look, if that is news.
    pub(super) fn use_too(&mut self, path: &Path) -> Option<PathBuf> {
        let root = settled(path);
        self.used.insert(root.clone()).then_some(root)
    }

    /// Where to look. A manifest that cannot be read, as while it is edited, leaves what it named before.
    pub(super) fn roots(&mut self) -> Vec<PathBuf> {
        if let Ok(named) = Source::inputs(&self.model) {
            self.named = named;
        }
        // What is beside a component is made by whoever builds it.
        let named = self.named.iter().filter(|path| self.is_built() || !path.is_dir());
        let roots: BTreeSet<_> = named.chain(&self.component).chain(&self.used).map(|path| settled(path)).collect();
        roots.into_iter().collect()
    }
}

/// The one name of a file or a folder, whatever links lead to its folder. A file that is a link itself keeps its name.
fn settled(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    if path.is_dir() {
        return path.canonicalize().unwrap_or_else(|_| path.to_owned());
    }
    let parent = path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let folder = parent.and_then(|parent| parent.canonicalize().ok());
    folder.zip(path.file_name()).map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name))
}
