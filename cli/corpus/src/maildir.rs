//! Messages of a Maildir, whose names change while somebody reads their mail.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::format::is_in_maildir;

/// How often a message is looked for under a new name: it may get another one while it is looked for.
const LOOKS_MAX: usize = 4;

/// Opens a message. One that has got other flags since its name was found, or was taken from `new` to `cur`, is the same message.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut opened = File::open(path);
    for _ in 0..LOOKS_MAX {
        match &opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match renamed(path) {
                Some(path) => opened = File::open(path),
                None => break,
            },
            _ => break,
        }
    }
    opened
}

/// What a message is called now.
fn renamed(path: &Path) -> Option<PathBuf> {
    let (folder, name) = (path.parent().filter(|_| is_in_maildir(path))?, unique(path.file_name()?));
    let maildir = folder.parent()?;
    let found = ["cur", "new"].into_iter().filter_map(|part| fs::read_dir(maildir.join(part)).ok()).flatten().flatten();
    found.map(|entry| entry.path()).find(|other| other.file_name().is_some_and(|other| unique(other) == name))
}

/// The part of a name that stays: in front of the flags, whichever character the program puts before them.
fn unique(name: &OsStr) -> &[u8] {
    let name = name.as_encoded_bytes();
    name.windows(3).rposition(|info| matches!(info, b":2," | b";2," | b"!2,")).map_or(name, |end| &name[..end])
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_message_that_is_read_meanwhile_is_found_by_the_part_of_its_name_that_stays() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("cur/1.host:2,S", "one"),
            ("cur/12.host:2,", "twelve"),
            ("new/3.host", "three"),
            ("old/4.host:2,S", "four"),
        ] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let read = |name: &str| {
            let mut text = String::new();
            open(&dir.path().join(name)).map(|mut file| file.read_to_string(&mut text).map(|_| text).unwrap())
        };
        for (name, text) in
            [("cur/1.host:2,S", "one"), ("new/1.host", "one"), ("cur/1.host:2,FS", "one"), ("cur/3.host:2,", "three")]
        {
            assert_eq!(read(name).unwrap(), text, "{name}");
        }
        for name in ["cur/2.host:2,S", "old/4.host", "cur/12", "none/cur/1.host"] {
            assert_eq!(read(name).unwrap_err().kind(), io::ErrorKind::NotFound, "{name}");
        }
    }
}
