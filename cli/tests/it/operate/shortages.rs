//! What the system does not give, or gives less of. A shortage is no damage, and no command reports as failed what it did.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::store::{Store, until};
use crate::model::release;
use crate::run::{Ran, command, ran, to_ran};

const MESSAGE: &str = "From: a@example.com\nTo: b@example.org\nSubject: hello\nMessage-ID: <1@example.com>\n\nText.\n";

fn message(store: &Store) -> String {
    let path = store.path().join("m.eml");
    fs::write(&path, MESSAGE).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The command after what a shell does to its own process, such as a limit.
fn after(setup: &str, store: &Store, args: &[&str]) -> std::process::Output {
    let mut shell = in_shell(setup, args);
    shell.env("SWITCHBACK_STORE", store.path()).output().unwrap()
}

fn in_shell(setup: &str, args: &[&str]) -> Command {
    let plain = command();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{setup}; exec \"$0\" \"$@\"")).arg(plain.get_program()).args(args);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(std::process::Stdio::null());
    shell
}

/// Runs a shell's line in namespaces of its own; none where this user may not have them, which is said.
fn apart(namespaces: &[&str], script: &str, store: &Store, args: &[&str]) -> Option<Ran> {
    let can = Command::new("unshare").args(namespaces).arg("true").output();
    if !can.is_ok_and(|tried| tried.status.success()) {
        eprintln!("NOT TRIED: unshare {namespaces:?} is not possible here");
        return None;
    }
    let inner = in_shell(script, args);
    let mut unshare = Command::new("unshare");
    unshare.args(namespaces).arg(inner.get_program()).args(inner.get_args()).env("SWITCHBACK_STORE", store.path());
    for (name, value) in inner.get_envs() {
        value.map(|value| unshare.env(name, value));
    }
    unshare.env("STORE", store.path());
    Some(ran(&mut unshare))
}

/// Files below a folder that were set aside.
fn set_aside(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let below = |entry: fs::DirEntry| match entry.file_type().unwrap().is_dir() {
        true => set_aside(&entry.path()),
        false => vec![entry.file_name().into_string().unwrap()],
    };
    entries.flat_map(below).filter(|name| name.contains("damaged")).collect()
}

#[test]
fn with_too_few_open_files_nothing_is_called_damaged_and_nothing_is_set_aside() {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["load", &release("1.1.0"), &release("2.0.0")]);
    let message = message(&store);
    store.fine(["score", &message]);
    let mut scored = 0;
    for files in 6..40 {
        let out = after(&format!("ulimit -n {files}"), &store, &["score", &message]);
        let (said, err) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        for wrong in ["damaged", "read-only", "set aside", "os error", "panicked"] {
            assert!(!err.contains(wrong), "{files} files: {err}");
        }
        scored += u32::from(said.contains("linear@1.0.0"));
        assert!(said.contains("linear@1.0.0") || !err.is_empty(), "{files} files: nothing was said: {said}");
    }
    assert!(scored > 0, "from some number of files on it scores");
    assert_eq!(set_aside(store.path()), [""; 0]);
    store.fine(["score", &message]);
}

#[test]
fn a_release_that_could_not_be_loaded_for_lack_of_descriptors_is_loaded_when_there_are_some() {
    let store = Store::promoted(&["1.0.0"]);
    store.fine(["load", &release("1.1.0")]);
    let scorer = store.scorer();
    let limit = |files| {
        let pid = rustix::process::Pid::from_child(&scorer.child);
        let limit = rustix::process::Rlimit { current: Some(files), maximum: Some(1_024) };
        rustix::process::prlimit(Some(pid), rustix::process::Resource::Nofile, limit).unwrap();
    };
    // What is open stays open, and nothing more can be.
    limit(3);
    let ran = store.run(["promote", "linear@1.1.0", "--slot", "inbound", "--force", "--wait", "1"]);
    assert!(ran.code == 1 && ran.out.contains("linear@1.1.0"), "{ran:?}");
    assert!(!ran.err.contains("damaged") && !ran.err.contains("read-only"), "{ran:?}");
    limit(1_024);
    until("it takes charge", || {
        let process = store.control().processes().unwrap().remove(0);
        process.acknowledged.is_some_and(|known| known.sequence == store.state().sequence && known.problem.is_none())
    });
    assert_eq!(set_aside(store.path()), [""; 0]);
    assert_eq!(scorer.score(MESSAGE.as_bytes())["release"]["version"], "1.1.0");
}

