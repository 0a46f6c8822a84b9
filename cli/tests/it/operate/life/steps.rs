//! What happens to a store.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Life;

/// Something that is done to a store. It ends with filters that follow, or soon will; or says why it was not done.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) take: fn(&mut Life) -> Result<(), String>,
}

pub(super) const STEPS: [Step; 17] = [
    Step { name: "backup and restore", take: backup_and_restore },
    Step { name: "sqlite3 copies the databases", take: sqlite_copies },
    Step { name: "another program reads for long and checkpoints", take: reads_for_long },
    Step { name: "rsync copies the folder", take: rsync_copies },
    Step { name: "cp copies the folder", take: cp_copies },
    Step { name: "a snapshot is taken", take: snapshot },
    Step { name: "the side files are deleted", take: side_files_are_deleted },
    Step { name: "the locks are deleted", take: locks_are_deleted },
    Step { name: "the journal is deleted", take: journal_is_deleted },
    Step { name: "an older database is put in its place", take: older_database },
    Step { name: "a filter is killed and starts again", take: filter_is_killed },
    Step { name: "a filter has a clock that is 40 days ahead", take: clock_is_ahead },
    Step { name: "a filter has a clock that is 40 days behind", take: clock_is_behind },
    Step { name: "a filter may open no more files", take: no_more_files },
    Step { name: "the disk is full, and free again", take: disk_is_full },
    Step { name: "the folder is moved away and comes back", take: folder_is_moved },
    Step { name: "a newer program writes to the ledger", take: newer_program },
];

