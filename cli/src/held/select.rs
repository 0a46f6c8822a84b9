//! Which of the messages that are held a command is about.

use clap::builder::NonEmptyStringValueParser;
use switchback_gateway::held::{HeldMessage, Spool};

use crate::exit::{self, Exit, chain};
use crate::store::reference;
use crate::window::{Window, WindowArgs};

/// Which messages.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Which messages")]
pub(super) struct FilterArgs {
    #[command(flatten)]
    window: WindowArgs,

    /// Judged in this slot [default: every slot]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    /// Held by this release: `phish@2.0.0`, or the first digits of its digest
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,

    /// From this organisational domain
    #[arg(long, value_name = "DOMAIN", value_parser = NonEmptyStringValueParser::new())]
    from_domain: Option<String>,
}

impl FilterArgs {
    /// Messages that are as asked for.
    pub(super) fn select(&self, spool: &Spool) -> anyhow::Result<Selected> {
        let window = self.window.window()?;
        let mut selected = all(spool)?;
        selected.messages.retain(|message| self.is_meant(message, window));
        Ok(selected)
    }

    fn is_meant(&self, message: &HeldMessage, Window { since, until }: Window) -> bool {
        let is_of = |release: &String| message.release.as_ref().is_some_and(|id| reference::is_named(id, release));
        let is_from =
            |domain: &String| message.sender_domain.as_ref().is_some_and(|its| its.eq_ignore_ascii_case(domain.trim()));
        since.is_none_or(|since| message.at >= since)
            && until.is_none_or(|until| message.at < until)
            && self.slot.as_ref().is_none_or(|slot| message.slot == *slot)
            && self.release.as_ref().is_none_or(is_of)
            && self.from_domain.as_ref().is_none_or(is_from)
    }
}

/// What was found.
pub(super) struct Selected {
    pub(super) messages: Vec<HeldMessage>,
    /// Whether something could not be read, which was said.
    pub(super) exit: Exit,
}

/// Every message that is held, the oldest first. What cannot be read is said.
pub(super) fn all(spool: &Spool) -> anyhow::Result<Selected> {
    let mut selected = Selected { messages: Vec::new(), exit: Exit::Fine };
    for id in spool.ids()? {
        match spool.message(id) {
            Ok(message) => selected.messages.push(message),
            // Somebody else was faster.
            Err(error) if error.is_not_held() && !spool.path_of(id).exists() => {}
            Err(error) => {
                selected.exit = Exit::Found;
                exit::say(&chain(&error));
            }
        }
    }
    Ok(selected)
}