#[test]
fn a_limit_on_address_space_is_lived_with() {
    let store = Store::promoted(&["1.0.0"]);
    let message = message(&store);
    let free = store.fine(["score", "--json", &message]);
    let out = to_ran(&after("ulimit -v 4194304", &store, &["score", "--json", &message]));
    assert_eq!(out.code, 0, "{out:?}");
    assert!(out.err.contains("address space") && out.err.contains("fewer instances"), "{}", out.err);
    let score = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["score"].clone();
    assert_eq!(score(&out.out), score(&free), "to the bit");
}

#[test]
fn a_limit_on_the_size_of_files_costs_records_and_no_answer() {
    let store = Store::promoted(&["1.0.0"]);
    let mail = store.path().join("mail");
    fs::create_dir(&mail).unwrap();
    for n in 0..300 {
        fs::write(mail.join(format!("{n}.eml")), MESSAGE.replace("<1@", &format!("<{n}@"))).unwrap();
    }
    let out = after("ulimit -f 50", &store, &["score", "--journal", mail.to_str().unwrap()]);
    assert!(out.status.code().is_some(), "a signal killed it: {:?}", out.status);
    let ran = to_ran(&out);
    assert_eq!((ran.code, ran.out.lines().count()), (1, 300), "{}", ran.err);
    assert!(ran.err.contains("could not be written into the journal"), "{}", ran.err);
}

#[test]
fn without_inotify_a_filter_starts_and_a_change_is_reported_as_done() {
    let store = Store::promoted(&["1.0.0"]);
    let message = message(&store);
    let none = "echo 0 > /proc/sys/user/max_inotify_instances";
    let Some(scored) = apart(&["-Ur"], none, &store, &["score", &message]) else { return };
    assert!(scored.code == 0 && scored.out.contains("linear@1.0.0"), "{scored:?}");
    assert!(scored.err.contains("inotify is used up") && scored.err.lines().count() == 1, "{}", scored.err);
    for (args, said) in [
        (&["freeze", "--reason", "stop"][..], "freeze every slot"),
        (&["thaw"], "thaw every slot"),
        (&["load", &release("1.1.0")], "load linear@1.1.0"),
        (&["shadow", "linear@1.1.0", "--slot", "inbound"], "linear@1.1.0"),
    ] {
        let done = apart(&["-Ur"], none, &store, args).unwrap();
        assert!(done.code == 0 && done.out.contains(said), "{args:?}: {done:?}");
    }
}

#[test]
fn without_proc_or_with_noexec_compiled_releases_are_copied_and_stay() {
    let store = Store::promoted(&["1.0.0"]);
    let message = message(&store);
    store.fine(["score", &message]);
    for script in
        ["mount -t tmpfs none /proc", "mount --bind $STORE $STORE && mount -o remount,bind,noexec $STORE && cd /"]
    {
        let Some(scored) = apart(&["-m"], script, &store, &["score", &message]) else { return };
        assert!(scored.code == 0 && scored.out.contains("linear@1.0.0"), "{script}: {scored:?}");
        assert!(scored.err.contains("copies them into its memory"), "{script}: {}", scored.err);
        assert_eq!(scored.err.lines().count(), 1, "{script}: {}", scored.err);
    }
    assert_eq!(set_aside(store.path()), [""; 0]);
}

#[test]
fn a_store_on_a_read_only_mount_is_read_and_scored_with() {
    let store = Store::promoted(&["1.0.0"]);
    let message = message(&store);
    let read_only = "mount --bind $STORE $STORE && mount -o remount,bind,ro $STORE && cd /";
    for args in [&["status"][..], &["history"], &["history", "verify"], &["overrides"], &["score", &message]] {
        let Some(ran) = apart(&["-m"], read_only, &store, args) else { return };
        assert!(ran.code == 0 && !ran.out.is_empty(), "{args:?}: {ran:?}");
    }
    let refused = apart(&["-m"], read_only, &store, &["freeze"]).unwrap();
    assert!(refused.code == 1 && refused.err.contains("read-only"), "{refused:?}");
}

