//! Where every message is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use switchback::journal::{JournalReader, Query};
use switchback_gateway::held::Spool;

use super::clients::{Clients, FIELD, recipients, users};
use crate::dovecot::Dovecot;
use crate::site::Site;

/// Where a copy of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Inbox,
    Junk,
    Held,
}

/// Every copy of every message, by its number and whose it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    copies: BTreeMap<(u64, String), Vec<(Place, String)>>,
    /// The records of the journal.
    journalled: Vec<String>,
    sent: usize,
    deferred: u64,
}

impl Account {
    pub(super) fn of(site: &Site, dovecot: &Dovecot, clients: &Clients) -> Self {
        let reader = JournalReader::open(site.path("store/journal")).unwrap();
        let records = reader.last(&Query::default(), usize::MAX).unwrap().records;
        let mut account = Self {
            copies: BTreeMap::new(),
            journalled: records.iter().map(|record| record.id.to_string()).collect(),
            sent: clients.taken.lock().unwrap().len(),
            deferred: clients.deferred.load(std::sync::atomic::Ordering::Relaxed),
        };
        for user in users() {
            for (mailbox, place) in [("INBOX", Place::Inbox), ("Junk", Place::Junk)] {
                account.look_into(dovecot, &user, mailbox, place);
            }
        }
        account.look_at_held(&Spool::existing(site.path("held")).unwrap());
        account
    }

    fn look_into(&mut self, dovecot: &Dovecot, user: &str, mailbox: &str, place: Place) {
        let fields = format!("hdr.{} hdr.x-switchback-status", FIELD.to_lowercase());
        let json = dovecot.doveadm(&["-f", "json", "fetch", "-u", user, &fields, "mailbox", mailbox, "all"]);
        let rows: Vec<BTreeMap<String, Value>> = serde_json::from_str(&json).unwrap();
        for row in rows {
            let value = |name: &str| row[name].as_str().unwrap().to_owned();
            let number = value(&format!("hdr.{}", FIELD.to_lowercase())).trim().parse().unwrap();
            self.add(number, user.to_owned(), place, record(&value("hdr.x-switchback-status")));
        }
    }

    fn look_at_held(&mut self, spool: &Spool) {
        for id in spool.ids().unwrap() {
            let text = String::from_utf8_lossy(&spool.bytes(id).unwrap()).into_owned();
            let field = format!("{FIELD}: ");
            let number = text.lines().find_map(|line| line.strip_prefix(&field)?.trim().parse().ok()).unwrap();
            for recipient in spool.message(id).unwrap().recipients {
                self.add(number, recipient.address, Place::Held, id.to_string());
            }
        }
    }

    fn add(&mut self, number: u64, user: String, place: Place, record: String) {
        self.copies.entry((number, user)).or_default().push((place, record));
    }

    /// Every message that was taken was judged once and is there once for each recipient, and nothing else is there.
    pub(super) fn check(&self, clients: &Clients) {
        let taken = clients.taken.lock().unwrap();
        let expected: BTreeSet<_> =
            taken.iter().flat_map(|number| recipients(*number).into_iter().map(|user| (*number, user))).collect();
        assert_eq!(taken.len() as u64, clients.answered.load(std::sync::atomic::Ordering::Relaxed));
        let there: BTreeSet<_> = self.copies.keys().cloned().collect();
        assert_eq!(there, expected, "lost, or of nobody");
        let twice: Vec<_> = self.copies.iter().filter(|(_, copies)| copies.len() != 1).collect();
        assert!(twice.is_empty(), "twice: {twice:?}");
        let records: BTreeSet<_> = self.copies.values().flatten().map(|(_, record)| record.clone()).collect();
        let journalled: BTreeSet<_> = self.journalled.iter().cloned().collect();
        assert_eq!(records.len(), taken.len(), "a message has one record, whoever gets it");
        assert_eq!((journalled.len(), self.journalled.len()), (records.len(), records.len()));
        assert_eq!(journalled, records);
    }

    /// How many copies of these records are not in INBOX.
    pub(super) fn outside(&self, records: &BTreeSet<String>) -> usize {
        self.all().filter(|(_, place, record)| *place != Place::Inbox && records.contains(*record)).count()
    }

    /// Where those are that are not in INBOX, and not of these records.
    pub(super) fn rightly_outside(&self, records: &BTreeSet<String>) -> Vec<(u64, String)> {
        let others = self.all().filter(|(_, place, record)| *place != Place::Inbox && !records.contains(*record));
        others.map(|(key, ..)| key.clone()).collect()
    }

    fn all(&self) -> impl Iterator<Item = (&(u64, String), Place, &String)> {
        let copies = self.copies.iter();
        copies.flat_map(|(key, copies)| copies.iter().map(move |(place, record)| (key, *place, record)))
    }

    pub(super) fn print(&self, when: &str) {
        let count = |wanted: Place| self.all().filter(|(_, place, _)| *place == wanted).count();
        let of_copies = [Place::Inbox, Place::Junk, Place::Held].map(count);
        let [inbox, junk, held] = of_copies;
        eprintln!(
            "{when:<7} sent {:>6}   tried again {:>3}   journalled {:>6}   copies {:>6}: INBOX {inbox:>6}, Junk {junk:>6}, held {held:>6}",
            self.sent,
            self.deferred,
            self.journalled.len(),
            of_copies.iter().sum::<usize>(),
        );
    }
}

/// The record that a stamp names.
fn record(status: &str) -> String {
    let id = status.split_whitespace().find_map(|word| word.strip_prefix("id="));
    id.unwrap_or_else(|| panic!("it has no stamp: {status}")).to_owned()
}
