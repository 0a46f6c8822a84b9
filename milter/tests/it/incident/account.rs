//! Where every message is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use switchback::journal::{JournalReader, Query};
use switchback_gateway::held::Spool;

use super::clients::{Clients, FIELD, recipients};
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
            deferred: clients.deferred.load(Ordering::Relaxed),
        };
        account.look_into_mailboxes(dovecot);
        account.look_at_held(&Spool::existing(site.path("held")).unwrap());
        account
    }

    fn look_into_mailboxes(&mut self, dovecot: &Dovecot) {
        let (sent, status) = (format!("hdr.{}", FIELD.to_lowercase()), "hdr.x-switchback-status");
        let fields = format!("user mailbox {sent} {status}");
        let json = dovecot.doveadm(&["-f", "json", "fetch", "-A", &fields, "mailbox", "*", "all"]);
        let rows: Vec<BTreeMap<String, String>> = serde_json::from_str(&json).unwrap();
        for row in rows {
            let place = match &*row["mailbox"] {
                "INBOX" => Place::Inbox,
                "Junk" => Place::Junk,
                other => panic!("a message is in {other}"),
            };
            self.add(row[&sent].trim().parse().unwrap(), row["user"].clone(), place, record(&row[status]));
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
        assert_eq!(taken.len() as u64, clients.answered.load(Ordering::Relaxed));
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

    /// Where everything was before it was given back, and afterwards.
    pub(super) fn print(before: &Self, after: &Self) {
        let count = |account: &Self, wanted: Option<Place>| {
            account.all().filter(|(_, place, _)| wanted.is_none_or(|wanted| *place == wanted)).count()
        };
        let rows =
            [("INBOX", Some(Place::Inbox)), ("Junk", Some(Place::Junk)), ("held", Some(Place::Held)), ("all", None)];
        eprintln!(
            "messages: sent {}, journalled {}, tried again {}",
            after.sent,
            after.journalled.len(),
            after.deferred
        );
        eprintln!("{:<24}{:>10}{:>10}", "copies, by recipient", "before", "after");
        for (name, place) in rows {
            eprintln!("  {name:<22}{:>10}{:>10}", count(before, place), count(after, place));
        }
    }
}

/// The record that a stamp names.
fn record(status: &str) -> String {
    let id = status.split_whitespace().find_map(|word| word.strip_prefix("id="));
    id.unwrap_or_else(|| panic!("it has no stamp: {status}")).to_owned()
}
