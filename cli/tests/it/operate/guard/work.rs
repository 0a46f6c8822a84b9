//! The guard at work in a process of its own: what it does, says and explains.

use std::fs;

use serde_json::Value;
use switchback::control::{ControlStore as _, GuardAction, NewProcess, Operation, SqliteStore};

use super::{TRUST, earlier_mail, mail, store};

#[test]
fn a_shadow_that_does_harm_is_blocked_explained_and_promoted_by_force_alone() {
    let store = store();
    let dir = tempfile::tempdir().unwrap();
    let earlier = earlier_mail(dir.path(), 0..700).display().to_string();
    let mail = mail(dir.path(), 0..700).display().to_string();
    // It is dated to 2025, and judged today.
    store.fine(["guard", "learn", &earlier, TRUST[0], TRUST[1]]);
    store.fine(["shadow", "linear@2.0.0"]);
    let alerts = dir.path().join("alerts");
    let command = format!("(cat; echo) >> '{}'", alerts.display());
    let scored = store.run(["score", "--journal", "--summary", "--on-alert", &command, &mail, TRUST[0], TRUST[1]]);
    assert_eq!(scored.code, 0, "{scored:?}");
    assert!(scored.err.contains("linear@2.0.0 in inbound cannot be promoted now: "), "{scored:?}");

    let act =
        store.control().history().unwrap().into_iter().find(|event| matches!(event.operation, Operation::Guard { .. }));
    let act = act.expect("the guard acts");
    let Operation::Guard { action, release, .. } = &act.operation else { unreachable!() };
    assert_eq!(
        (*action, release.to_string(), act.author.as_str()),
        (GuardAction::Block, "linear@2.0.0".into(), "guard")
    );
    let raised = fs::read_to_string(&alerts).unwrap();
    let harm =
        raised.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|alert| alert["kind"] == "harm");
    let harm = harm.expect("an alert of harm");
    assert_eq!((&harm["response"], &harm["event"]), (&"blocked".into(), &act.sequence.get().into()));
    assert_eq!(harm["undo"], "switchback quarantine linear@2.0.0 --lift");

    let event = act.sequence.to_string();
    let out = store.fine(["guard", "explain", &event]);
    for line in [
        format!("event {event}, the guard marked linear@2.0.0 as harmful in inbound"),
        "it was compared with linear@1.1.0.".to_owned(),
        "The recorded counts lead to the same numbers, and these to the same decision.".to_owned(),
    ] {
        assert!(out.replace('\n', " ").contains(&line), "{line:?} is not in\n{out}");
    }
    assert!(out.replace('\n', " ").contains("Needed to act, and found: campaigns "), "{out}");
    let explained = store.json(["guard", "explain", &event, "--json"]);
    assert_eq!(explained["agrees"], true);
    let requirements = explained["requirements"].as_array().unwrap();
    assert!(requirements.len() >= 4 && requirements.iter().all(|one| one["is_met"] == true), "{explained}");
    let evidence = &explained["event"]["operation"]["evidence"];
    assert!((explained["recomputed"]["log_e"].as_f64().unwrap() - evidence["log_e"].as_f64().unwrap()).abs() < 1e-6);
    assert!(store.refused(["guard", "explain", "1"]).contains(&format!("its actions are events {event}")));

    let status = store.run(["guard", "status"]);
    assert_eq!((status.code, status.err.as_str()), (1, ""));
    for line in [
        "  linear@2.0.0 against linear@1.1.0, since generation ",
        "gmail.com",
        " harmed ",
        " pairs were compared: ",
        "    needed to act on flips of authenticated, known senders:\n",
        ": enough: the guard acts\n",
        "  NO RECIPIENTS  of the last ",
    ] {
        assert!(status.out.contains(line), "{line:?} is not in\n{}", status.out);
    }
    assert!(store.fine(["status"]).contains("    HARMFUL in inbound since "));
    let listed = store.fine(["guard", "alerts"]);
    assert!(listed.contains("critical  linear@2.0.0 in inbound cannot be promoted now: "), "{listed}");
    assert!(listed.contains("\n    to undo it: switchback quarantine linear@2.0.0 --lift\n"), "{listed}");

    let refused = store.run(["promote", "linear@2.0.0"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("against linear@1.1.0, by segment of authenticated, known senders: "), "{refused:?}");
    assert!(
        refused.err.contains("linear@2.0.0 is harmful in inbound") && refused.err.contains("--force"),
        "{refused:?}"
    );
    // What undoes it takes the mark; the numbers of the shadow that goes on speak against it still.
    store.fine(["quarantine", "linear@2.0.0", "--lift"]);
    let status = store.fine(["status"]);
    assert!(
        !status.contains("HARMFUL in inbound since ") && status.contains("  HARMFUL   linear@2.0.0 to "),
        "{status}"
    );
    for args in [
        &["promote", "linear@2.0.0"][..],
        &["promote", "linear@2.0.0", "--dry-run"],
        &["canary", "linear@2.0.0", "--share", "1%"],
    ] {
        let refused = store.run(args);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("linear@2.0.0 is not let into inbound, because it does harm to "), "{refused:?}");
    }
    let json = store.json(["promote", "linear@2.0.0", "--force", "--json"]);
    assert_eq!(json["proof"]["segments"][0]["standing"], "harmed");

    // What the journal has of it leads to the same.
    let replayed =
        store.run(["guard", "simulate", "linear@1.1.0", "linear@2.0.0", "--journal", "--known-days", "0", "--json"]);
    assert_eq!(replayed.code, 1, "{replayed:?}");
    let replayed: Value = serde_json::from_str(&replayed.out).unwrap();
    let harmed = replayed["acted"]["evidence"]["harmed"].as_array().unwrap();
    assert!(harmed.contains(&"everything".into()), "{replayed}");
    // Under these settings others count than did, of whom nobody noted who received their mail.
    let left_out = replayed["leaves_out"].as_array().unwrap();
    assert!(left_out.iter().any(|what| what.as_str().unwrap().starts_with("recipients of mail that")), "{replayed}");
    let learned = store.fine(["guard", "learn", "--journal"]);
    assert!(learned.contains("users of mailbox providers stay unknown"), "{learned}");
}

