//! What commands write with `-o` and `--html`: files, and whatever else a path names.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;

use switchback_mailgen::Generator;

use crate::model::release;
use crate::operate::store::Store;
use crate::run::{Ran, ran};

/// A store with a journal, and the mail that is in it.
fn judged() -> (Store, tempfile::TempDir) {
    let (store, dir) = (Store::promoted(&["1.0.0"]), tempfile::tempdir().unwrap());
    for (number, generated) in Generator::new(1).take(5).enumerate() {
        fs::write(dir.path().join(format!("{number}.eml")), generated.bytes).unwrap();
    }
    store.fine(["score", "--journal", "--summary", dir.path().to_str().unwrap()]);
    (store, dir)
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// What comes out of a pipe while something is written into it.
fn read_from(path: &Path, write: impl FnOnce() -> Ran) -> (Ran, Vec<u8>) {
    let reader = thread::spawn({
        let path = path.to_owned();
        move || fs::read(path).unwrap()
    });
    let ran = write();
    // Of one that was replaced nothing comes.
    assert!(fs::symlink_metadata(path).unwrap().file_type().is_fifo(), "{ran:?}");
    (ran, reader.join().unwrap())
}

/// The commands that write a file, each with how that begins; the path is to follow.
fn writers(mail: &str) -> [(Vec<String>, &'static [u8]); 3] {
    let compare = ["compare", &release("1.0.0"), &release("1.1.0"), mail, "--html"].map(str::to_owned).to_vec();
    let export = ["journal", "export", "-o"].map(str::to_owned).to_vec();
    let backup = ["store", "backup"].map(str::to_owned).to_vec();
    [(compare, b"<!DOCTYPE html>"), (export, b"PAR1"), (backup, b"guard.db\0")]
}

#[test]
fn a_pipe_and_a_device_are_written_to_and_stay_what_they_are() {
    let (store, mail) = judged();
    let dir = tempfile::tempdir().unwrap();
    for (number, (args, begins)) in writers(mail.path().to_str().unwrap()).into_iter().enumerate() {
        let path = dir.path().join(number.to_string());
        pipe(&path);
        let to = |path: &Path| store.run(args.iter().map(String::as_str).chain([path.to_str().unwrap()]));
        let (written, bytes) = read_from(&path, || to(&path));
        assert_eq!((written.code, written.err.as_str()), (0, ""), "{args:?}: {}", written.out);
        assert!(bytes.starts_with(begins) && bytes.len() > 1_000, "{args:?}: {} bytes", bytes.len());
        assert_eq!(to(Path::new("/dev/null")).code, 0, "{args:?}");
        assert!(fs::symlink_metadata("/dev/null").unwrap().file_type().is_char_device(), "{args:?}");
        assert!(to(dir.path()).err.contains("it is a folder"), "{args:?}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing was left behind");
}

#[test]
fn standard_output_has_the_file_alone_where_that_goes_there() {
    let (store, mail) = judged();
    let dir = tempfile::tempdir().unwrap();
    for (args, begins) in writers(mail.path().to_str().unwrap()) {
        let file = dir.path().join("out");
        let mut command = crate::run::command();
        command.env("SWITCHBACK_STORE", store.path()).args(&args).arg("/dev/stdout");
        let output = command.stdout(fs::File::create(&file).unwrap()).output().unwrap();
        let bytes = fs::read(&file).unwrap();
        assert!(output.status.success() && bytes.starts_with(begins), "{args:?}: {output:?}");
        // What the command says beside it goes to standard error.
        assert!(!output.stderr.is_empty(), "{args:?}");
        let ends: &[u8] = match args[1].as_str() {
            "export" => b"PAR1",
            "backup" => b"\0",
            _ => b"</html>",
        };
        assert!(bytes.trim_ascii_end().ends_with(ends), "{args:?}");
    }
}

#[test]
fn through_a_link_its_target_is_replaced() {
    let (store, mail) = judged();
    let dir = tempfile::tempdir().unwrap();
    let [compare, export, _backup] = writers(mail.path().to_str().unwrap());
    for (args, begins) in [compare, export] {
        let (target, link) = (dir.path().join(&args[0]), dir.path().join(format!("{}-link", args[0])));
        fs::write(&target, "old").unwrap();
        symlink(&args[0], &link).unwrap();
        store.fine(args.iter().map(String::as_str).chain([link.to_str().unwrap()]));
        assert!(link.is_symlink() && !target.is_symlink(), "{args:?}");
        assert!(fs::read(&target).unwrap().starts_with(begins), "{args:?}");
    }
    // A backup is in the place of nothing.
    symlink("nowhere", dir.path().join("link")).unwrap();
    let refused = store.refused(["store", "backup", dir.path().join("link").to_str().unwrap()]);
    assert!(refused.contains("is there already"), "{refused}");
}

#[test]
fn a_reader_that_leaves_early_is_told_of() {
    let (store, _mail) = judged();
    let script = "\"$0\" store backup >(head -c 10 > /dev/null)";
    let mut shell = Command::new("bash");
    shell.env("SWITCHBACK_STORE", store.path()).args(["-c", script, env!("CARGO_BIN_EXE_switchback")]);
    let ran = ran(&mut shell);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("whoever read it has gone before all of it was written"), "{ran:?}");
}
