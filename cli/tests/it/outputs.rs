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
        fs::write(&target, "").unwrap();
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

#[test]
fn nothing_but_a_file_of_its_kind_is_replaced_and_none_of_a_store() {
    let (store, mail) = judged();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (input, in_store) = (path("input.wasm"), |name: &str| store.path().join(name).to_str().unwrap().to_owned());
    fs::copy(release("1.0.0"), &input).unwrap();
    let before = fs::read(&input).unwrap();
    let mail = mail.path().to_str().unwrap();
    let kept = store.refused(["compare", &input, &release("1.1.0"), mail, "--html", &input]);
    assert!(kept.contains("is not an HTML page, and is kept"), "{kept}");
    assert!(store.refused(["journal", "export", "-o", &input]).contains("is not a Parquet file"));
    assert_eq!(fs::read(&input).unwrap(), before);
    for name in ["control.db", "control.head", "new.parquet", "journal/new.parquet", "releases/new.parquet"] {
        let refused = store.refused(["journal", "export", "-o", &in_store(name)]);
        assert!(refused.contains("which is of a store or a journal"), "{name}: {refused}");
    }
    // Its own kind, and what is empty, is replaced.
    fs::write(path("empty.parquet"), "").unwrap();
    for _ in 0..2 {
        store.fine(["journal", "export", "-o", &path("empty.parquet")]);
        store.fine(["compare", &input, &release("1.1.0"), mail, "--html", &path("page.html")]);
    }
}

#[test]
fn a_reader_that_has_gone_makes_no_gate_pass() {
    let (store, mail) = judged();
    let script = "set -o pipefail; \"$0\" \"$@\" | true; exit ${PIPESTATUS[0]}";
    for args in [
        &["compare", &release("1.0.0"), &release("2.0.0"), mail.path().to_str().unwrap(), "--max-flips", "0"][..],
        &["status"],
    ] {
        let mut shell = Command::new("bash");
        shell.args(["-c", script]).arg(env!("CARGO_BIN_EXE_switchback")).args(args);
        let ended = ran(shell.env("SWITCHBACK_STORE", store.path()));
        // The shell's `true` may end after the command has written all.
        let code_alone = store.run(args).code;
        assert!(ended.code == 141 || ended.code == code_alone, "{args:?}: {ended:?}");
    }
}

#[test]
fn a_change_that_cannot_be_shown_is_said_to_be_made() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" revert > /dev/full"]).arg(env!("CARGO_BIN_EXE_switchback"));
    let ended = ran(shell.env("SWITCHBACK_STORE", store.path()));
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("was made, but cannot be shown"), "{}", ended.err);
    assert_eq!(store.live(), "1.0.0");
}
