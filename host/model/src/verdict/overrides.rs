//! An operator's allow and block rules, above every model.
//!
//! The plain types here are written into a store's ledger and are read back by every later version: their JSON is
//! frozen by a test. What may change with a table compiled in (which domains are public suffixes, how a name is
//! written in ASCII) is therefore checked when a rule is made, by [`FromStr`](std::str::FromStr) and
//! [`Override::validate`], and not when one is read back.
//!
//! [`Overrides`] is the index that a message is looked up in.

mod effect;
mod index;
mod matcher;
mod names;
mod network;
mod probe;
mod rule;
mod sender;
mod shards;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use effect::{AllowScope, Effect};
pub use index::HitCounter;
pub use index::Overrides;
pub use matcher::Matcher;
pub use names::{SenderAddress, SenderDomain};
pub use network::Network;
pub use rule::{Rule, Scope, Senders};

use crate::limits::{
    AUTHOR_BYTES_MAX, OVERRIDE_AHEAD_MAX, OVERRIDE_EXPIRY_DEFAULT, OVERRIDE_EXPIRY_MAX, OVERRIDE_REASON_BYTES_MAX,
};

/// One allow or block rule with who made it, why and until when.
///
/// # Examples
///
/// ```
/// use jiff::Timestamp;
/// use switchback::verdict::{AllowScope, Effect, Override, Rule};
///
/// let at: Timestamp = "2025-04-25T09:24:00Z".parse()?;
/// let rule = Rule::new("domain payroll.example.com".parse()?, at + Override::EXPIRY_DEFAULT);
/// let effect = Effect::Allow { may: AllowScope::Spam };
/// let made = Override::new(17, "ada", "the payroll provider is flagged since this morning", at, rule, effect);
/// made.validate(at)?;
/// assert_eq!(made.rule.matcher.to_string(), "domain payroll.example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Override {
    /// What a verdict names it by: unique within a store.
    pub id: u64,
    /// Who made it, 1 to 256 bytes.
    pub author: String,
    /// Why, 1 to 1,024 bytes.
    pub reason: String,
    /// When it was made.
    pub at: Timestamp,
    /// Which messages, and until when.
    pub rule: Rule,
    /// What becomes of them.
    pub effect: Effect,
}

impl Override {
    /// How long an override holds unless its author says otherwise: 24 hours.
    pub const EXPIRY_DEFAULT: Duration = OVERRIDE_EXPIRY_DEFAULT;
    /// The longest that an override may hold: 90 days.
    pub const EXPIRY_MAX: Duration = OVERRIDE_EXPIRY_MAX;

    /// An override with the number that verdicts name it by, who made it, why and when, which messages it is about and what
    /// becomes of them. [`Override::validate`] checks it.
    pub fn new(
        id: u64,
        author: impl Into<String>,
        reason: impl Into<String>,
        at: Timestamp,
        rule: Rule,
        effect: Effect,
    ) -> Self {
        Self { id, author: author.into(), reason: reason.into(), at, rule, effect }
    }

    /// Checks an override that somebody wants to make at this time.
    ///
    /// For new ones only: one that was made earlier stays what it was, also where a bound has changed since, but for the
    /// longest time that it [holds](Override::ends_at).
    ///
    /// # Errors
    /// If author or reason are missing or too long, it expires before it begins or later than
    /// [`Override::EXPIRY_MAX`] from `at`, it is about more than one party (a public suffix, a huge network), its
    /// scope is no name, or a block lets the message through.
    pub fn validate(&self, at: Timestamp) -> Result<(), InvalidOverride> {
        bounded("its author", &self.author, AUTHOR_BYTES_MAX)?;
        bounded("its reason", &self.reason, OVERRIDE_REASON_BYTES_MAX)?;
        self.validate_expiry(at)?;
        self.rule.scope.validate()?;
        self.rule.matcher.validate()?;
        self.effect.validate()
    }

    /// Whether it holds at this time: it has not [ended](Override::ends_at), and was not made [ahead](Override::is_ahead) of it.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        now < self.ends_at() && !self.is_ahead(now)
    }

    /// From when on it matches nothing: as its rule says, but no later than [`Override::EXPIRY_MAX`] after it was made.
    pub fn ends_at(&self) -> Timestamp {
        let last = self.at.checked_add(Self::EXPIRY_MAX).unwrap_or(Timestamp::MAX);
        self.rule.expires_at.min(last)
    }

    /// Has it end by this time, whatever its rule says.
    #[doc(hidden)]
    pub fn end_by(&mut self, end: Timestamp) {
        self.rule.expires_at = self.rule.expires_at.min(end);
    }

    /// Whether it was made more than a day later than `now`: then the clock was wrong, and the override would hold for
    /// longer than anybody may say. It has to be made again.
    pub fn is_ahead(&self, now: Timestamp) -> bool {
        self.at > now && now.duration_until(self.at).unsigned_abs() > OVERRIDE_AHEAD_MAX
    }

    fn validate_expiry(&self, at: Timestamp) -> Result<(), InvalidOverride> {
        let expires_at = self.rule.expires_at;
        if expires_at <= at {
            return Err(InvalidOverride(format!("it expires at {expires_at}, and it is {at} already")));
        }
        if at.duration_until(expires_at).unsigned_abs() > Self::EXPIRY_MAX {
            let days = Self::EXPIRY_MAX.as_secs() / 86_400;
            return Err(InvalidOverride(format!(
                "it expires at {expires_at}, more than {days} days from now: what has to stand longer belongs into \
                 the filter's configuration"
            )));
        }
        Ok(())
    }
}

/// Checks a name or text that must not be missing.
fn bounded(what: &str, text: &str, bytes_max: usize) -> Result<(), InvalidOverride> {
    if text.trim().is_empty() {
        return Err(InvalidOverride(format!("{what} is missing")));
    }
    if text.len() > bytes_max {
        return Err(InvalidOverride(format!("{what} has {} bytes, at most {bytes_max} are kept", text.len())));
    }
    Ok(())
}

/// Why an override, or a part of one, cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOverride(String);

#[cfg(test)]
mod tests;
