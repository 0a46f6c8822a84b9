//! What becomes of mail that comes through real Postfix.

use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use switchback_gateway::config::Reinjection;
use switchback_gateway::held::{Again, OutcomeKind, Releaser, Spool};

use crate::postfix::{Attempt, Postfix};
use crate::site::{Site, files, until};

/// A message, with this subject and these fields at its top.
pub(crate) fn message(subject: &str, fields: &str) -> String {
    format!(
        "{fields}From: <s@sender.example>\r\nTo:   a@test.example\r\nSubject: {subject}\r\n\
         Date: Thu, 24 Apr 2025 06:00:00 +0000\r\nMessage-ID: <1@sender.example>\r\nX-Folded: one\r\n\ttwo\r\n  three\r\n\
         \r\nText.\r\n  A line with a space behind it \r\n\r\n"
    )
}

/// What the filter wrote on top of a message, and the message as it came, behind Postfix's own `Received`.
fn taken_apart(delivered: &str) -> (&str, &str) {
    let (stamps, rest) = delivered.split_at(delivered.find("Received: ").unwrap());
    let is_folded = |line: &&str| line.starts_with(['\t', ' ']);
    let received = rest.split_inclusive('\n').take(1).chain(rest.split_inclusive('\n').skip(1).take_while(is_folded));
    let length = received.map(str::len).sum::<usize>();
    (stamps, &rest[length..])
}

fn unix(message: &str) -> String {
    message.replace("\r\n", "\n")
}

#[test]
fn mail_is_delivered_as_it_came_with_a_stamp_on_top() {
    for (subject, action) in [("hello", "deliver"), ("3 hello", "tag"), ("5 hello", "junk")] {
        let site = Site::new();
        let milter = site.start();
        let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
        let message = message(subject, "");
        let reply = postfix.client().mail(message.as_bytes());
        assert!(reply.starts_with("250"), "{reply}");
        let delivered = postfix.delivered_one();
        let (stamps, came) = taken_apart(&delivered);
        assert_eq!(came, unix(&message));
        assert!(stamps.starts_with("X-Switchback-Status: "), "{stamps}");
        assert!(stamps.contains(&format!("action={action}")), "{stamps}");
        // The line that is logged has Postfix's name of the message, and nobody's address.
        let queue_id = reply.trim_end().rsplit(' ').next().unwrap();
        let line = milter.logs(&format!("queue_id=\"{queue_id}\""));
        // Byte for byte what arrived.
        let bytes = format!("bytes={} ", message.len());
        for part in
            [&format!("action={action}"), &bytes, "release=word@1.0.0", "generation=", "record=", "score=", " ms="]
        {
            assert!(line.contains(part), "{part}: {line}");
        }
        for address in ["sender.example", "test.example", "192.0.2.7"] {
            assert!(!milter.log().contains(address), "{}", milter.log());
        }
    }
}

