//! `switchback held show`.

use std::io::{self, Write};

use switchback::message::Recipients;
use switchback::verdict::RecordId;
use switchback::{Message, ReleaseId};
use switchback_gateway::held::{HeldMessage, HeldRecipient};

use super::place::PlaceArgs;
use super::table;
use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::show::{self, printable};
use crate::store::text::{LINE_CHARS_MAX, instant};

/// Show one message that is held
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    /// The message, as `switchback held list` names it
    #[arg(value_name = "ID")]
    id: RecordId,

    /// Print the message itself, exactly as it is held
    #[arg(long, conflicts_with = "json")]
    raw: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback held show 01938a4e-7c1b-7000-8000-0242ac120002
  switchback held show --raw 01938a4e-7c1b-7000-8000-0242ac120002 > message.eml";

const EXIT_CODES: [&str; 2] = ["the message is shown", "it is not held here, or cannot be read"];

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("held-show", &[kind::<HeldMessage>]);

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let place = args.place.open()?;
    let message = place.spool.message(args.id)?;
    let mut out = io::stdout().lock();
    if args.raw {
        out.write_all(&place.spool.bytes(args.id)?)?;
    } else if args.json {
        json_line(&message, &mut out)?;
    } else {
        write(&message, &Message::parse(place.spool.bytes(args.id)?), &mut out)?;
    }
    out.flush()?;
    Ok(Exit::Fine)
}

fn write(held: &HeldMessage, message: &Message, out: &mut impl Write) -> io::Result<()> {
    let mut line = |label: &str, text: &str| writeln!(out, "{label:<11}{}", printable(text, LINE_CHARS_MAX));
    let release = held.release.as_ref().map_or_else(|| "no release".to_owned(), ReleaseId::to_string);
    let score = held.score.map_or_else(|| "no score".to_owned(), |score| format!("score {}", show::score(score)));
    line("id", &held.id.to_string())?;
    line("held since", &instant(held.at))?;
    line("state", table::state(held))?;
    if let Some(why) = &held.why {
        line("why", why)?;
    }
    if let Some(attempt) = &held.attempt {
        line("given to", &format!("{} at {} by {}", attempt.through, instant(attempt.at), attempt.author))?;
    }
    line("verdict", &format!("{}, {score}, by {release} ({})", held.action, held.decided_by))?;
    line("slot", &format!("{}, {}", held.slot, held.direction.name()))?;
    if let Some(queue_id) = &held.queue_id {
        line("queue id", queue_id)?;
    }
    line("size", &show::bytes(held.bytes))?;
    line("sender", &addressed(&held.sender, &held.mail_parameters))?;
    for recipient in &held.recipients {
        line("recipient", &of_recipient(recipient))?;
    }
    for name in ["From", "To", "Date", "Subject", "Message-ID"] {
        if let Some(value) = message.header(name, Recipients::Granted).first() {
            line(name, value)?;
        }
    }
    Ok(())
}

fn addressed(address: &str, parameters: &[String]) -> String {
    parameters.iter().fold(format!("<{address}>"), |line, parameter| format!("{line} {parameter}"))
}

fn of_recipient(recipient: &HeldRecipient) -> String {
    let address = addressed(&recipient.address, &recipient.parameters);
    match (&recipient.released, &recipient.refused) {
        (Some(released), _) => format!("{address}: released at {}, {}", instant(released.at), released.reply),
        (None, Some(reply)) => format!("{address}: refused, {reply}"),
        (None, None) => address,
    }
}
