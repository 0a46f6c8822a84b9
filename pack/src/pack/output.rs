//! The place where a release goes.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use switchback::files::{Access, Existing, Output as File};

use crate::error::PackError;
use crate::source::Source;

pub(super) struct Output {
    file: File,
    path: PathBuf,
}

impl Output {
    /// Makes the folder, and looks whether a file can be written there: by default in `folder`.
    pub(super) fn create(out: Option<&Path>, folder: &Path, source: &Source) -> Result<Self, PackError> {
        let path = match out {
            Some(dir) if dir.is_dir() || dir.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                dir.join(file_name(source))
            }
            Some(file) => file.to_owned(),
            None => folder.join(file_name(source)),
        };
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            fs::create_dir_all(dir).map_err(PackError::write(dir))?;
        }
        let file = File::create(&path, Access::Everybody, Existing::Replace).map_err(PackError::write(&path))?;
        Ok(Self { file, path })
    }

    /// Writes the release to where it goes: all of it or, where that is a file, nothing.
    pub(super) fn keep(mut self, release: &[u8]) -> Result<PathBuf, PackError> {
        let written = self.file.write_all(release).and_then(|()| self.file.keep());
        written.map_err(PackError::write(&self.path))?;
        Ok(self.path)
    }
}

/// The default name of a release file.
fn file_name(source: &Source) -> String {
    format!("{}-{}.wasm", source.name(), source.version())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, symlink};
    use std::process::Command;
    use std::thread;

    use super::*;
    use crate::source::MANIFEST_FILE;

    const MANIFEST: &str = "[release]\nname = \"m\"\nversion = \"1.0.0\"\nscale = \"log-odds\"\nreads = []\n\n\
                            [[self_test]]\nmessage = \"a.eml\"\nscore = 1\n";

    #[test]
    fn a_release_goes_into_a_folder_through_a_link_and_into_a_pipe() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at(MANIFEST_FILE), MANIFEST).unwrap();
        fs::write(at("a.eml"), "").unwrap();
        let source = Source::read(dir.path()).unwrap();
        let pack = |out: Option<&Path>| {
            Output::create(out, &dir.path().join("releases"), &source).unwrap().keep(b"release").unwrap()
        };
        fs::create_dir(at("folder")).unwrap();
        symlink("target", at("link")).unwrap();
        for (out, release) in [
            (None, "releases/m-1.0.0.wasm"),
            (Some("folder"), "folder/m-1.0.0.wasm"),
            (Some("new/m.wasm"), "new/m.wasm"),
            (Some("link"), "target"),
        ] {
            pack(out.map(at).as_deref());
            assert_eq!(fs::read(at(release)).unwrap(), b"release", "{out:?}");
        }
        assert!(at("link").is_symlink());
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let reader = thread::spawn({
            let pipe = at("pipe");
            move || fs::read(pipe).unwrap()
        });
        pack(Some(&at("pipe")));
        assert!(fs::symlink_metadata(at("pipe")).unwrap().file_type().is_fifo());
        assert_eq!(reader.join().unwrap(), b"release");
    }
}
