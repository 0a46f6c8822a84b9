//! Where this command's own output goes: what it prints into a file of the model's folder is no change of the model.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::sync::LazyLock;

/// Device and inode of standard output and standard error, where they are files.
static OUTPUTS: LazyLock<Vec<(u64, u64)>> = LazyLock::new(|| {
    let (out, error) = (io::stdout(), io::stderr());
    let files = [out.as_fd(), error.as_fd()].into_iter().filter_map(|stream| stream.try_clone_to_owned().ok());
    files
        .filter_map(|stream| File::from(stream).metadata().ok())
        .filter(Metadata::is_file)
        .map(|file| id(&file))
        .collect()
});

/// Whether a file is one of them.
pub(super) fn is_ours(file: &Metadata) -> bool {
    OUTPUTS.contains(&id(file))
}

fn id(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}
