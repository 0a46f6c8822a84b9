//! Holding.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use bytesize::ByteSize;
use switchback_gateway::held::{HoldError, Spool, SpoolError};

use super::{Place, config, files, hold, message, open, to_hold, transaction, verdict};

#[test]
fn what_is_held_is_what_came() {
    let place = Place::new();
    let mut came = transaction("ada@x.example", &["b@y.example", "c@y.example"]);
    came.recipient_parameters = vec![vec!["NOTIFY=NEVER".to_owned()]];
    let ids = [place.hold(&came), place.hold(&came), place.hold(&transaction("", &["b@y.example"]))];
    assert!(ids.is_sorted());
    assert_eq!(place.spool.ids().unwrap(), ids);
    let held = place.spool.message(ids[0]).unwrap();
    assert_eq!(place.spool.bytes(ids[0]).unwrap(), message());
    assert_eq!(fs::read(place.spool.path_of(ids[0])).unwrap(), message());
    assert_eq!((held.sender.as_str(), &held.mail_parameters), ("ada@x.example", &came.mail_parameters));
    let recipients: Vec<_> = held.recipients.iter().map(|to| (to.address.as_str(), to.parameters.len())).collect();
    assert_eq!(recipients, [("b@y.example", 1), ("c@y.example", 0)]);
    assert_eq!((held.bytes, held.score, held.generation.get()), (message().len() as u64, Some(0.973), 7));
    let known = (held.sender_domain.as_deref(), held.message_id.as_deref(), held.subject.as_str());
    assert_eq!(known, (Some("x.example"), Some("<1@x.example>"), "gr\u{fc}\u{df}e"));
    assert_eq!(place.spool.message(ids[2]).unwrap().sender, "");
    let shown = format!("{held:?} {:?}", to_hold(&came, b"secret", &verdict()));
    assert!(!shown.contains("example") && !shown.contains("secret") && !shown.contains("gr\u{fc}"), "{shown}");
}

#[test]
fn only_this_user_can_look_into_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("held");
    let spool = open(&at).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&at), 0o700);
    let id = hold(&spool, &transaction("a@x.example", &["b@y.example"]), b"x\r\n").unwrap();
    assert_eq!(mode(&spool.path_of(id)), 0o600);
    for mode in [0o750, 0o701, 0o777] {
        fs::set_permissions(&at, Permissions::from_mode(mode)).unwrap();
        let refused = open(&at).unwrap_err().to_string();
        assert!(refused.contains("chmod 700"), "{refused}");
    }
    fs::write(dir.path().join("file"), "").unwrap();
    assert!(open(&dir.path().join("file")).unwrap_err().to_string().contains("is not a folder"));
    assert!(matches!(open(&dir.path().join("no/where")), Err(HoldError::System { .. })));
    assert!(matches!(Spool::existing(dir.path().join("nowhere")), Err(HoldError::Missing(_))));
    symlink(dir.path().join("nowhere"), dir.path().join("link")).unwrap();
    assert!(Spool::existing(dir.path().join("link")).is_err());
}

#[test]
fn what_is_not_whole_and_what_finds_no_room_is_not_held() {
    let place = Place::new();
    let (came, bytes, verdict) = (transaction("a@x.example", &["b@y.example"]), message(), verdict());
    let mut partial = to_hold(&came, &bytes, &verdict);
    partial.is_partial = true;
    assert!(matches!(place.spool.hold(&partial), Err(HoldError::Partial)));
    let mut config = config(place.spool.dir());
    config.free_min = ByteSize::pib(100);
    let refused = hold(&Spool::open(&config).unwrap(), &came, &bytes).unwrap_err();
    assert!(matches!(refused, HoldError::Full { .. }), "{refused}");
    assert!(refused.to_string().contains("held.free_min is 100"), "{refused}");
    let mut twice = verdict.clone();
    twice.id = Some(place.hold(&came));
    let refused = place.spool.hold(&to_hold(&came, b"another", &twice)).unwrap_err();
    assert!(matches!(refused, HoldError::System { .. }), "{refused}");
    assert_eq!(place.spool.bytes(twice.id.unwrap()).unwrap(), bytes, "the first one stays");
    assert_eq!(place.files().len(), 2);
}

#[test]
fn a_disk_that_is_full_leaves_nothing_and_removal_works_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k,mode=700", "none"]).arg(dir.path()).output();
    if !mount.is_ok_and(|mount| mount.status.success()) {
        eprintln!("SKIPPED: a disk that is full needs the right to mount one");
        return;
    }
    let spool = open(dir.path()).unwrap();
    let came = transaction("a@x.example", &["b@y.example"]);
    let mut held = Vec::new();
    let refused = loop {
        match hold(&spool, &came, &b"x".repeat(20_000)) {
            Ok(id) => held.push(id),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, HoldError::System { .. }), "{refused}");
    let why = switchback::files::in_full(&refused);
    assert!(why.contains("there is no room left on the disk"), "{why}");
    assert!(held.len() > 3 && spool.ids().unwrap() == held);
    assert_eq!(files(dir.path()).len(), 2 * held.len(), "nothing else is there");
    held.iter().for_each(|id| spool.remove(*id).unwrap());
    assert!(files(dir.path()).is_empty());
    hold(&spool, &came, b"x").unwrap();
    drop(Command::new("umount").args(["-l"]).arg(dir.path()).status());
}

#[test]
fn what_a_crash_left_is_tidied_up_and_nothing_else() {
    let place = Place::new();
    let id = place.hold(&transaction("a@x.example", &["b@y.example"]));
    let at = |name: &str| place.spool.dir().join(name);
    fs::write(at(".unfinished-abc"), "half").unwrap();
    fs::write(at("01938a4e-7c1b-7000-8000-0242ac120002.eml.json"), "{}").unwrap();
    fs::write(at("notes.txt"), "by hand").unwrap();
    assert_eq!(place.spool.ids().unwrap(), [id]);
    assert_eq!(place.spool.tidy().unwrap(), 2);
    assert_eq!(place.files(), [format!("{id}.eml"), format!("{id}.eml.json"), "notes.txt".to_owned()]);
    fs::write(place.spool.dir().join(format!("{id}.eml.json")), "{").unwrap();
    assert!(matches!(place.spool.message(id), Err(SpoolError::Damaged { .. })));
    assert!(matches!(place.spool.message(verdict_id()), Err(SpoolError::NotHeld(_))));
}

fn verdict_id() -> switchback::verdict::RecordId {
    switchback::journal::new_record_id()
}
