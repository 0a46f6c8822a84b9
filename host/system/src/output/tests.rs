//! Outputs into every kind of thing that a path can name.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::thread;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

fn write(path: &Path, text: &str, existing: Existing) -> io::Result<()> {
    let mut output = Output::create(path, Access::Owner, existing)?;
    output.write_all(text.as_bytes())?;
    assert_eq!(output.bytes(), text.len() as u64);
    output.keep()
}

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// What comes out of a pipe when this is written to a path that leads there.
fn through(pipe: &Path, path: &Path, text: &str, existing: Existing) -> String {
    let reader = thread::spawn({
        let pipe = pipe.to_owned();
        move || fs::read_to_string(pipe).unwrap()
    });
    write(path, text, existing).unwrap();
    // Of one that was replaced nothing comes.
    assert!(fs::symlink_metadata(pipe).unwrap().file_type().is_fifo());
    reader.join().unwrap()
}

#[test]
fn a_file_is_replaced_when_all_is_written_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report");
    fs::write(&path, "old").unwrap();
    let mut output = Output::create(&path, Access::Everybody, Existing::Replace).unwrap();
    output.write_all(b"new").unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap(), output.path()), ("old".to_owned(), Some(path.as_path())));
    drop(output);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    write(&path, "new", Existing::Replace).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_link_stays_and_what_it_points_to_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("there")).unwrap();
    fs::write(at("there/old"), "old").unwrap();
    for (link, target) in [("a", "there/old"), ("b", "there/new"), ("c", "b")] {
        symlink(target, at(link)).unwrap();
    }
    for (link, end) in [("a", "there/old"), ("b", "there/new"), ("c", "there/new")] {
        write(&at(link), link, Existing::Replace).unwrap();
        assert!(at(link).is_symlink(), "{link}");
        assert_eq!(fs::read_to_string(at(end)).unwrap(), link);
        assert!(!at(end).is_symlink(), "{link}");
    }
    symlink("round", at("round")).unwrap();
    assert!(write(&at("round"), "", Existing::Replace).is_err());
}

#[test]
fn what_is_to_be_kept_is_kept_and_a_pipe_has_nothing_to_keep() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("file"), "old").unwrap();
    symlink("nowhere", at("link")).unwrap();
    for name in ["file", "link"] {
        let error = write(&at(name), "new", Existing::Keep).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}");
    }
    write(&at("new"), "new", Existing::Keep).unwrap();
    assert_eq!(fs::read_to_string(at("file")).unwrap(), "old");
    pipe(&at("pipe"));
    assert_eq!(through(&at("pipe"), &at("pipe"), "all of it", Existing::Keep), "all of it");
}

#[test]
fn what_is_no_file_is_written_to_or_refused_and_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    pipe(&at("pipe"));
    symlink("pipe", at("link")).unwrap();
    for name in ["pipe", "link"] {
        assert_eq!(through(&at("pipe"), &at(name), name, Existing::Replace), name);
    }
    assert!(at("link").is_symlink());

    write(Path::new("/dev/null"), "gone", Existing::Replace).unwrap();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());

    let _listener = UnixListener::bind(at("socket")).unwrap();
    let refused = |name: &str| write(&at(name), "", Existing::Replace).unwrap_err().to_string();
    assert!(refused("socket").contains("it is a socket"), "{}", refused("socket"));
    assert!(refused(".").contains("it is a folder"), "{}", refused("."));
    assert!(fs::symlink_metadata(at("socket")).unwrap().file_type().is_socket());
}

#[test]
fn a_pipe_that_nobody_reads_any_more_is_an_error_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    pipe(&path);
    let reader = thread::spawn({
        let path = path.clone();
        move || drop(File::open(path).unwrap())
    });
    let mut output = Output::create(&path, Access::Owner, Existing::Replace).unwrap();
    reader.join().unwrap();
    let error = output.write_all(b"lost").unwrap_err();
    assert!(error.kind() != ErrorKind::BrokenPipe && error.to_string().contains("has gone"), "{error}");
}

#[test]
fn standard_output_is_known_by_any_name() {
    assert!(is_standard_output("/dev/stdout") && is_standard_output("/proc/self/fd/1"));
    let file = NamedTempFile::new().unwrap();
    assert!(!is_standard_output(file.path()) && !is_standard_output("/nowhere"));
    assert!(Output::create("/dev/stdout", Access::Owner, Existing::Replace).unwrap().path().is_none());
}
