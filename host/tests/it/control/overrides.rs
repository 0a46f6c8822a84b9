//! Overrides reach every process, and their hits come back.

use std::time::Duration;

use jiff::Timestamp;
use switchback::control::{ControlError, Refused, Request};
use switchback::verdict::{AllowScope, DecidedBy, Rule, Senders};
use switchback::{Action, Scl};

use super::support::{Store, promote, until};
use crate::support::message;

fn rule(matcher: &str, lasts: Duration) -> Rule {
    Rule::new(matcher.parse().unwrap(), Timestamp::now() + lasts).senders(Senders::Anyone)
}

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn an_override_holds_in_every_process_until_it_is_expired() {
    let (store, releases) = Store::with(&["empty"]);
    let processes = [store.process(), store.process()];
    store.obeyed(promote(&releases[0]));
    let decided_by = |index: usize| processes[index].slot("inbound").unwrap().score(&message()).decided_by;
    assert_eq!(decided_by(0), DecidedBy::Live);
    let may = AllowScope::All;
    let allowed = store.obeyed(Request::Allow { rule: rule("domain example.org", HOUR), may });
    for process in &processes {
        let verdict = process.slot("inbound").unwrap().score(&message());
        assert_eq!(verdict.decided_by, DecidedBy::Allowed { rule: allowed.sequence.get() });
        assert_eq!((verdict.action, verdict.scl, verdict.score), (Action::Deliver, Some(Scl::ALLOWED), Some(0.5)));
    }
    let block = Request::Block { rule: rule("sender a@example.org", HOUR), action: Action::Reject };
    let blocked = store.obeyed(block);
    assert_eq!(decided_by(1), DecidedBy::Blocked { rule: blocked.sequence.get() }, "block beats allow");
    store.obeyed(Request::Expire { rule: blocked.sequence.get() });
    assert_eq!(decided_by(0), DecidedBy::Allowed { rule: allowed.sequence.get() });
    store.obeyed(Request::Expire { rule: allowed.sequence.get() });
    assert_eq!(decided_by(1), DecidedBy::Live);
    until("hits of both processes are told", || {
        store.control.hits().unwrap() == [(allowed.sequence.get(), 3), (blocked.sequence.get(), 1)]
    });
}

#[test]
fn a_process_that_ends_tells_its_hits_first() {
    let (store, releases) = Store::with(&["empty"]);
    store.control.promote(promote(&releases[0])).unwrap();
    let allow = Request::Allow { rule: rule("domain example.org", HOUR), may: AllowScope::All };
    let allowed = store.control.commit(allow).unwrap().event;
    for _ in 0..2 {
        let process = store.process();
        process.slot("inbound").unwrap().score(&message());
    }
    assert_eq!(store.control.hits().unwrap(), [(allowed.sequence.get(), 2)]);
}

#[test]
fn an_override_without_an_end_or_a_reason_is_refused() {
    let store = Store::new();
    let allow = |lasts| Request::Allow { rule: rule("domain example.org", lasts), may: AllowScope::Spam };
    for lasts in [Duration::ZERO, Duration::from_secs(91 * 86_400)] {
        let error = store.control.commit(allow(lasts)).unwrap_err();
        assert!(matches!(error, ControlError::Refused(Refused::Override(_))), "{error}");
    }
    let silent = switchback::Control::open(store.path()).unwrap().author("ada");
    let error = silent.commit(allow(HOUR)).unwrap_err().to_string();
    assert!(error.contains("its reason is missing"), "{error}");
    let error = store.control.commit(Request::Expire { rule: 1 }).unwrap_err();
    assert!(matches!(error, ControlError::Refused(Refused::NoOverride(1))), "{error}");
}
