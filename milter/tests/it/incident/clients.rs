//! Those who send mail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use switchback_mailgen::{Generated, Generator};

use crate::postfix::Postfix;
use crate::site::until;

/// The users of the site. The guard asks for several recipients.
const USERS: u64 = 24;

/// Every so many messages one goes to two users.
const TO_TWO: u64 = 10;

/// The field with a message's number.
pub(super) const FIELD: &str = "X-Sent";

/// What clients do, and what they were told.
pub(super) struct Clients {
    mail: Generator,
    next: AtomicU64,
    pub(super) answered: AtomicU64,
    pub(super) deferred: AtomicU64,
    is_evening: AtomicBool,
    /// The numbers of messages that were taken.
    pub(super) taken: Mutex<Vec<u64>>,
}

/// Sends the clients home when it is dropped, also where a test fails.
pub(super) struct Evening<'a>(&'a Clients);

impl Drop for Evening<'_> {
    fn drop(&mut self) {
        self.0.is_evening.store(true, Ordering::Relaxed);
    }
}

/// The users' addresses.
pub(super) fn users() -> impl Iterator<Item = String> {
    (0..USERS).map(user)
}

pub(super) fn user(number: u64) -> String {
    format!("u{number}@test.example")
}

/// To whom a message goes.
pub(super) fn recipients(number: u64) -> Vec<String> {
    let second = number.is_multiple_of(TO_TWO).then(|| user((number + 1) % USERS));
    std::iter::once(user(number % USERS)).chain(second).collect()
}

impl Clients {
    pub(super) fn new() -> Self {
        Self {
            mail: Generator::new(1),
            next: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            deferred: AtomicU64::new(0),
            is_evening: AtomicBool::new(false),
            taken: Mutex::default(),
        }
    }

    pub(super) fn going_home(&self) -> Evening<'_> {
        Evening(self)
    }

    /// Waits until so many messages were taken.
    pub(super) fn answered(&self, count: u64) {
        let mut seen = 0;
        // As long as it goes on.
        while self.answered.load(Ordering::Relaxed) < count {
            seen = until("mail comes in", || Some(self.answered.load(Ordering::Relaxed)).filter(|now| *now > seen));
        }
    }

    /// One client, which sends message after message, each over a connection of its own, and again where it is told to.
    pub(super) fn send(&self, postfix: &Postfix) {
        while !self.is_evening.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let mail = self.mail.nth_message(number);
            let message = numbered(&mail.bytes, number);
            until("the message is taken", || {
                let reply = sent(postfix, &mail, number, &message);
                assert!(reply.starts_with("250") || reply.starts_with('4'), "{reply}");
                let is_taken = reply.starts_with("250");
                if is_taken { &self.answered } else { &self.deferred }.fetch_add(1, Ordering::Relaxed);
                is_taken.then_some(())
            });
            self.taken.lock().unwrap().push(number);
        }
    }
}

/// What a server says that is sent a message as its sender's server sends it.
fn sent(postfix: &Postfix, mail: &Generated, number: u64, message: &[u8]) -> String {
    let mut smtp = postfix.local();
    let host = mail.client_host.as_deref().unwrap_or("[UNAVAILABLE]");
    smtp.says(&format!("XCLIENT ADDR={} NAME={host}", mail.client_ip), "220");
    smtp.says(&format!("EHLO {}", mail.helo), "250");
    smtp.says(&format!("MAIL FROM:<{}>", mail.mail_from), "250");
    for recipient in recipients(number) {
        smtp.says(&format!("RCPT TO:<{recipient}>"), "250");
    }
    smtp.says("DATA", "354");
    smtp.send(message);
    smtp.command(".")
}

/// A message with its number in its header, as SMTP sends it.
fn numbered(message: &[u8], number: u64) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let (header, body) = text.split_once("\r\n\r\n").unwrap();
    let text = format!("{header}\r\n{FIELD}: {number}\r\n\r\n{}\r\n", body.trim_end());
    text.replace("\r\n.", "\r\n..").into_bytes()
}
