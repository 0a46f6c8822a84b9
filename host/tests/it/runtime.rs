//! Loading, roles, and what a configuration must not say.

use switchback::guard::GuardSettings;
use switchback::route::Generation;
use switchback::runtime::LoadFault;
use switchback::verdict::Role;
use switchback::{Action, BuildError, RouteError, Runtime, SlotConfig, Thresholds, UnloadError, Verdict};

use crate::support::{load, load_bytes, message, release, runtime, shared_cache};

#[test]
fn a_slot_that_is_not_there_is_an_error_that_names_those_that_are() {
    let runtime = Runtime::builder().instances(4).slot(SlotConfig::new("outbound")).slot(SlotConfig::new("inbound"));
    let runtime = runtime.build().unwrap();
    let error = runtime.slot("bounds").unwrap_err();
    assert_eq!(error.to_string(), r#"there is no slot "bounds"; there are: inbound, outbound"#);
    let names: Vec<_> = runtime.slots().map(|slot| slot.name().to_owned()).collect();
    assert_eq!(names, error.known);
    let error = Runtime::builder().instances(4).build().unwrap().slot("inbound").unwrap_err();
    assert_eq!(error.to_string(), "there is no slot: the runtime was built without one");
}

#[test]
fn a_verdict_says_who_decided_and_when() {
    let runtime = runtime();
    let slot = runtime.slot("inbound").unwrap();
    let one = load(&runtime, "empty", "1.0.0");
    assert_eq!(slot.promote(&one), Ok(Generation::new(1)));
    let verdict = slot.score(&message());
    assert_eq!(verdict.release.as_ref(), Some(&one));
    assert_eq!((verdict.generation.get(), verdict.score, verdict.action), (1, Some(0.5), Action::Junk));
    assert!(verdict.timing.total >= verdict.timing.guest);
}

#[test]
fn a_verdict_reads_back_from_json() {
    let runtime = runtime();
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "stateful", "1.0.0")).unwrap();
    let verdict = slot.score(&message());
    let json = serde_json::to_string(&verdict).unwrap();
    let back: Verdict = serde_json::from_str(&json).unwrap();
    assert_eq!(back.score.map(f64::to_bits), verdict.score.map(f64::to_bits));
    assert_eq!((back.release, back.reasons, back.decided_by), (verdict.release, verdict.reasons, verdict.decided_by));
}

#[test]
fn a_slot_without_a_release_answers_unscanned() {
    let runtime = runtime();
    let verdict = runtime.slot("inbound").unwrap().score(&message());
    assert_eq!((verdict.decided_by, verdict.generation.get()), (switchback::verdict::DecidedBy::Unscanned, 0));
    assert!(verdict.release.is_none() && verdict.fault.is_some());
}

#[test]
fn a_message_that_is_too_big_is_not_scored() {
    let config = SlotConfig::new("inbound").message_bytes_max(10);
    let runtime = Runtime::builder().slot(config).cache_dir(shared_cache()).instances(4).build().unwrap();
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    let verdict = slot.score(&message());
    assert_eq!(verdict.decided_by, switchback::verdict::DecidedBy::Unscanned);
    assert!(verdict.fault.unwrap().contains("10 bytes"));
}

#[test]
fn a_release_in_use_cannot_be_unloaded_and_is_gone_afterwards() {
    let runtime = runtime();
    let slot = runtime.slot("inbound").unwrap();
    let (one, two) = (load(&runtime, "empty", "1.0.0"), load(&runtime, "stateful", "1.1.0"));
    slot.promote(&one).unwrap();
    slot.promote(&two).unwrap();
    let in_use = |release: &switchback::ReleaseId, role| matches!(runtime.unload(release), Err(UnloadError::InUse { role: found, .. }) if found == role);
    assert!(in_use(&two, Role::Live) && in_use(&one, Role::Standby));
    slot.withdraw(&one).unwrap();
    runtime.unload(&one).unwrap();
    assert_eq!(runtime.releases(), std::slice::from_ref(&two));
    assert_eq!(runtime.unload(&one), Err(UnloadError::NotLoaded(one.clone())));
    assert_eq!(slot.promote(&one), Err(RouteError::NotLoaded(one.clone())));
    assert_eq!(slot.revert().unwrap_err(), RouteError::NoStandby);
    assert!(matches!(runtime.score_with(&one, &message()).unwrap_err().fault, switchback::Fault::NotLoaded));
}

