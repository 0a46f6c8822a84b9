//! Senders' domains: the large ones counted one by one, the rest together.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::filter::Filter;
use super::flips::Sums;

/// Counts by domain, in bounded memory.
///
/// What is counted under a domain is everything that ever came from it. When there are too many domains, those with the
/// fewest messages are pooled, and a filter remembers them: a domain that was pooled once stays pooled, and one that is
/// new still gets a count of its own. So domains that somebody registers by the million to fill the table push each
/// other out, and not the domain that turns up after them.
#[derive(Clone, Debug)]
pub(super) struct Domains {
    max: usize,
    counted: HashMap<Arc<str>, Counted>,
    /// How many domains ever got a count of their own.
    admitted: u64,
    pooled: Option<Pooled>,
}

/// A domain that is counted alone.
#[derive(Clone, Copy, Debug)]
struct Counted {
    sums: Sums,
    /// How many had a count of their own before it.
    admitted: u64,
}

/// Domains that are not counted one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Pooled {
    pub(super) sums: Sums,
    names: Filter,
}

impl Pooled {
    /// About how many domains they are.
    pub(super) fn domains_estimated(&self) -> u64 {
        self.names.names_estimated()
    }
}

impl Domains {
    /// Counts at most so many domains one by one, and at least half as many once there are more. Two is the least.
    pub(super) fn new(max: usize) -> Self {
        Self { max: max.max(2), counted: HashMap::new(), admitted: 0, pooled: None }
    }

    /// Adds to the counts of a domain.
    pub(super) fn add(&mut self, domain: &str, sums: &Sums) {
        if let Some(counted) = self.counted.get_mut(domain) {
            return counted.sums.merge(sums);
        }
        if let Some(pooled) = &mut self.pooled
            && pooled.names.may_have(domain)
        {
            return pooled.sums.merge(sums);
        }
        if self.counted.len() >= self.max {
            self.pool_the_small();
        }
        self.counted.insert(domain.into(), Counted { sums: *sums, admitted: self.admitted });
        self.admitted += 1;
    }

    pub(super) fn merge(&mut self, other: Self) {
        let Self { counted: theirs, pooled, .. } = other;
        if let Some(pooled) = &pooled {
            // Some of these they may have pooled, and then what is counted here is not all of it.
            let is_doubtful = |domain: &&Arc<str>| !theirs.contains_key(*domain) && pooled.names.may_have(domain);
            let doubtful: Vec<_> = self.counted.keys().filter(is_doubtful).cloned().collect();
            doubtful.iter().for_each(|domain| self.pool(domain));
        }
        let mut theirs: Vec<_> = theirs.into_iter().collect();
        // The large ones first, and in one order every time.
        theirs.sort_unstable_by_key(|(domain, theirs)| (Reverse(theirs.sums.flips.messages), Arc::clone(domain)));
        theirs.iter().for_each(|(domain, theirs)| self.add(domain, &theirs.sums));
        if let Some(pooled) = pooled {
            let ours = self.pooled.get_or_insert_default();
            ours.sums.merge(&pooled.sums);
            ours.names.merge(&pooled.names);
        }
    }

    /// Pools the domains with the fewest messages; half as many remain as there may be. Of those with equally many the
    /// older go: one that has just turned up has had no time for a second message.
    fn pool_the_small(&mut self) {
        let rank = |counted: &Counted| (Reverse(counted.sums.flips.messages), Reverse(counted.admitted));
        let mut by_size: Vec<_> =
            self.counted.iter().map(|(domain, counted)| (rank(counted), Arc::clone(domain))).collect();
        by_size.sort_unstable();
        for (_, domain) in &by_size[self.max / 2..] {
            self.pool(domain);
        }
    }

    fn pool(&mut self, domain: &str) {
        if let Some(counted) = self.counted.remove(domain) {
            let pooled = self.pooled.get_or_insert_default();
            pooled.sums.merge(&counted.sums);
            pooled.names.insert(domain);
        }
    }

    /// Those that are counted one by one, in no order.
    pub(super) fn counted(&self) -> impl Iterator<Item = (&Arc<str>, &Sums)> {
        self.counted.iter().map(|(domain, counted)| (domain, &counted.sums))
    }

    pub(super) fn pooled(&self) -> Option<&Pooled> {
        self.pooled.as_ref()
    }
}
