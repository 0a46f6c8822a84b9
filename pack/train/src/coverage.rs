//! [`Coverage`]: of which kinds of mail there is enough to learn, by counting.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::collection::{Finished, Indexed};
use crate::label::Label;
use crate::split::Placed;

/// Fewer wanted messages of a kind than this teach nothing of it.
const FEW: u64 = 20;

/// What of the mail that was learned from is of which kind. All counts are of wanted messages: what a model has not seen there it
/// takes for unwanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Coverage {
    /// Wanted messages of each mailbox provider, as they claim.
    pub providers: BTreeMap<String, u64>,
    /// Wanted messages from discussion lists.
    pub lists: u64,
    /// Wanted messages that one can unsubscribe from: newsletters, receipts.
    pub bulk: u64,
    /// Wanted messages of whose letters more than one in a hundred is beyond ASCII: most languages but English.
    pub not_ascii: u64,
    /// Wanted messages in all.
    pub ham: u64,
    /// Kinds of which there are fewer than 20 wanted messages, in words.
    pub missing: Vec<String>,
}

impl Coverage {
    pub(crate) fn of(mail: &Finished, placed: &[Placed]) -> Self {
        let learned = placed.iter().filter(|one| one.fold.is_some()).map(|one| &mail.index[one.at]);
        let ham: Vec<&Indexed> = learned.filter(|one| one.label == Label::Ham).collect();
        let count = |is: fn(&Indexed) -> bool| ham.iter().filter(|one| is(one)).count() as u64;
        let mut providers: BTreeMap<String, u64> = GREAT.iter().map(|name| ((*name).to_owned(), 0)).collect();
        for provider in ham.iter().filter_map(|one| one.provider) {
            *providers.entry(mail.senders.name(provider).to_string()).or_default() += 1;
        }
        let mut coverage = Self {
            providers,
            lists: count(|one| one.is_list),
            bulk: count(|one| one.is_bulk),
            not_ascii: count(|one| !one.is_ascii),
            ham: ham.len() as u64,
            missing: Vec::new(),
        };
        coverage.missing = coverage.lacks();
        coverage
    }

    fn lacks(&self) -> Vec<String> {
        let great = self.providers.iter().filter(|(name, _)| GREAT.contains(&&***name));
        let few = great.filter(|(_, count)| **count < FEW).map(|(name, _)| format!("mail from {name}"));
        let kinds = [
            (self.lists, "mail of discussion lists"),
            (self.bulk, "newsletters and receipts"),
            (self.not_ascii, "mail in other languages than English"),
            (self.ham - self.not_ascii.min(self.ham), "mail in English"),
        ];
        few.chain(kinds.into_iter().filter(|(count, _)| *count < FEW).map(|(_, what)| what.to_owned())).collect()
    }
}

/// Providers that most mailboxes have mail from.
const GREAT: [&str; 3] = ["gmail", "outlook", "yahoo"];

#[cfg(test)]
mod tests {
    use switchback::compare::Providers;

    use super::*;

    #[test]
    fn the_great_providers_are_some_that_switchback_knows() {
        for name in GREAT {
            assert!(!Providers::default().domains_of(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn what_is_missing_are_kinds_with_fewer_than_twenty_messages() {
        let providers = [("gmail", FEW), ("outlook", FEW - 1), ("yahoo", 0), ("proton", 0)];
        let coverage = |not_ascii| Coverage {
            providers: providers.map(|(name, count)| (name.to_owned(), count)).into(),
            lists: FEW,
            bulk: FEW - 1,
            not_ascii,
            ham: 100,
            missing: Vec::new(),
        };
        let always = ["mail from outlook", "mail from yahoo", "newsletters and receipts"];
        assert_eq!(coverage(100 - FEW).lacks(), always);
        let without = |kind| [&always[..], &[kind]].concat();
        assert_eq!(coverage(FEW - 1).lacks(), without("mail in other languages than English"));
        assert_eq!(coverage(100 - FEW + 1).lacks(), without("mail in English"));
    }
}
