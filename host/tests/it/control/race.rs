//! Two operators at once.

use std::sync::mpsc::{Receiver, Sender, channel};

use switchback::control::{ControlError, EventSequence, PromoteError, Promotion, Readiness};
use switchback::{Control, ReleaseId};

use super::support::Store;

const ROUNDS: usize = 1_000;

#[test]
fn of_two_operators_racing_a_thousand_times_the_ledger_has_exactly_the_winners() {
    let (store, releases) = Store::with(&["empty", "stateful", "empty"]);
    let won = std::thread::scope(|scope| {
        let operators = [("ada", 1), ("bob", 2)].map(|(author, step)| {
            let ((go, gone), (done, did)) = (channel(), channel());
            let (store, releases) = (&store, &releases);
            let operator = scope.spawn(move || race(store, releases, author, step, &gone, &done));
            (go, did, operator)
        });
        // Both look, then both act: whoever fails lets go of its channel, and nobody waits for it.
        for _ in 0..ROUNDS * 2 {
            operators.iter().for_each(|(go, ..)| go.send(()).unwrap());
            operators.iter().for_each(|(_, did, _)| did.recv().unwrap());
        }
        operators.map(|(go, did, operator)| {
            drop((go, did));
            operator.join().unwrap()
        })
    });
    let history = store.control.history().unwrap();
    let by = |author: &str| -> Vec<EventSequence> {
        let theirs = history.iter().filter(|event| event.author == author && event.operation.slot().is_some());
        theirs.map(|event| event.sequence).collect()
    };
    assert_eq!([by("ada"), by("bob")], won);
    assert_eq!(won[0].len() + won[1].len(), ROUNDS, "each race has one winner");
    println!("ada won {}, bob {} of {ROUNDS} races", won[0].len(), won[1].len());
}

/// Promotes, each round, another release than the live one and than the other operator; returns the events that
/// won.
fn race(
    store: &Store,
    releases: &[ReleaseId],
    author: &str,
    step: usize,
    go: &Receiver<()>,
    done: &Sender<()>,
) -> Vec<EventSequence> {
    let control = Control::open(store.path()).unwrap().author(author);
    let mut won = Vec::new();
    while go.recv().is_ok() {
        let seen = control.ledger().unwrap();
        let live = seen.state().slots.get("inbound").and_then(|slot| slot.live.as_ref());
        let place = releases.iter().position(|release| Some(release) == live).unwrap_or(0);
        let release = releases[(place + step) % releases.len()].clone();
        let promotion = Promotion::new("inbound", release, Readiness::Skip).older();
        done.send(()).unwrap();
        go.recv().unwrap();
        match control.admit_after(&seen, promotion) {
            Ok(done) => won.push(done.event.sequence),
            Err(PromoteError::Control(ControlError::Overtaken(events))) => assert_eq!(events.len(), 1),
            Err(error) => panic!("{error}"),
        }
        done.send(()).unwrap();
    }
    won
}
