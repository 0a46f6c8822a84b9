//! `switchback guard learn`.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use switchback::guard::{Settings, Sighting};
use switchback::{GuardStore, JournalReader, Query};

use super::mail::{Mail, MailArgs, Seen};
use crate::args::{self, MessageArgs, ThreadArgs};
use crate::exit::Exit;
use crate::journal;
use crate::parallel::Workers;
use crate::progress::Progress;
use crate::show;
use crate::store::StoreArgs;
use crate::store::slot::{SlotArgs, Slots};

/// Teach the guard who is known, from mail of earlier days
///
/// The guard acts on behalf of senders only that were authenticated and seen on several days, the first of them weeks ago. A
/// filter that is new knows nobody, and its guard only warns; this tells it whom the mail that came before was from, and on
/// which days. So it may act from its first day on.
/// Also after the guard's memory was lost: if this teaches anybody, promotions go on. Only hashes of senders are kept. A journal has the addresses hashed with a key of
/// its own, so it teaches domains, and no addresses of mailbox providers: a corpus does.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    mail: MailArgs,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    slot: SlotArgs,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    message: MessageArgs,

    #[command(flatten)]
    threads: ThreadArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback guard learn --journal
  switchback guard learn --trust-authserv-id mx.example.net ~/Maildir
  switchback guard learn --journal=/mnt/backup/journal

Exit codes:
  0  everything was read
  1  something could not be read, or nobody in it was authenticated
  2  the command line is wrong";

/// What was learned.
#[derive(Serialize)]
struct Lesson {
    messages: u64,
    /// Of authenticated senders.
    authenticated: u64,
    senders: u64,
    days: u64,
    unread: u64,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let control = args.store.open()?;
    let state = control.state()?;
    let slot = Slots::of(&state, &control.processes()?).chosen(&args.slot)?;
    let settings = state.slots.get(&slot).map(|slot| slot.guard.clone()).unwrap_or_default();
    let mail = match args.mail.journal(&args.store)? {
        Some(dir) => of_journal(&dir, slot, &settings)?,
        None => of_corpus(args, &settings)?,
    };
    GuardStore::open(args.store.dir()?)?.learn(&settings, mail.known.values().map(Seen::sighting))?;
    let lesson = Lesson::of(&mail);
    lesson.tell(args)?;
    Ok(Exit::found_if(lesson.unread > 0 || lesson.senders == 0))
}

fn of_journal(dir: &Path, slot: String, settings: &Settings) -> anyhow::Result<Mail> {
    let (mut mail, now) = (Mail::new(settings), Timestamp::now());
    let query = Query { slot: Some(slot), ..Query::default() };
    let unread = JournalReader::open(dir)?.for_each_sighting(&query, |sighting| {
        // A journal's hash of an address is nobody else's: of a provider's users it tells nothing.
        mail.teach(&Sighting { sender: None, ..*sighting }, now);
    })?;
    journal::say_unread(&unread);
    mail.unusable = unread.len() as u64;
    Ok(mail)
}

fn of_corpus(args: &Args, settings: &Settings) -> anyhow::Result<Mail> {
    let corpus = args::open(&args.mail.inputs, args.message.reading())?;
    let mut progress = Progress::over(corpus.bytes(), false);
    let (mut mail, now) = (Mail::new(settings), Timestamp::now());
    Workers::start(args.threads.count())?.in_order(
        corpus,
        |entry| {
            let (name, bytes) = entry.read();
            (name, bytes.map(|bytes| args.message.message(bytes)))
        },
        |(name, message)| {
            progress.message(message.as_ref().map_or(0, |message| message.len() as u64));
            match message {
                Ok(message) => {
                    let sighting = mail.sighting(&message);
                    mail.teach(&sighting, now);
                }
                Err(unread) => {
                    mail.unusable += 1;
                    progress.say(&unread.about(&name));
                }
            }
            Ok(())
        },
    )?;
    progress.finish();
    Ok(mail)
}

impl Lesson {
    fn of(mail: &Mail) -> Self {
        let days = mail.known.keys().map(|(day, _)| day).collect::<BTreeSet<_>>().len() as u64;
        let senders = mail.known.keys().map(|(_, sender)| sender).collect::<BTreeSet<_>>().len() as u64;
        Self { messages: mail.messages, authenticated: mail.authenticated, senders, days, unread: mail.unusable }
    }

    fn tell(&self, args: &Args) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if args.json {
            serde_json::to_writer(&mut out, self)?;
            return writeln!(out);
        }
        let Self { messages, authenticated, senders, days, .. } = self;
        let (all, some) = (show::counted(*messages, "message"), show::count(*authenticated));
        let (senders, days) = (show::counted(*senders, "sender"), show::counted(*days, "day"));
        writeln!(out, "of {all} {some} were of authenticated senders: {senders} on {days} are remembered")?;
        if args.mail.is_journal() {
            writeln!(out, "users of mailbox providers stay unknown: a journal has no addresses, a corpus does")?;
        } else if *authenticated == 0 {
            writeln!(out, "nobody was: for a corpus, --trust-authserv-id names the server whose results count")?;
        }
        Ok(())
    }
}
