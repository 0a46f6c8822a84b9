//! Which files hold messages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::format::is_maildir;
use super::passed::Passed;
use super::sidecar;

/// The input that stands for standard input.
pub const STDIN: &str = "-";

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
    /// It is no mail.
    LeftOut(String, &'static str),
}

impl Place {
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::File(_, bytes) => *bytes,
            _ => 0,
        }
    }
}

/// Every place that the inputs name, folders with all that is below them; and what was passed over there.
pub(super) fn find(inputs: &[PathBuf]) -> (Vec<Place>, Passed) {
    let (mut places, mut passed) = (Vec::new(), Passed::default());
    for input in inputs {
        if input.as_os_str() == STDIN {
            places.push(Place::Stdin);
            continue;
        }
        places.push(match fs::metadata(input) {
            Err(error) => Place::Unreadable(input.display().to_string(), error),
            Ok(metadata) if metadata.is_dir() => {
                walk(input, &mut places, &mut passed);
                continue;
            }
            Ok(metadata) if metadata.is_file() => Place::File(input.clone(), metadata.len()),
            Ok(_) => Place::Stream(input.clone()),
        });
    }
    (places, passed)
}

fn walk(dir: &Path, places: &mut Vec<Place>, passed: &mut Passed) {
    let walk = WalkDir::new(dir).follow_links(true).sort_by_file_name();
    for found in walk.into_iter().filter_entry(|entry| !is_passed(entry, passed)) {
        match found {
            Ok(entry) if entry.file_type().is_file() => {
                let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
                places.push(Place::File(entry.into_path(), bytes));
            }
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => {
                let name = entry.path().display().to_string();
                places.push(Place::LeftOut(name, "it is not a regular file"));
            }
            Err(error) => {
                let name = error.path().unwrap_or(dir).display().to_string();
                // Only a loop of symbolic links is no I/O error.
                let error = error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of symbolic links"));
                places.push(Place::Unreadable(name, error));
            }
        }
    }
}

/// Whether something in a folder is known by its name to be no mail. Counts it, so that it can be said.
fn is_passed(entry: &DirEntry, passed: &mut Passed) -> bool {
    let Some(folder) = entry.path().parent().filter(|_| entry.depth() > 0) else { return false };
    let name = entry.file_name().to_string_lossy();
    if entry.file_type().is_dir() {
        let (in_maildir, hidden) = (is_maildir(folder), name.starts_with('.'));
        if in_maildir && name == "tmp" {
            passed.unfinished += files_in(entry.path());
            return true;
        }
        if in_maildir && is_control_folder(&name) {
            passed.control += files_in(entry.path());
            return true;
        }
        // Folders of Maildir++ begin with a dot.
        let is_other = hidden && !is_maildir(entry.path());
        passed.hidden += u64::from(is_other);
        return is_other;
    }
    if is_sidecar(entry.path()) {
        return true;
    }
    if is_deleted_of_mh(&name) {
        passed.deleted += 1;
        return true;
    }
    if is_control(&name) || (is_maildir(folder) && is_control_in_maildir(&name)) {
        passed.control += 1;
        return true;
    }
    let is_hidden = name.starts_with('.');
    passed.hidden += u64::from(is_hidden);
    is_hidden
}

/// Whether a message of an MH folder was removed, which is called by its number: nmh and others put a comma in front, and older
/// programs a number sign.
fn is_deleted_of_mh(name: &str) -> bool {
    let number = name.strip_prefix([',', '#']);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a mail program keeps indices or settings under this name: those of Dovecot and Cyrus, and Thunderbird's index of a folder.
fn is_control(name: &str) -> bool {
    ["dovecot-", "dovecot.", "cyrus."].iter().any(|start| name.starts_with(start)) || name.ends_with(".msf")
}

/// Whether a program that knows Maildirs keeps something in one under this name: Maildir++, Courier, Dovecot.
fn is_control_in_maildir(name: &str) -> bool {
    ["maildirfolder", "maildirsize", "maildirfilterconfig", "subscriptions"].contains(&name)
        || name.starts_with("courier")
}

fn is_control_folder(name: &str) -> bool {
    name.starts_with("courier") || name == "sieve"
}

/// Whether it tells what is known of the message beside it.
fn is_sidecar(path: &Path) -> bool {
    let message = path.with_extension("");
    sidecar::path_of(&message) == path && message.is_file()
}

fn files_in(folder: &Path) -> u64 {
    WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file()).count() as u64
}
