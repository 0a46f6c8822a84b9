//! Name servers, the time that they have, and what of their answers mail-auth does not look at: it takes the first of several
//! records, and goes on however many names do not exist. It tells what it looks up to caches, and what stands here are such.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mail_auth::hickory_resolver::proto::rr::{Name, RData};
use mail_auth::{DnsError, Error, MessageAuthenticator, ResolverCache, Txt};
use tokio::time::{Instant, timeout_at};

/// Name servers, and the time until which they are asked.
pub(super) struct Lookups<'a> {
    pub(super) resolver: &'a MessageAuthenticator,
    deadline: Instant,
}

impl<'a> Lookups<'a> {
    pub(super) fn new(resolver: &'a MessageAuthenticator, deadline: Instant) -> Self {
        Self { resolver, deadline }
    }

    /// The same name servers, with another deadline.
    pub(super) fn until(&self, deadline: Instant) -> Self {
        Self { resolver: self.resolver, deadline }
    }

    /// What comes of it; none if it takes longer than there is time.
    pub(super) async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.deadline, work).await.ok()
    }

    /// Discards the records of each name that was looked up and has several of this version, such as `v=spf1`. Returns whether
    /// there is such a name. The resolver remembers the answers.
    pub(super) async fn discard_several(&self, texts: &TextRecords, version: &str) -> bool {
        let mut is_any = false;
        for name in texts.take_names() {
            if self.records(&name, version).await > 1 {
                let none = Txt::Error(Error::Dns(DnsError::InvalidRecordType));
                texts.discarded().insert(name, none);
                is_any = true;
            }
        }
        is_any
    }

    async fn records(&self, name: &str, version: &str) -> usize {
        let Ok(name) = Name::from_str_relaxed(name) else { return 0 };
        let Ok(found) = self.resolver.resolver().txt_lookup(name).await else { return 0 };
        let is_one = |data: &RData| match data {
            RData::TXT(text) => {
                let text = text.txt_data.concat();
                let mut words = text.split(|byte| matches!(byte, b' ' | b'\t' | b';'));
                words.next().is_some_and(|word| word.eq_ignore_ascii_case(version.as_bytes()))
            }
            _ => false,
        };
        found.answers().iter().filter(|record| is_one(&record.data)).count()
    }
}

/// The text records that one check looks up.
#[derive(Default)]
pub(super) struct TextRecords {
    /// Names that have some, and are not looked at yet.
    names: Mutex<Vec<Box<str>>>,
    /// What is answered of names whose records do not count.
    discarded: Mutex<HashMap<Box<str>, Txt>>,
}

impl TextRecords {
    fn take_names(&self) -> Vec<Box<str>> {
        mem::take(&mut *self.names.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn discarded(&self) -> MutexGuard<'_, HashMap<Box<str>, Txt>> {
        self.discarded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolverCache<Box<str>, Txt> for TextRecords {
    fn get<Q: Hash + Eq + ?Sized>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        self.discarded().get(name).cloned()
    }

    fn remove<Q: Hash + Eq + ?Sized>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        None
    }

    fn insert(&self, name: Box<str>, _: Txt, _: std::time::Instant) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }
}

/// How many names one check looks up for records of one kind, and how many of them have some. Nothing is remembered.
#[derive(Default)]
pub(super) struct Counted {
    asked: AtomicUsize,
    found: AtomicUsize,
}

impl Counted {
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// How many have none.
    pub(super) fn void(&self) -> usize {
        self.asked().saturating_sub(self.found.load(Ordering::Relaxed))
    }
}

impl<V> ResolverCache<Box<str>, V> for Counted {
    fn get<Q: Hash + Eq + ?Sized>(&self, _: &Q) -> Option<V>
    where
        Box<str>: Borrow<Q>,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        None
    }

    fn remove<Q: Hash + Eq + ?Sized>(&self, _: &Q) -> Option<V>
    where
        Box<str>: Borrow<Q>,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: V, _: std::time::Instant) {
        self.found.fetch_add(1, Ordering::Relaxed);
    }
}