#[test]
fn a_cache_that_cannot_be_written_is_done_without_and_that_is_said_once() {
    let store = Store::nowhere();
    let message = message(&store);
    let (one, other) = (release("1.0.0"), release("1.1.0"));
    let mut scoring = command();
    scoring.env_remove("XDG_CACHE_HOME").env("HOME", "/dev/null").args(["score", "-m", &one, "-m", &other, &message]);
    let scored = ran(&mut scoring);
    assert!(scored.code == 0 && scored.out.contains("linear@1.0.0"), "{scored:?}");
    assert!(scored.err.contains("cannot be kept") && scored.err.lines().count() == 1, "{}", scored.err);
}

#[test]
fn a_store_of_another_user_is_not_called_missing() {
    let store = Store::promoted(&["1.0.0"]);
    let nobody =
        |args: &[&OsStr]| Command::new("setpriv").args(["--reuid=65534", "--clear-groups"]).args(args).output();
    if !nobody(&[OsStr::new("true")]).is_ok_and(|tried| tried.status.success()) {
        return eprintln!("NOT TRIED: setpriv cannot change the user here");
    }
    let shared = tempfile::tempdir().unwrap();
    fs::set_permissions(shared.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let program = shared.path().join("sb");
    fs::copy(command().get_program(), &program).unwrap();
    let nested = shared.path().join("store");
    assert!(Command::new("cp").arg("-a").args([store.path(), &nested]).status().unwrap().success());
    for args in [&["status"][..], &["history"], &["freeze"], &["load", "x.wasm"]] {
        let mut all = vec![program.as_os_str()];
        all.extend(args.iter().map(OsStr::new));
        all.extend([OsStr::new("--store"), nested.as_os_str()]);
        let said = to_ran(&nobody(&all).unwrap());
        assert!(said.code == 1 && said.err.contains("ermission denied"), "{args:?}: {said:?}");
        assert!(!said.err.contains("there is no store"), "{args:?}: {said:?}");
    }
}

#[test]
fn a_path_is_a_path_whatever_it_begins_with_and_one_that_is_too_long_says_so() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["file:x", "file:y?mode=memory", ":memory:"] {
        let mut load = command();
        let loaded = ran(load.current_dir(dir.path()).args(["load", "--store", name, &release("1.0.0")]));
        assert_eq!(loaded.code, 0, "{loaded:?}");
        assert!(dir.path().join(name).join("control.db").is_file(), "{name}");
        let mut history = command();
        let said = ran(history.current_dir(dir.path()).args(["history", "verify", "--store", name]));
        assert_eq!(said.code, 0, "{said:?}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing else was made");
    let long = dir.path().join("x".repeat(256));
    let mut status = command();
    let said = ran(status.args(["status", "--store"]).arg(&long));
    assert!(said.code == 1 && said.err.contains("path is too long"), "{said:?}");
}

#[test]
fn a_log_that_cannot_be_written_stops_no_filter() {
    let store = Store::promoted(&["1.0.0"]);
    let file = store.path().with_extension("tar");
    store.fine(["store", "backup", file.to_str().unwrap()]);
    let mut score = command();
    score.args(["score", "--slot", "inbound", "--store"]).arg(store.path());
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut filter = score.stdin(std::process::Stdio::piped()).stderr(full).spawn().unwrap();
    let known = || store.control().processes().unwrap().pop().and_then(|process| process.acknowledged);
    until("it follows", || known().is_some());
    // It says that it follows no further, and then that it goes on.
    crate::operate::newer::write_event(store.path());
    until("it has stopped", || known().is_some_and(|known| known.stopped));
    store.fine(["store", "restore", file.to_str().unwrap(), "--replace", "--force"]);
    until("it goes on", || known().is_some_and(|known| !known.stopped && known.recoveries == 1));
    drop(filter.stdin.take());
    filter.wait().unwrap();
    fs::remove_file(file).unwrap();
}
