//! What is printed for a developer shows no text of mail, and none of a model's.

use std::fmt::Debug;

use switchback::compare::MessageName;
use switchback::journal::RecordedMessage;
use switchback::message::{Header, Mailbox, Recipients};
use switchback::release::Digest;
use switchback::verdict::{Assessment, LogLevel, Logged, Outcome, Reason, ReleaseLog};
use switchback::{AuthResult, Authentication, Category, Client, Envelope, Fault, Message, MessageBuilder, ScoreError};

use crate::support::{load, runtime};

/// In every text of the message, whatever is derived from it.
const MARK: &str = "zebra";

fn shows_nothing(what: &str, value: &dyn Debug) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.to_lowercase().contains(MARK), "{what}: {shown}");
    }
}

fn marked() -> MessageBuilder {
    let mail = "From: Zebra <zebra@zebra.example>\r\nReply-To: <b@zebra.example>\r\nTo: zebra@x.example\r\nSubject: zebra\r\n\
                X-Zebra: zebra\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
                --b\r\nContent-Type: text/html\r\n\r\nzebra <a href=\"http://zebra.example/zebra\">zebra</a>\r\n\
                --b\r\nContent-Type: application/zebra; name=zebra.pdf\r\nContent-Disposition: attachment\r\n\r\nzebra\r\n--b--\r\n";
    let mut authentication = Authentication::default();
    authentication.dkim = AuthResult::Pass;
    authentication.spf_domain = Some("zebra.example".into());
    authentication.dkim_domains = vec!["zebra.example".into()];
    authentication.dmarc_domain = Some("zebra.example".into());
    Message::builder(mail)
        .envelope(Envelope::new().mail_from("zebra@zebra.example").recipient("zebra@x.example"))
        .client(Client::new().helo("zebra.example").host("zebra.example"))
        .authentication(authentication)
        .tenant("zebra")
}

#[test]
fn a_message_and_whatever_is_read_from_it_show_no_text() {
    shows_nothing("builder", &marked());
    let message = marked().build();
    let (headers, mailboxes) = (message.headers(Recipients::Granted), message.from());
    let has_mark = |text: &str| text.to_lowercase().contains(MARK);
    assert!(headers.items.iter().any(|Header { value, .. }| has_mark(value)), "the mark is there");
    assert!(mailboxes.iter().any(|Mailbox { address, .. }| has_mark(address)), "the mark is there");
    assert!(has_mark(message.text(1_000).value) && has_mark(message.html(1_000).value), "the mark is there");
    assert!(!message.links(9).items.is_empty() && !message.attachments().items.is_empty());
    shows_nothing("headers", &headers);
    shows_nothing("mailboxes", &(mailboxes, message.reply_to(), message.author()));
    shows_nothing("contents", &(message.text(1_000), message.html(1_000)));
    shows_nothing("links", &message.links(9));
    shows_nothing("attachments", &message.attachments());
    shows_nothing("context", &(message.envelope(), message.client(), message.authentication(), message.recipients()));
    shows_nothing("message", &message);
}

#[test]
fn what_a_model_wrote_is_not_shown_with_what_it_answered() {
    let mut log = Logged::default();
    log.push(LogLevel::Error, "panicked at zebra", 8);
    shows_nothing("log", &log);
    let reasons = vec![Reason::new("A_REASON", 0.5, "zebra")];
    shows_nothing("answer", &Outcome::Scored(Assessment::new(0.5, Category::Ham, reasons.clone())));
    shows_nothing("abstention", &Outcome::Abstained("zebra".to_owned()));

    let runtime = runtime();
    let release = load(&runtime, "empty", "1.0.0");
    let error = ScoreError::new(&release, Fault::CannotScore("zebra".to_owned()));
    assert!(error.to_string().contains(MARK), "who asks for the text has it");
    shows_nothing("error", &error);
    shows_nothing("answer outside the contract", &Fault::BadResult("the reason name \"zebra\"".to_owned()));
    shows_nothing("runtime", &runtime);

    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&release).unwrap();
    let mut verdict = slot.score(&marked().build());
    verdict.fault = Some("score empty@1.0.0: it trapped; the guest said: zebra".to_owned());
    verdict.reasons = reasons;
    verdict.log = ReleaseLog::of(&release, log).into_iter().collect();
    assert!(serde_json::to_string(&verdict).unwrap().contains(MARK), "the mark is there");
    shows_nothing("verdict", &verdict);
}

#[test]
fn records_and_reports_do_not_show_what_names_a_message() {
    let message = marked().build();
    let digests = (Digest::of(message.bytes()), Digest::of(b""));
    let mut mail = RecordedMessage::new(message.fingerprint(), digests.0, digests.1, 1);
    mail.message_id = Some("zebra@zebra.example".into());
    mail.sender_domain = Some("zebra.example".into());
    shows_nothing("mail", &mail);
    shows_nothing("name", &MessageName::new("17").subject("zebra"));
}
