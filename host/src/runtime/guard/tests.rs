use switchback_model::message::Message;
use switchback_store::alert::Kind;
use switchback_store::guard_store::{GuardReader, HealthStatus};

use crate::runtime::Runtime;
use crate::runtime::slot::SlotConfig;

/// The slot in which looking at a message panics.
const PANICS: &str = "panics";

/// Panics in the slot that is there for that: nothing that a filter is given makes the guard do so.
pub(super) fn panic_in(slot: &str) {
    assert!(slot != PANICS, "as a test wants it");
}

fn message() -> Message {
    Message::parse("From: a@shop.example\r\n\r\ntext\r\n")
}

#[test]
fn a_guard_that_panics_says_so_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let slots = [PANICS, "inbound"].map(SlotConfig::new);
    let builder = slots.into_iter().fold(Runtime::builder().instances(4), |builder, slot| builder.slot(slot));
    let runtime = builder.store_dir(dir.path()).build().unwrap();
    let condition = || GuardReader::open(dir.path()).unwrap().health().unwrap().remove(0).status;
    assert_eq!(condition(), HealthStatus::Well);
    for slot in [PANICS, "inbound", PANICS] {
        runtime.slot(slot).unwrap().score(&message());
        runtime.flush();
        assert!(matches!(condition(), HealthStatus::Panicked { why } if why.contains("as a test wants it")));
    }
    let alerts = GuardReader::open(dir.path()).unwrap().alerts(10).unwrap();
    let kinds: Vec<_> = alerts.iter().map(|kept| kept.alert.kind).collect();
    assert_eq!(kinds, [Kind::Guard], "it is said once");
    drop(runtime);
    assert_eq!(GuardReader::open(dir.path()).unwrap().health().unwrap(), [], "who ends says so");
}
