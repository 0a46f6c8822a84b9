//! `switchback explain`.

mod report;

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use switchback::journal::{JournalReader, Query, Record};
use switchback::message::Reading;
use switchback::verdict::RecordId;
use switchback::{Digest, Message};
use switchback_corpus::Corpus;

use self::report::{Again, Report};
use crate::args::{InputArgs, RuntimeArgs};
use crate::exit::{Exit, after_help};
use crate::journal::JournalArgs;
use crate::judge::Opinion;
use crate::schema::{Output, kind};
use crate::show;
use crate::store::releases;

/// Score a recorded message again with the recorded releases, and compare bit for bit
///
/// A verdict can be recomputed: the same release and the same message always give the same score under the same reading of the
/// message. If the record was made under another reading, the command says so.
/// Shows the reasons, which the journal does not keep. FILE has to be the message as the filter saw it: delivery adds header
/// fields. What else the filter knew (envelope, client, authentication) is not in the file: give it as options or in a sidecar
/// file, so that the match is exact.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The record, as `switchback journal` names it
    #[arg(long, value_name = "ID")]
    id: RecordId,

    /// The message, or `-` for standard input; of an mbox, the recorded message is taken
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    journal: JournalArgs,

    #[command(flatten)]
    message: InputArgs,

    #[command(flatten)]
    runtime: RuntimeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback explain --id 019668fe-2ac0-7c3e-9a52-0242ac120002 message.eml
  switchback explain --id 019668fe-2ac0-7c3e-9a52-0242ac120002 --mail-from a@news.example --rcpt me@home.example \
      --client-ip 192.0.2.7 message.eml
  switchback journal --message-id '<4711@mail.example>' --json | jq -r .id";

const EXIT_CODES: [&str; 2] = [
    "every release that scored the message gives the same score again, bit for bit",
    "one gives another score, and the output says why; or it could not be tried",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("explain", &[kind::<report::Explained<'static>>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let reader = args.journal.open()?;
    let record = find(&reader, args.id)?;
    let message = read(args, &record)?;
    let asked: Vec<_> = record.opinions.iter().filter(|opinion| opinion.score().is_some()).collect();
    let ids: Vec<_> = asked.iter().map(|opinion| opinion.release.clone()).collect();
    if ids.is_empty() {
        bail!("no release has scored the message of {}: {}", args.id, record.decided_by);
    }
    let loaded = releases::load(&args.journal.store, &ids, &args.runtime, 1)?;
    let again =
        asked.iter().map(|recorded| Again { recorded, now: Opinion::of(&loaded.runtime, &recorded.release, &message) });
    let report = Report::new(&record, differences(&record, &message), again.collect());
    match args.json {
        true => writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&report.json())?)?,
        false => report.write(&mut io::stdout().lock())?,
    }
    Ok(Exit::found_if(!report.is_equal()))
}

fn find(reader: &JournalReader, id: RecordId) -> anyhow::Result<Record> {
    let mut latest = reader.last(&Query::default().id(id), 1)?;
    crate::journal::say_unread(&latest.unread);
    latest.records.pop().with_context(|| format!("the journal has no record {id}; it may have been too old to keep"))
}

/// The message; of several the one that was recorded.
fn read(args: &Args, record: &Record) -> anyhow::Result<Message> {
    let (mut only, mut count) = (None, 0_u64);
    for entry in Corpus::open(std::slice::from_ref(&args.file), args.message.reading(), crate::exit::say) {
        let (name, raw) = entry.read();
        let message = raw.map(|raw| args.message.message(raw)).map_err(|unread| anyhow!(unread.about(&name)))?;
        if Digest::from(message.sha256()) == record.mail.digest {
            return Ok(message);
        }
        count += 1;
        only = Some(message).filter(|_| count == 1);
    }
    let file = args.file.display();
    if count > 1 {
        bail!("{file} has {}, and none is the one that was recorded", show::counted(count, "message"));
    }
    only.with_context(|| format!("{file} has no message"))
}

/// In what the message differs from the one that was recorded.
fn differences(record: &Record, message: &Message) -> Vec<String> {
    let (bytes, context) = (Digest::from(message.sha256()), Digest::from(message.context_digest()));
    let mut differences = Vec::new();
    if record.reading != Reading::CURRENT {
        differences.push(format!(
            "made under reading {}, this host has {}: a model may see another text, other links, names or another author \
             (docs/reading.md says which), so another score is no fault of the release",
            record.reading,
            Reading::CURRENT
        ));
    }
    if bytes != record.mail.digest {
        differences.push(format!(
            "the file is another message than the recorded one, or was changed: its SHA-256 is {bytes}, recorded is {}",
            record.mail.digest
        ));
    }
    if context != record.mail.context {
        differences.push(
            "the filter knew something else besides the message (envelope, client, authentication, key of recipients) \
             than this command does; a model that looks at it may say something else. Give it as options \
             (--mail-from, --rcpt, --client-ip, ...) or in a sidecar, FILE.json"
                .to_owned(),
        );
    }
    differences
}