/// Runs another program; without it the step is skipped.
fn program(name: &str, args: &[&str]) -> Result<String, String> {
    let ran = Command::new(name).args(args).stdin(Stdio::null()).output();
    let ran = ran.map_err(|error| format!("{name} cannot be run ({error}); `cargo xtask test` installs it"))?;
    assert!(ran.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A copy is a whole store of its own.
fn check_copy(life: &Life, copy: &Path) {
    let verified = life.run_on(copy, ["history", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let scored = life.run_on(copy, ["status"]);
    assert_eq!(scored.code, 0, "{scored:?}");
}

fn backup_and_restore(life: &mut Life) -> Result<(), String> {
    let (file, elsewhere) = (life.beside("backup.tar"), life.beside("elsewhere"));
    life.done(["store", "backup", "--journal", text(&file)]);
    let restored = life.run_on(&elsewhere, ["store", "restore", text(&file)]);
    assert_eq!(restored.code, 0, "{restored:?}");
    check_copy(life, &elsewhere);
    life.settle();
    let refused = life.run(["store", "restore", text(&file), "--replace"]);
    assert!(refused.code == 1 && refused.err.contains("is followed by"), "{refused:?}");
    life.done(["store", "restore", text(&file), "--replace", "--force"]);
    Ok(())
}

fn sqlite_copies(life: &mut Life) -> Result<(), String> {
    let copy = life.beside("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["control.db", "guard.db"] {
        let backup = format!(".backup {}", copy.join(name).display());
        program("sqlite3", &[text(&life.store().join(name)), &backup])?;
    }
    let there = life.store();
    assert!(there.join("control.db-wal").exists(), "somebody has it open");
    for name in ["control.head", "guard.since"] {
        fs::copy(there.join(name), copy.join(name)).unwrap();
    }
    program("cp", &["-a", text(&there.join("releases")), text(&copy)])?;
    program("chmod", &["-R", "go-rwx", text(&copy)])?;
    check_copy(life, &copy);
    Ok(())
}

/// As programs do that copy what was written, such as Litestream: they read for long, and decide when is written back.
fn reads_for_long(life: &mut Life) -> Result<(), String> {
    let reader = rusqlite::Connection::open(life.store().join("control.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    life.settle();
    reader.execute_batch("COMMIT; PRAGMA wal_checkpoint(PASSIVE); PRAGMA wal_checkpoint(RESTART)").unwrap();
    life.settle();
    drop(reader);
    Ok(())
}

fn rsync_copies(life: &mut Life) -> Result<(), String> {
    let copy = life.beside("copy");
    program("rsync", &["--version"])?;
    check_torn_copy(life, Command::new("rsync").args(["-a", &format!("{}/", life.store().display())]), &copy);
    Ok(())
}

fn cp_copies(life: &mut Life) -> Result<(), String> {
    let copy = life.beside("copy");
    check_torn_copy(life, Command::new("cp").arg("-a").arg(life.store()), &copy);
    Ok(())
}

/// A copy file by file is of no one moment, and files vanish meanwhile: it is whole, or refused with a sentence.
fn check_torn_copy(life: &Life, copying: &mut Command, copy: &Path) {
    copying.arg(copy).stderr(Stdio::null()).status().unwrap();
    let verified = life.run_on(copy, ["history", "verify"]);
    assert!(verified.code == 0 || verified.code == 1 && !verified.err.is_empty(), "{verified:?}");
}

/// What a snapshot of a volume is: all files as they are at one moment, of which nobody is told.
fn snapshot(life: &mut Life) -> Result<(), String> {
    let copy = life.beside("copy");
    let signal = |name: &str| {
        let pids: Vec<_> = life.filters.iter().map(|filter| filter.pid().to_string()).collect();
        pids.iter().try_for_each(|pid| program("kill", &[name, pid]).map(drop))
    };
    signal("-STOP")?;
    let copied = program("cp", &["-a", text(&life.store()), text(&copy)]);
    signal("-CONT")?;
    copied?;
    check_copy(life, &copy);
    Ok(())
}

fn side_files_are_deleted(life: &mut Life) -> Result<(), String> {
    for name in ["control.db-wal", "control.db-shm"] {
        fs::remove_file(life.store().join(name)).unwrap();
    }
    // What was only in there is gone, and that is seen.
    let status = life.run(["status"]);
    if status.code != 0 {
        life.done(["history", "recover", "--go-back"]);
    }
    Ok(())
}

fn locks_are_deleted(life: &mut Life) -> Result<(), String> {
    fs::remove_dir_all(life.store().join("processes")).unwrap();
    Ok(())
}

fn journal_is_deleted(life: &mut Life) -> Result<(), String> {
    fs::remove_dir_all(life.store().join("journal")).unwrap();
    Ok(())
}

fn older_database(life: &mut Life) -> Result<(), String> {
    let copy = life.beside("older.db");
    program("sqlite3", &[text(&life.store().join("control.db")), &format!(".backup {}", copy.display())])?;
    fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    life.settle();
    let spoken = life.spoken();
    for ending in ["-wal", "-shm"] {
        fs::remove_file(life.store().join(format!("control.db{ending}"))).unwrap();
    }
    fs::rename(&copy, life.store().join("control.db")).unwrap();
    life.said(&spoken, "the store cannot be followed");
    let refused = life.run(["history", "recover"]);
    assert!(refused.code == 1 && refused.err.contains("--go-back"), "{refused:?}");
    life.done(["history", "recover", "--go-back"]);
    Ok(())
}

fn filter_is_killed(life: &mut Life) -> Result<(), String> {
    let name = life.kill(0);
    life.settle();
    life.start(&name, &[]);
    life.begun();
    Ok(())
}

fn clock_is_ahead(life: &mut Life) -> Result<(), String> {
    wrong_clock(life, "+40d")
}

fn clock_is_behind(life: &mut Life) -> Result<(), String> {
    wrong_clock(life, "-40d")
}

/// One more filter, which has another time of day.
fn wrong_clock(life: &mut Life, by: &str) -> Result<(), String> {
    program("faketime", &["-f", by, "true"])?;
    let records = |life: &mut Life| life.done(["journal", "--json"]).lines().count();
    let before = records(life);
    life.start("wrong", &["faketime", "-f", by]);
    life.begun();
    life.settle();
    life.end(life.filters.len() - 1);
    assert!(records(life) >= before, "a clock that is wrong deletes nothing");
    Ok(())
}

fn no_more_files(life: &mut Life) -> Result<(), String> {
    let pid = life.filters[0].pid().to_string();
    program("prlimit", &["--pid", &pid, "--nofile=16:1024"])?;
    // Whether it follows or not: it is said, and mail is scored.
    let ran = life.run(["promote", "linear@1.1.0", "--slot", "inbound", "--force", "--older", "--wait", "2"]);
    assert!(ran.code == 0 || !ran.err.is_empty(), "{ran:?}");
    life.note();
    program("prlimit", &["--pid", &pid, "--nofile=1024:1024"])?;
    let damaged = fs::read_dir(life.store().join("releases")).unwrap();
    let damaged = damaged.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("damaged"));
    assert_eq!(damaged.count(), 0, "a shortage is no damage");
    Ok(())
}

fn disk_is_full(life: &mut Life) -> Result<(), String> {
    let Some(fill) = life.fill() else { return Err("a file system cannot be mounted here".to_owned()) };
    // A small change may fit into what SQLite has reserved before.
    let ran = life.run(["block", "--domain", "full.example", "--anyone", "--for", "1h", "--reason", "full"]);
    assert!(ran.code == 0 || ran.err.contains("there is no room"), "{ran:?}");
    let status = life.run(["status"]);
    assert_eq!(status.code, 0, "{status:?}");
    fs::remove_file(fill).unwrap();
    Ok(())
}

fn folder_is_moved(life: &mut Life) -> Result<(), String> {
    let away = life.beside("away");
    let spoken = life.spoken();
    fs::rename(life.store(), &away).unwrap();
    life.said(&spoken, "the store cannot be followed");
    fs::rename(&away, life.store()).unwrap();
    Ok(())
}

fn newer_program(life: &mut Life) -> Result<(), String> {
    let file = life.beside("before.tar");
    life.done(["store", "backup", text(&file)]);
    let spoken = life.spoken();
    crate::operate::newer::write_event(&life.store());
    life.said(&spoken, "newer version of Switchback");
    let status = life.run(["status"]);
    assert!(status.code == 0 && status.err.contains("newer version of Switchback"), "{status:?}");
    let refused = life.run(["revert", "--slot", "inbound"]);
    assert!(refused.code == 1 && refused.err.contains("newer version of Switchback"), "{refused:?}");
    let name = life.kill(0);
    life.start(&name, &[]);
    life.begun();
    // The way back is the backup of before.
    life.done(["store", "restore", text(&file), "--replace", "--force"]);
    Ok(())
}
