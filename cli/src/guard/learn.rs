//! `switchback guard learn`.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::guard::GuardSettings;
use switchback::guard::{GuardStore, Lesson};
use switchback::journal::{JournalReader, Query};

use super::mail::{Mail, MailArgs, Seen};
use super::settings;
use crate::args::{self, MessageArgs, ThreadArgs};
use crate::exit::{Exit, after_help};
use crate::journal;
use crate::parallel::Workers;
use crate::progress::Progress;
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::StoreArgs;
use crate::store::slot::{SlotArgs, Slots};

/// Teach the guard which senders are known, from earlier mail
///
/// Prints how many senders were new to it, how many it had seen before, and how many of them count today.
///
/// The guard acts only on behalf of senders that were authenticated and seen on several days, the first of them weeks ago. A
/// new filter knows no senders, so its guard only warns. This command teaches it the senders of earlier mail and the days on
/// which they wrote, so that it can act from its first day.
/// Use it too after the guard's memory was lost: once any sender is known, promotions are possible again. Only hashes of senders
/// are kept. A journal has addresses hashed with its own key, so it teaches domains but not the addresses at mailbox
/// providers; a corpus teaches both.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
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

const EXAMPLES: &str = "\
Examples:
  switchback guard learn --journal
  switchback guard learn --trust-authserv-id mx.example.net ~/Maildir
  switchback guard learn --journal=/mnt/backup/journal";

const EXIT_CODES: [&str; 2] =
    ["everything was read", "something could not be read, or no sender in it counts from now on"];

/// What was learned.
#[derive(JsonSchema, Serialize)]
struct Learned {
    messages: u64,
    /// Of authenticated senders.
    authenticated: u64,
    days: u64,
    unread: u64,
    #[serde(flatten)]
    lesson: Lesson,
}

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("guard-learn", &[kind::<Learned>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let control = args.store.open()?;
    let state = control.state()?;
    let slots = Slots::of(&state, &control.processes()?);
    let slot = match args.mail.journal(&args.store)? {
        Some(dir) => {
            let slot = slots.chosen(args.slot.named())?;
            journal::check_slot(slots, &JournalReader::open(dir)?, &slot)?;
            slot
        }
        None => slots.existing_or_first(args.slot.named())?,
    };
    let settings = state.slots.get(&slot).map(|slot| slot.guard.clone()).unwrap_or_default();
    let mail = match args.mail.journal(&args.store)? {
        Some(dir) => of_journal(&dir, slot, &settings)?,
        None => of_corpus(args, &settings)?,
    };
    let lesson = GuardStore::open(args.store.dir()?)?.learn(&settings, mail.known.values().map(Seen::sighting))?;
    let learned = Learned::of(&mail, lesson);
    learned.tell(args, &settings)?;
    Ok(Exit::found_if(learned.unread > 0 || lesson.count_today == 0))
}

fn of_journal(dir: &Path, slot: String, settings: &GuardSettings) -> anyhow::Result<Mail> {
    let (mut mail, now) = (Mail::new(settings), Timestamp::now());
    let query = Query::default().slot(slot);
    let unread = JournalReader::open(dir)?.for_each_sighting(&query, |sighting| {
        // A journal's hash of an address is nobody else's: of a provider's users it tells nothing.
        mail.teach(&sighting.sender(None), now);
    })?;
    journal::say_unread(&unread);
    mail.unusable = unread.len() as u64;
    Ok(mail)
}

fn of_corpus(args: &Args, settings: &GuardSettings) -> anyhow::Result<Mail> {
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

impl Learned {
    fn of(mail: &Mail, lesson: Lesson) -> Self {
        let days = mail.known.keys().map(|(day, _)| day).collect::<BTreeSet<_>>().len() as u64;
        Self { messages: mail.messages, authenticated: mail.authenticated, days, unread: mail.unusable, lesson }
    }

    fn tell(&self, args: &Args, settings: &GuardSettings) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if args.json {
            return json_line(self, &mut out);
        }
        let Self { messages, authenticated, days, lesson, .. } = self;
        let Lesson { senders, new, more_days, known, .. } = *lesson;
        let (all, some) = (show::counted(*messages, "message"), show::count(*authenticated));
        let (senders, days) = (show::counted(senders, "sender"), show::counted(*days, "day"));
        writeln!(out, "of {all} {some} were of authenticated senders: {senders} on {days}")?;
        writeln!(
            out,
            "  {} new, {} seen before and now on more days, {} of whom nothing new was learned",
            show::count(new),
            show::count(more_days),
            show::count(known)
        )?;
        self.counts(settings, &mut out)?;
        if args.mail.is_journal() {
            writeln!(out, "users of mailbox providers stay unknown: a journal has no addresses, a corpus does")?;
        } else if *authenticated == 0 {
            writeln!(
                out,
                "none was authenticated: for a corpus, name the server whose results count with --trust-authserv-id"
            )?;
        }
        Ok(())
    }

    /// From when on they count.
    fn counts(&self, settings: &GuardSettings, out: &mut impl Write) -> io::Result<()> {
        let Lesson { count_today, count_tomorrow, count_later, .. } = self.lesson;
        let known = settings::known(settings);
        write!(out, "  {} count from now on ({known})", show::count(count_today))?;
        for (count, when) in
            [(count_tomorrow, "from tomorrow (UTC)"), (count_later, "after more days on which they write")]
        {
            if count > 0 {
                write!(out, ", {} {when}", show::count(count))?;
            }
        }
        writeln!(out)
    }
}
