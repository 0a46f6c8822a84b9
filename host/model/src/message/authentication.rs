//! Sender authentication.

mod results;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::limits::DKIM_DOMAINS_MAX;
pub(super) use results::Report;

/// The result of one authentication method (RFC 8601, section 2.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: the results of the scoring contract.
pub enum AuthResult {
    /// Nobody checked.
    #[default]
    Unknown,
    /// Checked: the domain publishes nothing to check against, or there is no signature.
    None,
    /// Passed.
    Pass,
    /// Failed.
    Fail,
    /// SPF `softfail`: probably not authorised.
    Softfail,
    /// SPF or DMARC `neutral`, or a DKIM key in testing mode.
    Neutral,
    /// A transient error.
    Temperror,
    /// A permanent error, such as a record that cannot be parsed.
    Permerror,
}

impl AuthResult {
    /// The result that a word of an `Authentication-Results` field stands for, older spellings included.
    fn of(word: &str) -> Self {
        let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name));
        if is(&["pass"]) {
            Self::Pass
        } else if is(&["fail", "hardfail"]) {
            Self::Fail
        } else if is(&["softfail"]) {
            Self::Softfail
        } else if is(&["neutral", "policy"]) {
            Self::Neutral
        } else if is(&["temperror", "error"]) {
            Self::Temperror
        } else if is(&["permerror", "unknown", "invalid"]) {
            Self::Permerror
        } else if is(&["none", "bestguesspass"]) {
            Self::None
        } else {
            Self::Unknown
        }
    }

    /// Which of two signatures' results says more for the sender: the lower one.
    fn rank(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Neutral => 1,
            Self::Temperror => 2,
            Self::Softfail => 3,
            Self::Fail => 4,
            Self::Permerror => 5,
            Self::None => 6,
            Self::Unknown => 7,
        }
    }
}

/// Sender authentication, as verified by the filter or read from an `Authentication-Results` field
/// that it trusts. The default is that nobody checked anything.
///
/// # Examples
///
/// ```
/// use switchback::{AuthResult, Authentication};
///
/// let mut verified = Authentication::default();
/// verified.spf = AuthResult::Pass;
/// verified.spf_domain = Some("bounces.news.example".into());
/// verified.dmarc = AuthResult::Pass;
/// verified.dmarc_domain = Some("news.example".into());
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Authentication {
    /// SPF (RFC 7208).
    pub spf: AuthResult,
    /// The domain that SPF was checked for, in lower case.
    pub spf_domain: Option<Arc<str>>,
    /// DKIM (RFC 6376): the best result over all signatures.
    pub dkim: AuthResult,
    /// The signing domains (`d=`) of the signatures that passed, in lower case, at most 16.
    pub dkim_domains: Vec<Arc<str>>,
    /// DMARC (RFC 7489).
    pub dmarc: AuthResult,
    /// The domain of `From` that DMARC was checked for (`header.from`), in lower case; empty where what was named is no
    /// domain, or several. Whatever the result, nobody but an author of this very domain is authenticated. Models do
    /// not see it.
    pub dmarc_domain: Option<Arc<str>>,
    /// ARC (RFC 8617).
    pub arc: AuthResult,
}

crate::debug! {
    /// Without the domains, which the message names: they belong in no log.
    Authentication {
        spf, spf_domain: unsaid_if_any, dkim, dkim_domains: counted, dmarc, dmarc_domain: unsaid_if_any, arc
    }
}

impl Authentication {
    /// Nobody checked anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a report says of the methods that no report before it spoke of: reports are given
    /// from the top of the message, and the topmost was written last.
    pub(super) fn add(&mut self, report: &Report) {
        let settled = self.clone();
        for result in &report.results {
            match &*result.method {
                "spf" if settled.spf == AuthResult::Unknown && self.spf == AuthResult::Unknown => {
                    self.spf = result.result;
                    let domain = result.domain("smtp", &["mailfrom", "mail", "from", "helo"]);
                    self.spf_domain = domain.map(|domain| (&*domain).into());
                }
                "dkim" if settled.dkim == AuthResult::Unknown => self.add_signature(result),
                "dmarc" if settled.dmarc == AuthResult::Unknown => self.add_dmarc(result),
                "arc" if self.arc == AuthResult::Unknown => self.arc = result.result,
                _ => {}
            }
        }
    }

    /// A message has one author, and so one result. Of several in one field some may be what a sender wrote into a
    /// comment: where they differ, none is a pass.
    fn add_dmarc(&mut self, result: &results::MethodResult) {
        let domain =
            result.has("header", "from").then(|| result.domain("header", &["from"]).unwrap_or_default().into());
        if self.dmarc == AuthResult::Unknown && self.dmarc_domain.is_none() {
            (self.dmarc, self.dmarc_domain) = (result.result, domain);
        } else if (self.dmarc, &self.dmarc_domain) != (result.result, &domain) {
            let has_failed = [self.dmarc, result.result].contains(&AuthResult::Fail);
            self.dmarc = if has_failed { AuthResult::Fail } else { AuthResult::Permerror };
            self.dmarc_domain = Some("".into());
        }
    }

    fn add_signature(&mut self, result: &results::MethodResult) {
        if result.result.rank() < self.dkim.rank() {
            self.dkim = result.result;
        }
        let passed = result.result == AuthResult::Pass;
        if let Some(domain) = result.domain("header", &["d", "i"]).filter(|_| passed)
            && self.dkim_domains.len() < DKIM_DOMAINS_MAX
            && !self.dkim_domains.iter().any(|known| **known == *domain)
        {
            self.dkim_domains.push((&*domain).into());
        }
    }

    /// As models may see it, whatever the filter set.
    pub(super) fn bounded(mut self) -> Self {
        self.dkim_domains.truncate(DKIM_DOMAINS_MAX);
        self
    }
}
