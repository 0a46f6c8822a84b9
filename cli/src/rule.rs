//! Override rules as the commands `allow` and `block` describe them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use switchback::control::{Lasting, Request};
use switchback::verdict::{Matcher, Network, Override, Rule, Scope, SenderAddress, SenderDomain, Senders};
use switchback::{Digest, Message};
use switchback_corpus::{STDIN, read_bounded};

use crate::clock;
use crate::duration::duration;
use crate::exit::{Exit, Usage};
use crate::store::change::{Change, ChangeArgs, Operator, Remarks};
use crate::store::text;

/// Which messages, and how long.
#[derive(clap::Args)]
pub(crate) struct RuleArgs {
    #[command(flatten)]
    matched: MatchedArgs,

    /// Match anyone who claims to be the sender, including forged mail
    #[arg(long, conflicts_with_all = ["network", "content"])]
    anyone: bool,

    /// Only in this slot [default: every slot]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    /// Only for messages of this tenant [default: every tenant]
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// How long it is in effect, from a second to 90 days: `30min`, `24h`, `7d` (docs/times.md)
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = standing)]
    duration: SignedDuration,

    #[command(flatten)]
    change: ChangeArgs,
}

/// What has to match.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct MatchedArgs {
    /// Messages from this address
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<SenderAddress>,

    /// Messages from this domain and its subdomains
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<SenderDomain>,

    /// Messages delivered by a client in this network
    #[arg(long, value_name = "CIDR")]
    network: Option<Network>,

    /// Messages with the same content as the one in this file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
}

impl RuleArgs {
    /// Makes the rule, and says what it matches and when it ends.
    pub(crate) fn add(&self, request: impl FnOnce(Rule) -> Request) -> anyhow::Result<Exit> {
        if self.change.reason.trim().is_empty() {
            return Err(Usage("an override needs a reason: give one with --reason".to_owned()).into());
        }
        let operator = Operator::open(&self.change)?;
        let slot = operator.slots()?.scope(self.slot.as_deref())?;
        // Not rounded: half a second more would be too long where this is the longest that there may be.
        let end = clock::now().checked_add(self.duration);
        let end = end.context("that is out of range; an override lasts 90 days at most")?;
        let mut scope = Scope::default();
        (scope.slot, scope.tenant) = (slot, self.tenant.clone());
        let senders = if self.anyone { Senders::Anyone } else { Senders::Authenticated };
        let rule = Rule::new(self.matched.matcher()?, end).scope(scope).senders(senders);
        let change = operator.commit(request(rule.clone()))?;
        let notes = self.notes(&rule, &change);
        operator.tell(&change, &Remarks { notes, ..Remarks::default() })
    }

    fn notes(&self, rule: &Rule, change: &Change) -> Vec<String> {
        let (number, end) = (change.event.sequence, text::instant(rule.expires_at));
        let ends = format!(
            "override {number} ends at {end}, in {}; `switchback expire {number}` ends it earlier",
            Lasting(self.duration.unsigned_abs())
        );
        let leap = change.gap().filter(|gap| gap.unsigned_abs() > Override::EXPIRY_MAX && gap.is_positive());
        let leap = leap.map(|gap| {
            format!(
                "the clock is {} days later than at event {}: if the clock is wrong, the override will not be in effect once it is corrected",
                gap.as_hours() / 24,
                number.previous()
            )
        });
        let who = match (&rule.matcher, rule.senders) {
            (Matcher::Network(_) | Matcher::Content(_), _) => return std::iter::once(ends).chain(leap).collect(),
            (_, Senders::Authenticated) => {
                "it matches authenticated senders only (DMARC passed, or DKIM did for their domain); forged mail is \
                 scored as before"
            }
            (_, Senders::Anyone) => {
                "it matches anyone who claims to be the sender, so it applies to forged mail as well"
            }
        };
        [ends, who.to_owned()].into_iter().chain(leap).collect()
    }
}

impl MatchedArgs {
    fn matcher(&self) -> anyhow::Result<Matcher> {
        match (&self.sender, &self.domain, &self.network, &self.content) {
            (Some(sender), ..) => Ok(Matcher::Sender(sender.clone())),
            (_, Some(domain), ..) => Ok(Matcher::Domain(domain.clone())),
            (_, _, Some(network), _) => Ok(Matcher::Network(*network)),
            (.., Some(path)) => Ok(Matcher::Content(content(path)?)),
            (None, None, None, None) => {
                Err(Usage("which messages? Name them with --sender, --domain, --network or --content".to_owned())
                    .into())
            }
        }
    }
}

/// The digest of what a message says.
fn content(path: &Path) -> anyhow::Result<Digest> {
    let bytes = message(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Message::parse(bytes).content_digest().into())
}

fn message(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes =
        if path.as_os_str() == STDIN { read_bounded(io::stdin().lock())? } else { read_bounded(File::open(path)?)? };
    if bytes.is_empty() {
        bail!("it is empty, and an override for it would match every empty message");
    }
    Ok(bytes)
}

/// How long a rule stands: for a second at least.
fn standing(text: &str) -> Result<SignedDuration, String> {
    let duration = duration(text)?;
    match duration.as_secs() {
        0 => Err(format!("`{text}` is less than a second, the shortest that an override lasts")),
        _ => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_stands_for_a_while() {
        assert_eq!(standing("24h"), Ok(SignedDuration::from_hours(24)));
        for text in ["0s", "1ms", "999ms"] {
            assert!(standing(text).unwrap_err().contains("the shortest"), "{text}");
        }
    }
}
