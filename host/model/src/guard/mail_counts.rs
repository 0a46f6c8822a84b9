//! How much mail could be acted on, and why not the rest.

use std::fmt;

use serde::Serialize;

/// Mail of which something is counted: how much of it could be acted on, and why not the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MailCounts {
    /// All messages; of a trial, those that both releases scored.
    pub messages: u64,
    /// Of authenticated senders.
    pub authenticated: u64,
    /// Of authenticated, known senders: what can be acted on.
    pub eligible: u64,
    /// Of which the filter said who receives them.
    pub addressed: u64,
}

impl MailCounts {
    /// Counts one more.
    #[doc(hidden)]
    pub fn add(&mut self, is_authenticated: bool, is_eligible: bool, is_addressed: bool) {
        self.messages += 1;
        self.authenticated += u64::from(is_authenticated);
        self.eligible += u64::from(is_eligible);
        self.addressed += u64::from(is_addressed);
    }

    /// Why (nearly) none of it can be acted on, if that is so: at least so many messages have come, and fewer than one of a
    /// hundred was authenticated, or had an envelope recipient.
    pub fn blind(&self) -> Vec<Blind> {
        let Self { messages, authenticated, addressed, .. } = *self;
        if messages < BLIND_MESSAGES_MIN {
            return Vec::new();
        }
        let is_rare = |count: u64| count.saturating_mul(BLIND_PART) < messages;
        let unauthenticated = is_rare(authenticated).then_some(Blind::Unauthenticated);
        unauthenticated.into_iter().chain(is_rare(addressed).then_some(Blind::Unaddressed)).collect()
    }
}

/// `30 messages: 10 of authenticated, known senders, 2 of authenticated senders that are new, 18 of unauthenticated ones`.
impl fmt::Display for MailCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, authenticated, eligible, .. } = self;
        let (new, others) = (authenticated.saturating_sub(*eligible), messages.saturating_sub(*authenticated));
        write!(
            f,
            "{messages} messages: {eligible} of authenticated, known senders, {new} of authenticated senders that are new, \
             {others} of unauthenticated ones"
        )
    }
}

/// So many messages say something about a filter.
const BLIND_MESSAGES_MIN: u64 = 20;

/// One of so many has to be authenticated: with fewer, the guard finds harm a hundred times as late.
const BLIND_PART: u64 = 100;

/// What a filter does not tell, so that the guard cannot do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Blind {
    /// Whether senders are authenticated: nothing can be acted on.
    Unauthenticated,
    /// Who receives mail: each message counts as one to a recipient of its own, so a floor of recipients asks for nothing.
    Unaddressed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(messages: u64, authenticated: u64, addressed: u64) -> MailCounts {
        MailCounts { messages, authenticated, eligible: 0, addressed }
    }

    #[test]
    fn a_filter_that_tells_too_little_is_blind_once_there_is_mail() {
        assert_eq!(counts(19, 0, 0).blind(), []);
        assert_eq!(counts(20, 0, 0).blind(), [Blind::Unauthenticated, Blind::Unaddressed]);
        assert_eq!(counts(100, 1, 100).blind(), []);
        assert_eq!(counts(101, 1, 101).blind(), [Blind::Unauthenticated]);
        assert_eq!(counts(101, 101, 1).blind(), [Blind::Unaddressed]);
    }

    #[test]
    fn one_more_message_counts_as_what_it_is() {
        let mut counts = MailCounts::default();
        for (is_authenticated, is_eligible, is_addressed) in
            [(false, false, true), (true, false, false), (true, true, true)]
        {
            counts.add(is_authenticated, is_eligible, is_addressed);
        }
        assert_eq!(counts, MailCounts { messages: 3, authenticated: 2, eligible: 1, addressed: 2 });
    }
}
