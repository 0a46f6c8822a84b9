//! Giving back through a program.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use switchback::verdict::RecordId;
use switchback_gateway::config::Reinjection;
use switchback_gateway::held::{Again, Outcome, OutcomeKind, Releaser};

use super::{Place, hold, message, transaction};

/// A program that keeps what it is called with, and ends as it is told.
fn release(place: &Place, end: &str, id: RecordId) -> Outcome {
    let program = place.dir.path().join("sendmail");
    let kept = place.dir.path().display();
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > '{kept}/arguments'\ncat > '{kept}/input'\n{end}\n");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let mut releaser = Releaser::new(&place.spool, &Reinjection::Sendmail(program), "ada", "why");
    releaser.reach().unwrap();
    releaser.release(id, Again::No).unwrap()
}

#[test]
fn a_program_gets_the_envelope_and_the_message_with_line_feeds() {
    let place = Place::new();
    let id = place.hold(&transaction("ada@x.example", &["b@y.example", "-c@y.example"]));
    let outcome = release(&place, "exit 0", id);
    assert_eq!((outcome.outcome, outcome.released), (OutcomeKind::Released, 2));
    let kept = |name: &str| fs::read(place.dir.path().join(name)).unwrap();
    assert_eq!(kept("arguments"), b"-G\n-i\n-f\nada@x.example\n--\nb@y.example\n-c@y.example\n");
    let text: Vec<_> = message().into_iter().filter(|byte| *byte != b'\r').collect();
    assert!(kept("input") == text);
    let id = place.hold(&transaction("", &["b@y.example"]));
    assert_eq!(release(&place, "exit 0", id).outcome, OutcomeKind::Released);
    assert_eq!(kept("arguments"), b"-G\n-i\n-f\n<>\n--\nb@y.example\n");
    assert!(place.files().is_empty());
}

#[test]
fn a_program_that_fails_leaves_the_message_here() {
    let place = Place::new();
    let big = hold(&place.spool, &transaction("ada@x.example", &["b@y.example"]), &b"y\r\n".repeat(1 << 20)).unwrap();
    let outcome = release(&place, "echo 'queue file write error' >&2; exit 75", big);
    assert_eq!(outcome.outcome, OutcomeKind::Held);
    assert!(outcome.why.unwrap().contains("ended with 75: queue file write error"));
    let program = place.dir.path().join("nothing");
    let mut releaser = Releaser::new(&place.spool, &Reinjection::Sendmail(program), "ada", "why");
    assert!(releaser.reach().is_err());
    assert_eq!(releaser.release(big, Again::No).unwrap().outcome, OutcomeKind::Held);
    let outcome = release(&place, "kill -9 $$", big);
    assert_eq!(outcome.outcome, OutcomeKind::Uncertain, "{:?}", outcome.why);
}

#[test]
fn what_no_option_of_every_program_says_stays_here() {
    let place = Place::new();
    let mut came = transaction("ada@x.example", &["b@y.example"]);
    came.recipient_parameters = vec![vec!["NOTIFY=NEVER".to_owned()]];
    let id = place.hold(&came);
    let outcome = release(&place, "exit 0", id);
    assert_eq!(outcome.outcome, OutcomeKind::Held);
    assert!(outcome.why.unwrap().contains("give it back by SMTP"));
    assert!(!place.dir.path().join("arguments").exists(), "it is not even called");
}

/// A Postfix that does not run: a folder for its queue, and a program that puts mail into it. None where it is not installed.
fn postfix(place: &Place) -> Option<Reinjection> {
    let at = |name: &str| place.dir.path().join(name);
    for folder in ["etc", "queue", "data"] {
        fs::create_dir(at(folder)).unwrap();
    }
    let (queue, data) = (at("queue"), at("data"));
    let settings = [
        "compatibility_level = 3.6".to_owned(),
        "myhostname = test.example".to_owned(),
        format!("queue_directory = {}", queue.display()),
        format!("data_directory = {}", data.display()),
    ];
    fs::write(at("etc/main.cf"), settings.join("\n") + "\n").unwrap();
    fs::write(at("etc/master.cf"), "").unwrap();
    let checked = Command::new("postfix").arg("-c").arg(at("etc")).arg("check").output();
    if !checked.is_ok_and(|checked| checked.status.success()) || !queue.join("maildrop").is_dir() {
        eprintln!("SKIPPED: the real sendmail needs Debian's package postfix, and root");
        return None;
    }
    let program = at("sendmail");
    let script = format!("#!/bin/sh\nMAIL_CONFIG='{}' exec /usr/sbin/sendmail \"$@\"\n", at("etc").display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    Some(Reinjection::Sendmail(program))
}

#[test]
fn postfixs_own_program_queues_what_was_held() {
    let place = Place::new();
    let Some(through) = postfix(&place) else { return };
    let text: Vec<_> = message().into_iter().filter(|byte| *byte != b'\r').collect();
    let (header, body) = text.split_at(text.windows(2).position(|pair| pair == b"\n\n").unwrap() + 1);
    let body = &body[1..];
    for sender in ["ada@x.example", ""] {
        let id = place.hold(&transaction(sender, &["b@y.example", "c@y.example"]));
        let outcome = Releaser::new(&place.spool, &through, "ada", "why").release(id, Again::No).unwrap();
        assert_eq!(outcome.outcome, OutcomeKind::Released, "{:?}", outcome.why);
        let queued = fs::read_dir(place.dir.path().join("queue/maildrop")).unwrap().next().unwrap().unwrap().path();
        let postcat = |part: &str| {
            let etc = place.dir.path().join("etc");
            Command::new("postcat").arg("-c").arg(etc).arg(part).arg(&queued).output().unwrap().stdout
        };
        let envelope = String::from_utf8(postcat("-e")).unwrap();
        for line in [format!("\nsender: {sender}\n"), "\nrecipient: b@y.example\nrecipient: c@y.example\n".to_owned()] {
            assert!(envelope.contains(&line), "{envelope}");
        }
        // Between them it prints an empty line, or two.
        assert!(postcat("-h").starts_with(header) && postcat("-b").ends_with(body), "it is not what was held");
        fs::remove_file(queued).unwrap();
    }
}
