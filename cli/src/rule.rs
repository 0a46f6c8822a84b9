//! Override rules as the commands `allow` and `block` describe them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use switchback::{
    Digest, Lasting, Matcher, Message, Network, Override, Request, Rule, Scope, SenderAddress, SenderDomain, Senders,
};

use crate::clock;
use crate::corpus::STDIN;
use crate::duration::duration;
use crate::exit::{Exit, Usage};
use crate::store::change::{Change, ChangeArgs, Operator, Remarks};
use crate::store::slot::{SlotArgs, Slots};
use crate::store::text;

/// The most bytes of a message whose content a rule is about: what mail servers accept.
const MESSAGE_BYTES_MAX: u64 = 50 << 20;

/// Which messages, and how long.
#[derive(clap::Args)]
pub(crate) struct RuleArgs {
    #[command(flatten)]
    matched: MatchedArgs,

    /// Match whoever says to be the sender: also mail that is forged
    #[arg(long, conflicts_with_all = ["network", "content"])]
    anyone: bool,

    /// Only in this slot [default: every slot]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    /// Only for messages of this tenant [default: every tenant]
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// How long it holds, from a second to 90 days: `30min`, `24h`, `7d` (docs/times.md)
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = standing)]
    duration: SignedDuration,

    #[command(flatten)]
    change: ChangeArgs,
}

/// What of a message is looked at.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct MatchedArgs {
    /// Messages from this address
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<SenderAddress>,

    /// Messages from this domain, and those below it
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<SenderDomain>,

    /// Messages that a client in this network delivers
    #[arg(long, value_name = "CIDR")]
    network: Option<Network>,

    /// Messages that say the same as the one in this file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
}

impl RuleArgs {
    /// Makes the rule, and says what it matches and when it ends.
    pub(crate) fn add(&self, request: impl FnOnce(Rule) -> Request) -> anyhow::Result<Exit> {
        if self.change.reason.trim().is_empty() {
            return Err(Usage(
                "an override needs a reason, for whoever finds it later: give one with --reason".to_owned(),
            )
            .into());
        }
        let operator = Operator::open(&self.change)?;
        let slots = Slots::of(operator.state(), &operator.processes()?);
        let slot = slots.scope(&SlotArgs { slot: self.slot.clone() })?;
        // Not rounded: half a second more would be too long where this is the longest that there may be.
        let end = clock::now().checked_add(self.duration);
        let rule = Rule {
            matcher: self.matched.matcher()?,
            scope: Scope { slot, tenant: self.tenant.clone() },
            senders: if self.anyone { Senders::Anyone } else { Senders::Authenticated },
            expires_at: end.context("no clock goes so far; a rule holds for 90 days at most")?,
        };
        let change = operator.commit(request(rule.clone()))?;
        let notes = self.notes(&rule, &change);
        operator.tell(&change, &Remarks { notes, ..Remarks::default() })
    }

    fn notes(&self, rule: &Rule, change: &Change) -> Vec<String> {
        let (number, end) = (change.event.sequence, text::instant(rule.expires_at));
        let ends = format!(
            "override {number} ends at {end}, in {}; `switchback expire {number}` ends it before",
            Lasting(self.duration.unsigned_abs())
        );
        let leap = change.gap().filter(|gap| gap.unsigned_abs() > Override::EXPIRY_MAX && gap.is_positive());
        let leap = leap.map(|gap| {
            format!(
                "the clock is {} days later than at event {}: if it is wrong, the override will not hold when it is right again",
                gap.as_hours() / 24,
                number - 1
            )
        });
        let who = match (&rule.matcher, rule.senders) {
            (Matcher::Network(_) | Matcher::Content(_), _) => return std::iter::once(ends).chain(leap).collect(),
            (_, Senders::Authenticated) => {
                "it matches authenticated senders only: where DMARC passed, or DKIM did for their domain; mail that \
                 is forged is judged as before"
            }
            (_, Senders::Anyone) => {
                "it matches whoever says to be the sender, and anybody can: forged mail is treated the same"
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
                Err(Usage("which messages? Say --sender, --domain, --network or --content".to_owned()).into())
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
    let mut bytes = Vec::new();
    let input: Box<dyn io::Read> =
        if path.as_os_str() == STDIN { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    input.take(MESSAGE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MESSAGE_BYTES_MAX {
        bail!("it has more than {} MiB, so it is no message", MESSAGE_BYTES_MAX >> 20);
    }
    if bytes.is_empty() {
        bail!("it is empty, and a rule about nothing would match every empty message");
    }
    Ok(bytes)
}

/// How long a rule stands: for a second at least.
fn standing(text: &str) -> Result<SignedDuration, String> {
    let duration = duration(text)?;
    match duration.as_secs() {
        0 => Err(format!("`{text}` is less than a second, so the rule is over before it begins")),
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
            assert!(standing(text).unwrap_err().contains("over before"), "{text}");
        }
    }
}
