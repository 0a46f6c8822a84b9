//! What does it cost to look a message up among the overrides? With 100,000 rules against ten, for messages that
//! match one and for messages that match none; and with no rule, against no index at all.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;

use arc_swap::ArcSwap;
use criterion::Criterion;
use jiff::Timestamp;
use switchback::route::Generation;
use switchback::verdict::{AllowScope, Answer, Cause, DecidedBy, Effect, Override, Overrides, Rule};
use switchback::{Action, AuthResult, Authentication, Client, Message, Verdict};
use switchback_benches::{in_turn, print_generated, print_ratio, release_path, runtime_builder, warm_messages};

const FEW: usize = 10;
const MANY: usize = 100_000;
const MESSAGES: usize = 500;
const ROUNDS: usize = 101;
const ADDED: usize = 100;
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn main() {
    print_generated();
    let few: Overrides = (0..FEW).map(rule).collect();
    let many: Overrides = (0..MANY).map(rule).collect();
    // Of many rules a few are busy, or every message meets another one: then all of the large index is visited, and
    // what takes longer is the machine's memory.
    let matching_few: Vec<_> = (0..MESSAGES).map(|i| message(i % FEW)).collect();
    let matching_busy: Vec<_> = (0..MESSAGES).map(|i| message((i % FEW) * (MANY / FEW) + i % FEW)).collect();
    let matching_many: Vec<_> = (0..MESSAGES).map(|i| message(i * (MANY / MESSAGES) + i % FEW)).collect();
    let matching_none: Vec<_> = (0..MESSAGES).map(|i| message(MANY + i)).collect();
    for (overrides, messages) in [(&few, &matching_few), (&many, &matching_busy), (&many, &matching_many)] {
        assert_eq!(look_up(overrides, messages), MESSAGES);
    }
    assert!(look_up(&few, &matching_none) == 0 && look_up(&many, &matching_none) == 0);

    compare("a message that matches a busy rule", (&many, &matching_busy), (&few, &matching_few));
    compare("a message that matches a rule of its own", (&many, &matching_many), (&few, &matching_few));
    compare("a message that matches none", (&many, &matching_none), (&few, &matching_none));
    change(&few, &many);
    empty();

    let mut criterion = Criterion::default().configure_from_args();
    for (name, overrides, messages) in [
        ("10 rules", &few, &matching_few),
        ("100,000 rules", &many, &matching_many),
        ("none matches", &many, &matching_none),
    ] {
        criterion.bench_function(&format!("{MESSAGES} messages, {name}"), |b| b.iter(|| look_up(overrides, messages)));
    }
    criterion.final_summary();
}

/// Rules of every kind: of ten one names content, two a network, three an address and four a domain.
fn rule(number: usize) -> Override {
    let matcher = match number % 10 {
        0 => format!("content {}", switchback::Digest::from(message(number).content_digest())),
        1 | 2 => format!("network 10.{}.{}.{}/32", number >> 16, number >> 8 & 255, number & 255),
        3..6 => format!("sender user@mail.domain-{number}.example.com"),
        _ => format!("domain domain-{number}.example.com"),
    };
    let rule = Rule::new(matcher.parse().expect("a matcher"), Timestamp::MAX);
    let effect = if number.is_multiple_of(2) {
        Effect::Allow { may: AllowScope::All }
    } else {
        Effect::Block { action: Action::Junk }
    };
    Override::new(number as u64, "bench", "to be found", NOW, rule, effect)
}

/// The message that the rule of this number matches, with everything derived.
fn message(number: usize) -> Message {
    let mut authentication = Authentication::default();
    authentication.dmarc = AuthResult::Pass;
    authentication.dmarc_domain = Some(format!("mail.domain-{number}.example.com").into());
    let [_, a, b, c] = u32::try_from(number).expect("a small number").to_be_bytes();
    let message = Message::builder(format!("From: <User@mail.domain-{number}.example.com>\n\ntext {number}\n"))
        .client(Client::new().ip([10, a, b, c].into()))
        .authentication(authentication)
        .build();
    black_box((message.from(), message.content_digest()));
    message
}

/// Looks every message up; returns how many matched.
fn look_up(overrides: &Overrides, messages: &[Message]) -> usize {
    let unscored = (Cause::NoRelease, String::new());
    let blank = Verdict::unscanned(&messages[0], Generation::default(), None, Answer::Neutral, unscored);
    let decided = |message| overrides.apply(black_box(message), "inbound", NOW, blank.clone()).decided_by;
    messages.iter().filter(|message| decided(message) != DecidedBy::Unscanned).count()
}

fn compare(what: &str, many: (&Overrides, &[Message]), few: (&Overrides, &[Message])) {
    let [with_many, with_few] = in_turn(
        ROUNDS,
        [
            ("many", &mut || assert!(black_box(look_up(many.0, many.1)) <= MESSAGES)),
            ("few", &mut || assert!(black_box(look_up(few.0, few.1)) <= MESSAGES)),
        ],
    );
    print_ratio(what, ("100,000 rules", with_many), ("10 rules", with_few), MESSAGES);
}

/// One rule more, where somebody still reads the index without it.
fn change(few: &Overrides, many: &Overrides) {
    let add = |overrides: &Overrides| {
        for number in 0..ADDED {
            let mut next = overrides.clone();
            next.insert(rule(MANY + 10 * number + 7));
            black_box(next);
        }
    };
    let [to_many, to_few] = in_turn(5, [("many", &mut || add(many)), ("few", &mut || add(few))]);
    print_ratio("one rule more", ("100,000 rules", to_many), ("10 rules", to_few), ADDED);
}

/// What a runtime without overrides pays: a load of a pointer, and the question whether it is empty.
fn empty() {
    let runtime = runtime_builder().build().expect("a runtime");
    let release = runtime.load(release_path("linear-1.1.0")).expect("the release loads");
    let messages = warm_messages(MESSAGES);
    let overrides = ArcSwap::from_pointee(Overrides::default());
    let score = |message| runtime.score_with(&release, message).expect("a score");
    let [with, without] = in_turn(
        ROUNDS,
        [
            ("with", &mut || {
                for message in &messages {
                    black_box(score(message));
                    assert!(black_box(&overrides).load().is_empty());
                }
            }),
            ("without", &mut || messages.iter().for_each(|message| drop(black_box(score(message))))),
        ],
    );
    print_ratio("scoring with linear-1.1.0", ("an empty index", with), ("no index", without), MESSAGES);
}
