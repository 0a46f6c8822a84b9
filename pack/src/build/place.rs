//! Where a package lies, and how its files are named to whoever packs it.

use std::path::{Path, PathBuf};

use crate::error::PackError;

/// A way to reach a package: where cargo runs, and the manifest that it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) dir: PathBuf,
    pub(super) manifest_path: PathBuf,
}

impl Place {
    /// The ways to a package's folder. The last is the folder itself. If the folder is a symbolic link, the first is the link:
    /// cargo looks for a workspace above the path that it is given, and a workspace may have a link as a member.
    pub(super) fn all(package_dir: &Path) -> Result<Vec<Self>, PackError> {
        let no_package = |_| PackError::NoPackage { path: package_dir.to_owned() };
        let dir = package_dir.canonicalize().map_err(no_package)?;
        // The file may be a link too. Cargo takes it for a file of this folder.
        let manifest_path = dir.join("Cargo.toml");
        manifest_path.metadata().map_err(no_package)?;
        let itself = Self { dir, manifest_path };
        Ok(Self::link(package_dir).into_iter().filter(|link| *link != itself).chain([itself.clone()]).collect())
    }

    fn link(package_dir: &Path) -> Option<Self> {
        let parent = package_dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent = parent.canonicalize().ok()?;
        let link = parent.join(package_dir.file_name()?);
        link.is_symlink().then(|| Self { manifest_path: link.join("Cargo.toml"), dir: parent })
    }
}

/// What cargo or the compiler said, with the places in it named so that they exist for the caller: they name files from
/// `dir`.
pub(super) fn shown_from(caller_dir: &Path, dir: &Path, text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let indent = line.len() - line.trim_start().len();
        let (front, place) = line.split_at(indent);
        let arrow = ["--> ", "::: "].into_iter().find(|arrow| place.starts_with(arrow));
        match arrow.and_then(|arrow| Some((arrow, shown_place(caller_dir, dir, &place[arrow.len()..])?))) {
            Some((arrow, shown)) => format!("{front}{arrow}{shown}"),
            None => line.to_owned(),
        }
    });
    lines.collect()
}

/// `src/lib.rs:1:2` as the caller would find it.
fn shown_place(caller_dir: &Path, dir: &Path, place: &str) -> Option<String> {
    let file = &place[..place.find(':')?];
    let absolute = dir.join(file);
    if !absolute.is_file() {
        return None;
    }
    let shown = absolute.strip_prefix(caller_dir).unwrap_or(&absolute);
    Some(format!("{}{}", shown.display(), &place[file.len()..]))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_that_is_a_link_is_tried_as_one_first() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("there/model")).unwrap();
        fs::write(root.join("there/model/Cargo.toml"), "").unwrap();
        symlink("there/model", root.join("link")).unwrap();
        let place = |dir: &str, manifest: &str| Place { dir: root.join(dir), manifest_path: root.join(manifest) };
        let itself = place("there/model", "there/model/Cargo.toml");
        for direct in ["there/model", "there/model/.", "link/../model", "there/../there/model"] {
            assert_eq!(Place::all(&root.join(direct)).unwrap(), std::slice::from_ref(&itself), "{direct}");
        }
        for link in ["link", "link/", "link/."] {
            assert_eq!(Place::all(&root.join(link)).unwrap(), [place("", "link/Cargo.toml"), itself.clone()], "{link}");
        }
        assert!(Place::all(&root).is_err());
    }

    #[test]
    fn places_are_named_as_the_caller_finds_them() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("model/src")).unwrap();
        fs::write(dir.path().join("model/src/lib.rs"), "").unwrap();
        let said =
            "error: no\n  --> src/lib.rs:7:9\n   |\n  ::: src/lib.rs:1:1\n --> /rustc/x/lib.rs:1\n --> gone.rs:1:1\n";
        let shown = |caller: &Path| shown_from(caller, &dir.path().join("model"), said);
        let near = "error: no\n  --> model/src/lib.rs:7:9\n   |\n  ::: model/src/lib.rs:1:1\n --> /rustc/x/lib.rs:1\n --> gone.rs:1:1\n";
        assert_eq!(shown(dir.path()), near);
        assert_eq!(shown(&dir.path().join("model")), said);
        let far = format!("--> {}/model/src/lib.rs:7:9\n", dir.path().display());
        assert!(shown(Path::new("/elsewhere")).contains(&far));
    }
}