// rspamd#6088: a reply text undid the quarantine.
#[test]
fn a_quarantined_message_is_on_hold() {
    let site = Site::new();
    let _milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let reply = postfix.client().mail(message("7 hello", "").as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
    postfix.settled();
    assert_eq!(postfix.queued("hold"), 1);
    postfix.logs("milter-hold");
    assert!(!postfix.log().contains("status=sent"), "{}", postfix.log());
}

// MailScanner v5#563: mail was forgotten before it was durable.
#[test]
fn a_held_message_is_here_alone_and_is_given_back_once() {
    let site = Site::new();
    let dir = site.path("held");
    site.configure_instead("[inbound]", &format!("[held]\ndir = {dir:?}\n[inbound]\nreject = 'held'"));
    let _milter = site.start();
    // What is given back comes from this machine, and is not judged again.
    let Some(postfix) = Postfix::start(&site.socket(), &["non_smtpd_milters ="]) else { return };
    let message = message("9 hello", "");
    let reply = postfix.client().mail(message.as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
    postfix.settled();
    postfix.logs("milter-discard");
    assert_eq!((postfix.queued("hold"), files(&dir).len()), (0, 2));
    assert!(!postfix.log().contains("status=sent"), "{}", postfix.log());

    let spool = Spool::existing(&dir).unwrap();
    let id = spool.ids().unwrap().remove(0);
    let bytes = String::from_utf8(spool.bytes(id).unwrap()).unwrap();
    assert!(bytes.starts_with("X-Switchback-Status: Yes") && bytes.ends_with(&message), "{bytes}");
    // mailcow#7000: when it came, and from where, was lost. MailScanner v5#245: it told who else got it.
    let came = "\r\nReceived: from mail.sender.example (mail.sender.example [192.0.2.7]) by\r\n mx.test.example id ";
    let above = &bytes[..bytes.len() - message.len()];
    assert!(above.contains(came) && !above.contains("a@test.example"), "{bytes}");
    let through = Reinjection::Sendmail(postfix.sendmail());
    let release = || Releaser::new(&spool, &through, "ada", "it is wanted").release(id, Again::No);
    assert_eq!(release().unwrap().outcome, OutcomeKind::Released);
    assert_ne!(release().unwrap().outcome, OutcomeKind::Released, "it is given back once");
    let delivered = postfix.delivered_one();
    assert!(delivered.contains("X-Switchback-Status: Yes") && delivered.ends_with(&unix(&message)), "{delivered}");
    assert!(delivered.contains(&unix(came)), "{delivered}");
    assert!(files(&dir).is_empty());
}

#[test]
fn a_refused_message_is_refused_in_the_words_of_the_configuration() {
    let site = Site::new();
    let milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let mut client = postfix.client();
    let reply = client.mail(message("9 hello", "").as_bytes());
    assert!(reply.starts_with("550 5.7.1 100% refused as unwanted mail, reference "), "{reply}");
    // The record of the journal is the one that is logged.
    let record = reply.trim_end().rsplit(' ').next().unwrap();
    assert!(milter.logs("answer=\"reject\"").contains(record), "{reply}\n{}", milter.log());
    // The next message of the connection is a message of its own.
    assert!(client.mail(message("0 hello", "").as_bytes()).starts_with("250"));
    postfix.delivered_one();
}

#[test]
fn a_message_that_nobody_can_judge_now_is_to_be_sent_again() {
    let site = Site::new();
    site.configure_instead("[inbound]", "[inbound]\nreject = 'tempfail'");
    let _milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let reply = postfix.client().mail(message("9 hello", "").as_bytes());
    assert!(reply.starts_with("451 4."), "{reply}");
    assert_eq!(postfix.queued("incoming") + postfix.queued("active"), 0);
}

// CVE-2022-48521, OpenDKIM#148: deleting from the top let every second one stay. go-milter#31 and Postfix's HISTORY of
// 20231213: the fields that Postfix itself adds count for some indices and not for others.
#[test]
fn forged_stamps_are_removed_wherever_postfix_has_put_them() {
    let prepend = "smtpd_sender_restrictions = check_sender_access static:{PREPEND X-Prepended: by Postfix}";
    for settings in [&[][..], &[prepend]] {
        let site = Site::new();
        let _milter = site.start();
        let Some(postfix) = Postfix::start(&site.socket(), settings) else { return };
        // RFC 8601, section 5: results of this server's name that came with the message are forged, however it is written.
        let forged = |number: u32| {
            let id = ["mx.test.example", "(mine) MX.test.example 1", "\"mx.test.example\""][number as usize - 1];
            format!("x-switchback-STATUS: forged {number}\r\nAuthentication-Results: {id}; spf=pass forged\r\n")
        };
        let received = "Received: from a.example by b.example; Thu, 24 Apr 2025 05:00:00 +0000\r\n";
        let other = "Authentication-Results: mx.other.example; spf=pass\r\n";
        let fields = format!("{}X-Kept: 1\r\n{received}{}{other}X-Kept: 2\r\n{}", forged(1), forged(2), forged(3));
        let reply = postfix.client().mail(message("0 hello", &fields).as_bytes());
        assert!(reply.starts_with("250"), "{reply}");
        let delivered = postfix.delivered_one();
        assert!(!delivered.contains("forged"), "{delivered}");
        let kept = unix(&message("0 hello", &format!("X-Kept: 1\r\n{received}{other}X-Kept: 2\r\n")));
        assert!(delivered.ends_with(&kept), "{delivered}");
        let own = &delivered[..delivered.len() - kept.len()];
        assert_eq!(own.matches("X-Switchback-Status: ").count(), 1, "{own}");
        assert_eq!(own.matches("Received: from mail.sender.example ").count(), 1, "{own}");
        assert_eq!(own.matches("X-Prepended: by Postfix\n").count(), settings.len(), "{own}");
        // OpenDKIM#24; RFC 8601, section 4: results stand above the Received of the server that they are from.
        assert!(own.find("X-Switchback-Status: ") < own.find("Received: "), "{own}");
    }
}

// sendmail-pmilter#5: programs of this machine, and the mail server itself, send through non_smtpd_milters.
#[test]
fn mail_of_this_machine_is_never_refused() {
    let site = Site::new();
    let milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    for sender in ["s@test.example", ""] {
        postfix.submit(sender, &unix(&message("9 hello", "X-Switchback-Status: forged\r\n")));
    }
    for delivered in postfix.delivered(2) {
        assert!(!delivered.contains("forged"), "{delivered}");
        assert!(delivered.ends_with(&unix(&message("9 hello", ""))), "{delivered}");
    }
    assert_eq!(milter.log().matches("answer=\"accept\"").count(), 2, "{}", milter.log());
}

// rspamd#1764: the second message of a connection got the verdict of the first.
#[test]
fn each_message_of_a_connection_has_a_verdict_of_its_own() {
    let site = Site::new();
    let _milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let mut client = postfix.client();
    assert!(client.mail(message("9 one", "").as_bytes()).starts_with("550"));
    client.says("MAIL FROM:<s@sender.example>", "250");
    client.says("RCPT TO:<a@test.example>", "250");
    client.says("RSET", "250");
    assert!(client.mail(message("0 two", "").as_bytes()).starts_with("250"));
    client.says("RSET", "250");
    assert!(client.mail(message("7 three", "").as_bytes()).starts_with("250"));
    let delivered = postfix.delivered_one();
    assert!(delivered.contains("Subject: 0 two"), "{delivered}");
    postfix.settled();
    assert_eq!(postfix.queued("hold"), 1);
}

// go-milter#31: one recipient that is refused does not end the message for the others.
#[test]
fn a_refused_recipient_does_not_end_the_message() {
    let site = Site::new();
    let _milter = site.start();
    let refuse = "smtpd_recipient_restrictions = check_recipient_access inline:{b@test.example=REJECT}, \
                  reject_unauth_destination";
    let Some(postfix) = Postfix::start(&site.socket(), &[refuse]) else { return };
    let mut client = postfix.client();
    client.says("MAIL FROM:<s@sender.example> SIZE=600 BODY=8BITMIME", "250");
    client.says("RCPT TO:<b@test.example>", "554");
    client.says("RCPT TO:<a@test.example>", "250");
    client.says("RCPT TO:<b@test.example>", "554");
    client.says("RCPT TO:<c@test.example>", "250");
    client.says("DATA", "354");
    client.send(message("0 hello", "").as_bytes());
    client.says(".", "250");
    postfix.delivered(2);
}

// OpenDKIM#143: thousands of addresses, and the mail server heard nothing that it understood.
#[test]
fn a_header_that_is_large_is_delivered_as_it_came() {
    let site = Site::new();
    let milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let addresses =
        |name: &str| format!("{name}: a@test.example{}\r\n", ",\r\n\tsomebody.else@other.test.example".repeat(1_600));
    let message = message("9 hello", &format!("{}{}", addresses("Cc"), addresses("Reply-To")));
    let reply = postfix.client().mail(message.as_bytes());
    assert!(reply.starts_with("550 5.7.1 "), "{reply}");
    let message = message.replace("Subject: 9", "Subject: 0");
    let reply = postfix.client().mail(message.as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
    milter.logs(&format!("bytes={} ", message.len()));
    let delivered = postfix.delivered_one();
    assert!(taken_apart(&delivered).1 == unix(&message), "{} bytes of {}", delivered.len(), message.len());
}

#[test]
fn a_large_message_is_delivered_whole_and_judged_by_its_beginning() {
    let site = Site::new();
    let milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let line = format!("{}\r\n", "x".repeat(78));
    let large = message("0 hello", "") + &line.repeat(10 * 1024 * 1024 / line.len());
    let reply = postfix.client().mail(large.as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
    let logged = milter.logs("judged");
    for part in ["bytes=1048576", "is_partial=true", "by=\"live\""] {
        assert!(logged.contains(part), "{part}: {logged}");
    }
    let delivered = postfix.delivered_one();
    let (stamps, came) = taken_apart(&delivered);
    assert!(came == unix(&large), "the text is another one");
    assert!(stamps.contains("partial=yes"), "{stamps}");
}

// mailparse#102: bytes that are no text.
#[test]
fn bytes_that_are_no_text_come_through() {
    let site = Site::new();
    let _milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let mut message = message("0 hello", "").into_bytes();
    message.splice(0..0, b"X-Bytes: \xff\xfe caf\xe9\r\n".iter().copied());
    let reply = postfix.client().mail(&message);
    assert!(reply.starts_with("250"), "{reply}");
    assert!(postfix.delivered_one().contains("X-Bytes: \u{fffd}\u{fffd} caf\u{fffd}\n"));
}

/// The messages that each client sends while the filter is killed again and again.
const LOAD: usize = 25;

#[test]
fn no_message_is_lost_when_the_filter_is_killed() {
    let site = Site::new();
    let mut milter = site.start();
    let Some(postfix) = Postfix::start(&site.socket(), &[]) else { return };
    let (accepted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let (postfix, accepted, refused) = (&postfix, &accepted, &refused);
                scope.spawn(move || {
                    for number in 0..LOAD {
                        let message = message(&format!("0 message {sender}.{number}."), "");
                        // As clients do that are told to try again.
                        until("the message is accepted", || {
                            let reply = postfix.client().mail(message.as_bytes());
                            assert!(reply.starts_with("250") || reply.starts_with('4'), "{reply}");
                            let is_accepted = reply.starts_with("250");
                            if is_accepted { accepted } else { refused }.fetch_add(1, Ordering::Relaxed);
                            is_accepted.then_some(())
                        });
                    }
                })
            })
            .collect();
        let mut kills = 0;
        // After each few messages.
        while accepted.load(Ordering::Relaxed) < 4 * LOAD && kills < 4 {
            let next = accepted.load(Ordering::Relaxed) + 15;
            until("messages come through", || (accepted.load(Ordering::Relaxed) >= next.min(4 * LOAD)).then_some(()));
            milter.signal("KILL");
            milter.ended();
            milter = site.start();
            kills += 1;
        }
        for sender in senders {
            sender.join().unwrap();
        }
    });
    let delivered = postfix.delivered(4 * LOAD);
    for (sender, number) in (0..4).flat_map(|sender| (0..LOAD).map(move |number| (sender, number))) {
        let subject = format!("Subject: 0 message {sender}.{number}.\n");
        assert_eq!(delivered.iter().filter(|message| message.contains(&subject)).count(), 1, "{subject}");
    }
    assert!(delivered.iter().all(|message| message.starts_with("X-Switchback-")), "one came past the filter");
    eprintln!("{} were told to try again", refused.load(Ordering::Relaxed));
}

#[test]
fn no_message_is_lost_when_postfix_is_restarted() {
    let site = Site::new();
    let milter = site.start();
    // What is delivered when Postfix is stopped may be delivered again, which is its own affair: here it is delivered later.
    // Its own log is a program that may be stopped before who writes to it, and then all of Postfix waits.
    let settings = ["defer_transports = virtual", "maillog_file ="];
    let Some(postfix) = Postfix::start(&site.socket(), &settings) else { return };
    let subject = |sender: usize, number: usize| format!("0 message {sender}.{number}.");
    let (known, unknown) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let (postfix, known, unknown) = (&postfix, &known, &unknown);
                scope.spawn(move || {
                    for number in 0..LOAD {
                        let text = message(&subject(sender, number), "");
                        let known_at_last =
                            || Some(postfix.attempt(text.as_bytes())).filter(|it| *it != Attempt::Again);
                        if until("the message is accepted", known_at_last) == Attempt::Unknown {
                            unknown.lock().unwrap().push((sender, number));
                        }
                        known.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for restart in 1..=3 {
            until("messages come through", || (known.load(Ordering::Relaxed) >= restart * LOAD).then_some(()));
            postfix.restart();
        }
        for sender in senders {
            sender.join().unwrap();
        }
    });
    postfix.deliver_what_is_deferred();
    let unknown = unknown.into_inner().unwrap();
    let delivered = postfix.delivered_so_far();
    let count = |(sender, number): (usize, usize), delivered: &[String]| {
        let subject = format!("Subject: {}\n", subject(sender, number));
        delivered.iter().filter(|message| message.contains(&subject)).count()
    };
    let lost = unknown.iter().filter(|message| count(**message, &delivered) == 0);
    eprintln!(
        "of {} a client does not know whether they were accepted; {} were not",
        unknown.len(),
        lost.clone().count()
    );
    // A client that does not know sends again (RFC 1047): here once it is known.
    for (sender, number) in lost {
        assert_eq!(postfix.attempt(message(&subject(*sender, *number), "").as_bytes()), Attempt::Accepted);
    }
    let delivered = postfix.delivered(4 * LOAD);
    for message in (0..4).flat_map(|sender| (0..LOAD).map(move |number| (sender, number))) {
        assert_eq!(count(message, &delivered), 1, "{message:?}");
    }
    assert!(delivered.iter().all(|message| message.starts_with("X-Switchback-")), "one came past the filter");
    // Nothing of what was cut off is under way any more.
    milter.hears_again("ready; 0 messages under way, 0 B of 1.0 GiB used");
}

#[test]
fn what_held_mail_needs_is_checked_before_anything_starts() {
    let site = Site::new();
    site.configure_instead("'mta-quarantine'", "'held'");
    let checked = site.command().arg("--check").output().unwrap();
    assert!(!checked.status.success());
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(said.contains("inbound.quarantine: \"held\" needs a folder"), "{said}");
    let checked =
        Command::new(env!("CARGO_BIN_EXE_switchback-milter")).arg("--check").arg("--config").arg("/nowhere").output();
    assert!(String::from_utf8_lossy(&checked.unwrap().stderr).contains("cannot read /nowhere"));
    fs::write(site.config(), "slto = 1").unwrap();
    assert!(!site.command().arg("--check").status().unwrap().success());
}
