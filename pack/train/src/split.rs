//! Which examples are learned from and which are measured on.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::campaigns::{Traits, campaigns};
use crate::collection::Indexed;
use crate::error::TrainError;
use crate::label::Label;
use crate::limits::{CAMPAIGNS_MIN, FOLDS, HELD_OUT_TENTHS};

/// Another salt is another split.
const SALT: &[u8] = b"switchback train 1";

/// What is measured on. The model and its threshold are made in the same way whichever it is: of what is left, and no campaign is in
/// two of its folds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Split {
    /// A fifth of the campaigns and threads: how the model does with what it has not seen the like of.
    #[default]
    Campaign,
    /// A fifth of the messages, each drawn by itself, as published figures of filters mostly have it: to compare with these, and with
    /// nothing else. What is learned from has answers to, and other messages of the campaigns of, what is measured on.
    Random,
    /// What came after this time, of campaigns that did not begin before: what a filter that is trained once meets.
    Until(Timestamp),
}

/// What becomes of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: there is no fourth.
pub enum Side {
    /// It is learned from.
    Learned,
    /// It is measured on.
    HeldOut,
    /// Neither: it is a copy of another, is there with both labels, or has no usable date.
    LeftOut,
}

/// An example with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Its number in the collection.
    pub(crate) at: usize,
    /// Which fold of the training part it is in; none of what is held out.
    pub(crate) fold: Option<u8>,
}

/// What became of the examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Kept {
    /// Messages that were read, of both labels.
    pub read: u64,
    /// Copies of others, by fingerprint, that were left out.
    pub copies: u64,
    /// Messages left out because the other folder has a copy of them.
    pub in_both: u64,
    /// Messages left out because they have no usable date, or their campaign is on both sides of the date.
    pub undated_or_across: u64,
    /// Groups of messages that belong together.
    pub campaigns: u64,
    /// Wanted messages learned from.
    pub training_ham: u64,
    /// Unwanted messages learned from.
    pub training_spam: u64,
    /// Wanted messages held out.
    pub held_out_ham: u64,
    /// Unwanted messages held out.
    pub held_out_spam: u64,
}

/// Places for the examples: of copies the one with the least SHA-256, in the order of these digests, so whatever order they came
/// in.
pub(crate) fn split(index: &[Indexed], by: Split) -> Result<(Vec<Placed>, Kept), TrainError> {
    let mut kept = Kept { read: index.len() as u64, ..Kept::default() };
    let count = |label| index.iter().filter(|one| one.label == label).count() as u64;
    let read = [count(Label::Ham), count(Label::Spam)];
    if let Some(empty) = [Label::Ham, Label::Spam].into_iter().find(|label| read[*label as usize] == 0) {
        return Err(TrainError::Empty(empty));
    }
    let alone = without_copies(index, &mut kept);
    if kept.in_both > index.len() as u64 / 2 {
        return Err(TrainError::SameMail { both: kept.in_both, read: kept.read });
    }
    let traits: Vec<Traits> = alone.iter().map(|at| index[*at].traits.clone()).collect();
    let groups = campaigns(&traits);
    kept.campaigns = groups.iter().collect::<HashSet<_>>().len() as u64;
    let across = match by {
        Split::Campaign | Split::Random => HashSet::new(),
        Split::Until(date) => begun_before(index, &alone, &groups, date.as_second()),
    };
    let mut placed = Vec::new();
    let mut of_label = [HashSet::new(), HashSet::new()];
    for (&at, group) in alone.iter().zip(&groups) {
        let one = &index[at];
        let die = |of: &[u8; 32]| Sha256::new_with_prefix(SALT).chain_update(of).finalize();
        let is_drawn = |of: &[u8; 32]| u16::from_le_bytes([die(of)[0], die(of)[1]]) % 10 < HELD_OUT_TENTHS;
        let fold = die(group)[2] % FOLDS;
        let is_held_out = match (by, one.date) {
            (Split::Campaign, _) => is_drawn(group),
            (Split::Random, _) => is_drawn(&one.traits.sha256),
            (Split::Until(date), Some(sent)) => sent > date.as_second(),
            (Split::Until(_), None) => {
                kept.undated_or_across += 1;
                continue;
            }
        };
        if is_held_out && across.contains(group) {
            kept.undated_or_across += 1;
            continue;
        }
        let (counted, fold) = match (is_held_out, one.label) {
            (false, Label::Ham) => (&mut kept.training_ham, Some(fold)),
            (false, Label::Spam) => (&mut kept.training_spam, Some(fold)),
            (true, Label::Ham) => (&mut kept.held_out_ham, None),
            (true, Label::Spam) => (&mut kept.held_out_spam, None),
        };
        *counted += 1;
        if !is_held_out {
            of_label[one.label as usize].insert(*group);
        }
        placed.push(Placed { at, fold });
    }
    for (label, campaigns) in [Label::Ham, Label::Spam].into_iter().zip(&of_label) {
        if campaigns.len() < CAMPAIGNS_MIN {
            return Err(TrainError::TooFew { label, campaigns: campaigns.len() as u64, read: read[label as usize] });
        }
    }
    let missing =
        [(kept.held_out_ham, Label::Ham), (kept.held_out_spam, Label::Spam)].into_iter().find(|(count, _)| *count == 0);
    match missing {
        Some((_, label)) => Err(TrainError::NothingHeldOut(label)),
        None => Ok((placed, kept)),
    }
}

/// One of each set of copies, in the order of their digests; none of those that both labels have.
fn without_copies(index: &[Indexed], kept: &mut Kept) -> Vec<usize> {
    let mut order: Vec<usize> = (0..index.len()).collect();
    // Equal bytes have one name or another; which, the file says first.
    order.sort_by_key(|at| (index[*at].traits.sha256, index[*at].label, *at));
    let mut labels: HashMap<u64, [u64; 2]> = HashMap::new();
    for one in index {
        labels.entry(one.traits.copy_key()).or_default()[one.label as usize] += 1;
    }
    let mut seen = HashSet::new();
    order.retain(|at| {
        let key = index[*at].traits.copy_key();
        let is_in_both = labels.get(&key).is_some_and(|counts| counts.iter().all(|count| *count > 0));
        let is_copy = !is_in_both && !seen.insert(key);
        kept.in_both += u64::from(is_in_both);
        kept.copies += u64::from(is_copy);
        !is_in_both && !is_copy
    });
    order
}

/// The groups of which something came by this time.
fn begun_before(index: &[Indexed], alone: &[usize], groups: &[[u8; 32]], date: i64) -> HashSet<[u8; 32]> {
    let dated = alone.iter().zip(groups).filter(|(at, _)| index[**at].date.is_some_and(|sent| sent <= date));
    dated.map(|(_, group)| *group).collect()
}

/// The first and the last day of some dates, without the odd ones at either end: the 1st and the 99th percentile.
pub(crate) fn period(mut dates: Vec<i64>) -> Option<[Timestamp; 2]> {
    dates.sort_unstable();
    let last = dates.len().checked_sub(1)?;
    let at = |percent: usize| Timestamp::from_second(dates[last * percent / 100]).ok();
    Some([at(1)?, at(99)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_without_the_odd_dates_at_either_end() {
        let ends = |dates: &[i64]| period(dates.to_vec()).map(|ends| ends.map(Timestamp::as_second));
        let usual: Vec<i64> = (1_000..1_200).collect();
        assert_eq!(ends(&[&usual[..], &[-9, 99_999]].concat()), Some([1_001, 1_197]));
        assert_eq!((ends(&[7]), ends(&[])), (Some([7, 7]), None));
    }
}