#[test]
fn loading_twice_changes_nothing_and_a_namesake_is_refused() {
    let runtime = runtime();
    let one = load(&runtime, "empty", "1.0.0");
    let counts = runtime.load_counts();
    assert_eq!(load(&runtime, "empty", "1.0.0"), one);
    assert_eq!(runtime.load_counts(), counts);
    let error = load_bytes(&runtime, &release("stateful", "1.0.0")).unwrap_err();
    assert!(matches!(error.fault, LoadFault::Namesake { .. }), "{error}");
}

#[test]
fn a_release_compiled_once_is_mapped_by_the_next_process() {
    let store = tempfile::tempdir().unwrap();
    let counts = |store: &std::path::Path| {
        let runtime = Runtime::builder().cache_dir(store).instances(4).build().unwrap();
        load(&runtime, "empty", "1.0.0");
        let counts = runtime.load_counts();
        (counts.compiled, counts.mapped)
    };
    assert_eq!(counts(store.path()), (1, 0));
    assert_eq!(counts(store.path()), (0, 1));
}

#[test]
fn a_damaged_artifact_is_compiled_again() {
    let store = tempfile::tempdir().unwrap();
    let load_with_store = || {
        let runtime = Runtime::builder().cache_dir(store.path()).instances(4).build().unwrap();
        load(&runtime, "empty", "1.0.0");
        runtime.load_counts().compiled
    };
    assert_eq!(load_with_store(), 1);
    let engine = std::fs::read_dir(store.path().join("compiled")).unwrap().next().unwrap().unwrap().path();
    let artifact = std::fs::read_dir(engine).unwrap().next().unwrap().unwrap().path();
    // Replaced, not written over: the first runtime may not have unmapped it yet.
    let damaged = store.path().join("damaged");
    std::fs::write(&damaged, b"\x7fELF, and no more").unwrap();
    std::fs::rename(&damaged, &artifact).unwrap();
    assert_eq!(load_with_store(), 1);
    assert_eq!(load_with_store(), 0, "what was compiled again was kept");
}

#[test]
fn a_store_that_others_can_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let store = tempfile::tempdir().unwrap();
    let compiled = store.path().join("compiled");
    std::fs::create_dir(&compiled).unwrap();
    std::fs::set_permissions(&compiled, std::fs::Permissions::from_mode(0o777)).unwrap();
    let error = Runtime::builder().cache_dir(store.path()).instances(1).build().err().unwrap();
    assert!(error.to_string().contains("chmod"), "{error}");
}

#[test]
fn a_configuration_that_cannot_be_honoured_is_refused() {
    let crossed = Thresholds::default().junk(0.9).quarantine(0.5);
    let build = |builder: switchback::RuntimeBuilder| builder.build().err().unwrap();
    let slot = |error| matches!(error, BuildError::Slot { .. });
    assert!(slot(build(Runtime::builder().slot(SlotConfig::new("a").thresholds(crossed)))));
    for name in ["", "a/b", "a\nb", &"x".repeat(1 << 20)] {
        assert!(slot(build(Runtime::builder().slot(SlotConfig::new(name)))), "{name:.9}");
        let error = build(Runtime::builder().name(name));
        assert!(matches!(&error, BuildError::Range(why) if why.len() < 200), "{error:.200}");
    }
    let guarded = SlotConfig::new("a").guard(GuardSettings::default().provider("acme", ["mx.acme.example"]));
    assert!(build(Runtime::builder().slot(guarded)).to_string().contains("counted under acme.example"));
    assert!(slot(build(Runtime::builder().slot(SlotConfig::new("a")).slot(SlotConfig::new("a")))));
    assert!(matches!(build(Runtime::builder().instances(0)), BuildError::Range(_)));
}
