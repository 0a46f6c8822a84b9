//! The day of a bad release, end to end: several clients send mail through real Postfix into real Dovecot without pause, 2.0.0 of the
//! example model flags mail from Gmail, the guard takes it back, and what it misfiled is given back. Every message is counted by a
//! number in it. `SWITCHBACK_INCIDENT=long`, which `cargo xtask incident` sets, makes the day longer.

mod account;
mod clients;
mod operator;

use std::sync::atomic::Ordering;
use std::thread;

use switchback::Control;
use switchback::control::{Event, GuardAction, Operation};

use self::account::Account;
use self::clients::{Clients, users};
use self::operator::Operator;
use crate::dovecot::Dovecot;
use crate::postfix::Postfix;
use crate::site::{Site, until};

/// Who signs what a server in front has found out about the senders.
const AUTHSERV_ID: &str = switchback_mailgen::AUTHSERV_ID;

/// How much mail there is.
struct Day {
    clients: usize,
    /// Messages that are answered before the bad release is promoted.
    before: u64,
    /// And after it was taken back.
    after: u64,
    /// Messages of earlier days, from which the guard knows the senders.
    earlier: u64,
}

impl Day {
    fn of_this_run() -> Self {
        match is_long() {
            true => Self { clients: 8, before: 1_500, after: 1_500, earlier: 6_000 },
            false => Self { clients: 4, before: 60, after: 60, earlier: 1_500 },
        }
    }
}

/// Whether somebody waits for this test alone, who wants no skip.
fn is_long() -> bool {
    std::env::var("SWITCHBACK_INCIDENT").is_ok_and(|value| value == "long")
}

#[test]
fn every_message_of_a_bad_day_arrives_once() {
    if a_bad_day().is_none() {
        assert!(!is_long(), "what this needs is not here");
    }
}

/// None where something is not installed.
fn a_bad_day() -> Option<()> {
    let operator = Operator::at_work()?;
    let names: Vec<_> = users().collect();
    let mailboxes: Vec<_> = names.iter().map(|name| (name.as_str(), "mdbox:~/mail")).collect();
    let dovecot = Dovecot::start(&mailboxes)?;
    let site = Site::bare();
    let transport = format!("virtual_transport = lmtp:unix:{}", dovecot.lmtp().display());
    // What is given back comes from this machine, and is not judged again.
    let postfix = Postfix::start(&site.socket(), &[&transport, "non_smtpd_milters ="])?;
    operator.configure(&site, &postfix.sendmail(), &dovecot);
    let day = Day::of_this_run();
    operator.prepare(&site, day.earlier);
    let mut milter = site.start();

    let clients = Clients::new();
    let (promoted, reverted) = thread::scope(|scope| {
        let _home = clients.going_home();
        (0..day.clients).for_each(|_| drop(scope.spawn(|| clients.send(&postfix))));
        clients.answered(day.before);
        operator.does(&site, &["promote", "linear@2.0.0", "--slot", "inbound", "--reason", "catches more phish"]);
        let promoted = clients.answered.load(Ordering::Relaxed);
        until("the guard takes the release back", || reverts(&site).pop());
        let reverted = clients.answered.load(Ordering::Relaxed);
        clients.answered(reverted + day.after);
        (promoted, reverted)
    });
    postfix.settled();
    milter.signal("TERM");
    assert!(milter.ended().success());

    let before = Account::of(&site, &dovecot, &clients);
    let wrong = operator.impact(&site);
    operator.gives_back(&site, "release");
    postfix.settled();
    operator.gives_back(&site, "move");
    let after = Account::of(&site, &dovecot, &clients);
    let again = operator.gives_back(&site, "move");
    assert!(again.starts_with("0 moved, 0 failed"), "{again}");
    assert_eq!(Account::of(&site, &dovecot, &clients), after, "a second time moves nothing");

    Account::print(&before, &after);
    eprintln!("answered from the promotion to the guard's revert: {}", reverted - promoted);
    eprintln!("misfiled: {} messages, of which {} copies were outside INBOX", wrong.len(), before.outside(&wrong));
    before.check(&clients);
    after.check(&clients);
    assert_eq!(reverts(&site).len(), 1);
    assert!(!wrong.is_empty() && before.outside(&wrong) > 0, "nothing was misfiled");
    assert_eq!(after.outside(&wrong), 0, "what was misfiled is in INBOX");
    assert_eq!(after.rightly_outside(&wrong), before.rightly_outside(&wrong), "all else is where it was");
    Some(())
}

/// The events in which the guard took the release back.
fn reverts(site: &Site) -> Vec<Event> {
    let is_revert = |event: &Event| matches!(event.operation, Operation::Guard { action: GuardAction::Revert, .. });
    Control::open(site.path("store")).unwrap().history().unwrap().into_iter().filter(is_revert).collect()
}
