//! What the journal of a store has of the last hour: how much of a slot's mail a change is about.

use jiff::SignedDuration;
use switchback::control::StoreState;
use switchback::guard::{Segment, Sighting, organisation};
use switchback::journal::{JournalReader, Query};
use switchback::route::CanaryKey;

use super::StoreArgs;
use crate::clock;
use crate::exit::chain;
use crate::journal::of_store;
use crate::show::{count, counted};

/// So much mail shows what comes in, and is soon read.
const RECENT: SignedDuration = SignedDuration::from_hours(1);

/// Says how much of a slot's mail is of a segment: a name that matches nothing should not go unseen.
pub(crate) fn of_segment(store: &StoreArgs, state: &StoreState, slot: &str, segment: &Segment) -> String {
    let domains = state.slots.get(slot).map(|slot| slot.guard.domains_of(segment)).unwrap_or_default();
    let is_of = |sighting: &Sighting<'_>| {
        let domain = sighting.sender_domain.filter(|_| sighting.is_authenticated);
        domain.is_some_and(|domain| {
            [domain, organisation(domain)].iter().any(|name| domains.iter().any(|one| one == name))
        })
    };
    match tally(store, slot, is_of) {
        Ok((0, all)) => format!(
            "none of the {} of the last hour in {slot} belongs to {segment}; only authenticated senders count",
            counted(all, "message")
        ),
        Ok((of, all)) => format!(
            "{} of the {} of the last hour in {slot} {} to {segment}",
            count(of),
            counted(all, "message"),
            belong(of)
        ),
        Err(why) => format!("it is not known how much mail belongs to {segment}: {why}"),
    }
}

/// Says what becomes of the messages that do not have what a canary shares by; nothing if all have it.
pub(crate) fn without_key(store: &StoreArgs, slot: &str, key: CanaryKey) -> Option<String> {
    const SHARED: &str = "a message without one is selected by its content";
    let (what, is_recorded) = match key {
        CanaryKey::Content => return None,
        CanaryKey::SenderDomain => ("sender's domain", true),
        CanaryKey::RecipientDomain => ("recipient's domain", false),
        CanaryKey::Tenant => ("tenant", false),
    };
    if !is_recorded {
        return Some(format!(
            "{SHARED}; it is not known how many have no {what}, because the journal does not record it"
        ));
    }
    match tally(store, slot, |sighting| sighting.sender_domain.is_none()) {
        Ok((0, _)) => None,
        Ok((without, all)) => Some(format!(
            "{} of the {} of the last hour in {slot} {} no {what}: {SHARED}",
            count(without),
            counted(all, "message"),
            if without == 1 { "has" } else { "have" },
        )),
        Err(why) => Some(format!("{SHARED}; it is not known how many have no {what}: {why}")),
    }
}

fn belong(number: u64) -> &'static str {
    if number == 1 { "belongs" } else { "belong" }
}

/// How many messages of the last hour are such, and how many there were, at least one; or why that is not known.
fn tally(store: &StoreArgs, slot: &str, is_such: impl Fn(&Sighting<'_>) -> bool) -> Result<(u64, u64), String> {
    let dir = of_store(&store.dir().map_err(|error| error.to_string())?);
    if dir.try_exists().is_ok_and(|exists| !exists) {
        return Err("the store has no journal".to_owned());
    }
    let query = Query::default().since(clock::now().checked_sub(RECENT).ok()).slot(slot.to_owned());
    let reader = JournalReader::open(dir).map_err(|error| chain(&error))?;
    let (mut such, mut all) = (0, 0);
    let unread = reader
        .for_each_sighting(&query, |sighting| {
            all += 1;
            such += u64::from(is_such(sighting));
        })
        .map_err(|error| chain(&error))?;
    match (unread.first(), all) {
        (Some(error), _) => Err(chain(error)),
        (None, 0) => Err(format!("the journal has no message of the last hour in {slot}")),
        (None, all) => Ok((such, all)),
    }
}