#[test]
fn whoever_forces_a_promotion_does_so_although_the_guards_memory_cannot_be_read() {
    let store = store();
    let dir = tempfile::tempdir().unwrap();
    store.fine(["guard", "learn", &earlier_mail(dir.path(), 0..50).display().to_string(), TRUST[0], TRUST[1]]);
    let file = rusqlite::Connection::open(store.path().join("guard.db")).unwrap();
    file.execute_batch("PRAGMA user_version = 99").unwrap();
    let refused = store.run(["promote", "linear@2.0.0"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("use a newer one") && refused.err.contains("--force"), "{refused:?}");
    assert_eq!(store.live(), "1.1.0");
    let forced = store.fine(["promote", "linear@2.0.0", "--force"]);
    assert!(forced.contains("what the guard knows about it cannot be read: "), "{forced}");
    assert_eq!(store.live(), "2.0.0");
}

#[test]
fn a_process_that_never_said_how_its_guard_is_is_trouble() {
    let store = store();
    assert_eq!(store.run(["guard", "status"]).code, 0);
    let process = |name: &str, slots: &[&str]| {
        let slots = slots.iter().map(ToString::to_string).collect();
        NewProcess::new(name, std::process::id(), jiff::Timestamp::now(), slots)
    };
    let control = SqliteStore::open(store.path()).unwrap();
    let _onlooker = control.register(&process("onlooker", &[])).unwrap();
    assert_eq!(store.run(["guard", "status"]).code, 0, "it has nothing to guard");
    let _mute = control.register(&process("mute", &["inbound"])).unwrap();
    let status = store.run(["guard", "status"]);
    assert_eq!(status.code, 1, "{status:?}");
    assert!(status.out.contains(": FAULT: its guard has not reported\n"), "{}", status.out);
}
