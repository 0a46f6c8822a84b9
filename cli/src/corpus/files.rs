//! Which files hold messages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::STDIN;

/// Where messages are.
pub(super) enum Place {
    /// A regular file, with its size in bytes.
    File(PathBuf, u64),
    /// Something that can be read once: a pipe, a device.
    Stream(PathBuf),
    /// Standard input.
    Stdin,
    /// It cannot be read.
    Unreadable(String, io::Error),
}

impl Place {
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::File(_, bytes) => *bytes,
            _ => 0,
        }
    }
}

/// Every place that the inputs name, folders with all that is below them.
pub(super) fn find(inputs: &[PathBuf]) -> Vec<Place> {
    let mut places = Vec::new();
    for input in inputs {
        if input.as_os_str() == STDIN {
            places.push(Place::Stdin);
            continue;
        }
        places.push(match fs::metadata(input) {
            Err(error) => Place::Unreadable(input.display().to_string(), error),
            Ok(metadata) if metadata.is_dir() => {
                walk(input, &mut places);
                continue;
            }
            Ok(metadata) if metadata.is_file() => Place::File(input.clone(), metadata.len()),
            Ok(_) => Place::Stream(input.clone()),
        });
    }
    places
}

fn walk(dir: &Path, places: &mut Vec<Place>) {
    let walk = WalkDir::new(dir).follow_links(true).sort_by_file_name();
    for found in walk.into_iter().filter_entry(|entry| !is_passed_over(entry)) {
        match found {
            Ok(entry) if entry.file_type().is_file() => {
                let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
                places.push(Place::File(entry.into_path(), bytes));
            }
            Ok(_) => {}
            Err(error) => {
                let name = error.path().unwrap_or(dir).display().to_string();
                // Only a loop of symbolic links is no I/O error.
                let error = error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of symbolic links"));
                places.push(Place::Unreadable(name, error));
            }
        }
    }
}

/// Whether something that a folder contains is no mail, by its name.
fn is_passed_over(entry: &DirEntry) -> bool {
    let Some(folder) = entry.path().parent().filter(|_| entry.depth() > 0) else { return false };
    let name = entry.file_name();
    if is_maildir(folder) {
        // `tmp` holds what is being delivered; folders of Maildir++ start with a dot; files are indices.
        return name == "tmp" || entry.file_type().is_file();
    }
    let hidden = name.as_encoded_bytes().starts_with(b".");
    hidden && !is_maildir(entry.path())
}

/// Whether it is a Maildir (maildir(5)).
fn is_maildir(folder: &Path) -> bool {
    ["cur", "new", "tmp"].iter().all(|part| folder.join(part).is_dir())
}
