//! `switchback guard set`.

use super::store;

#[test]
fn what_is_not_given_stays_as_it_is() {
    let store = store();
    let out = store.fine([
        "guard",
        "set",
        "--mode",
        "warn",
        "--alpha",
        "0.0001",
        "--provider",
        "acme=Acme.example,b.example",
    ]);
    assert!(out.contains("set the guard of inbound: warn"), "{out}");
    store.fine(["guard", "set", "--floor", "20,6,7", "--segment-reverts", "2", "--tolerance", "0.03,0.01"]);
    store.fine(["guard", "set", "--known-days", "4", "--known-age-days", "30", "--pairs", "2,5", "--few", "50,4,90"]);
    let guard = store.state().slots["inbound"].guard.clone();
    assert_eq!(guard.mode.to_string(), "warn");
    assert_eq!((guard.alpha, guard.alpha_warn, guard.segment_reverts), (0.0001, 0.05, 2));
    assert_eq!((guard.floor.campaigns, guard.floor.senders, guard.floor.recipients), (20, 6, 7));
    assert_eq!((guard.tolerance.gross, guard.tolerance.net), (0.03, 0.01));
    assert_eq!((guard.known_days, guard.known_age_days), (4, 30));
    assert_eq!((guard.account_pairs, guard.domain_pairs), (2, 5));
    assert_eq!((guard.few.known, guard.few.senders, guard.few.age_days), (50, 4, 90));
    assert_eq!(guard.providers["acme"], ["acme.example", "b.example"]);
    let out = store.fine(["guard", "status"]);
    for line in
        ["slot inbound, mode warn\n", "20 campaigns of 6 senders to 7 recipients", "acme (acme.example, b.example)"]
    {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
    assert!(store.fine(["status"]).contains("  guard     mode warn\n"));
}

#[test]
fn what_is_out_of_range_is_refused_and_a_dry_run_changes_nothing() {
    let store = store();
    let before = store.state();
    for (arguments, why) in [
        (["--alpha", "0"], "alpha = 0"),
        (["--segment-reverts", "9"], "segment_reverts = 9"),
        (["--floor", "10,51,5"], "floor.senders = 51"),
        (["--pairs", "0,3"], "account_pairs = 0"),
        (["--few", "1001,5,180"], "few.known = 1001"),
        (["--tolerance", "0.9,0.1"], "tolerance = 0.9"),
    ] {
        let ran = store.run(["guard", "set"].into_iter().chain(arguments));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains(why), "{ran:?}");
    }
    let out = store.fine(["guard", "set", "--mode", "off", "--dry-run"]);
    assert!(out.starts_with("nothing was changed; this would be event "), "{out}");
    assert_eq!(store.state(), before);
}

#[test]
fn each_setting_can_be_set_alone_and_none_is_a_mistake() {
    let store = store();
    for setting in [
        ["--mode", "warn"],
        ["--alpha", "0.002"],
        ["--alpha-down", "0.002"],
        ["--alpha-warn", "0.02"],
        ["--tolerance", "0.03,0.01"],
        ["--tolerance-warn", "0.03,0.01"],
        ["--floor", "20,6,7"],
        ["--act-on-flips-down", "yes"],
        ["--few", "50,4,90"],
        ["--known-days", "4"],
        ["--known-age-days", "30"],
        ["--pairs", "2,5"],
        ["--provider", "acme=acme.example"],
        ["--segment-reverts", "2"],
        ["--proof-rate", "0.03"],
    ] {
        store.fine(["guard", "set", "--dry-run"].into_iter().chain(setting));
    }
    let ran = store.run(["guard", "set", "--reason", "why"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("no setting was given"), "{ran:?}");
}
