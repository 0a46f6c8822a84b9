//! A revert after the standby has been idle compiles, loads and allocates nothing on the path.

use crate::allocations::asked;
use crate::support::{load, message, runtime};

#[test]
fn a_revert_compiles_loads_and_allocates_nothing() {
    let runtime = runtime();
    let slot = runtime.slot("inbound").unwrap();
    let releases =
        [load(&runtime, "empty", "1.0.0"), load(&runtime, "stateful", "1.1.0"), load(&runtime, "abstain", "2.0.0")];
    for release in &releases {
        slot.promote(release).unwrap();
    }
    // The standbys idle while the live release works.
    for _ in 0..100 {
        slot.score(&message());
    }
    let loaded = runtime.load_counts();
    for expected in releases.iter().rev().skip(1) {
        let (on_the_path, reverted) = asked(|| slot.revert());
        reverted.unwrap();
        assert_eq!(on_the_path.calls, 0, "a revert allocated");
        assert_eq!(slot.live().as_ref(), Some(expected));
    }
    assert_eq!(runtime.load_counts(), loaded);
}
