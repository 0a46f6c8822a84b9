//! `switchback held move`.

mod alone;
mod outcome;
mod plan;

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;
use switchback::Control;
use switchback::control::Request;
use switchback::verdict::RecordId;
use switchback_gateway::Config;
use switchback_gateway::config::MailboxConfig;
use switchback_gateway::held::Spool;
use switchback_gateway::mailbox::{Delivered, MailboxError, Mailboxes, Users};

use self::outcome::{Counts, Moved, OutcomeKind, Report};
use self::plan::{Move, Plan, Wanted};
use super::{place, wanted};
use crate::exit::{Exit, after_help, chain};
use crate::schema::{Output, kind};
use crate::store::StoreArgs;
use crate::store::author::AuthorArgs;

/// Move mail back that was delivered into Junk
///
/// Each message is found in the users' mailboxes by the record that its stamp names, or without a stamp by its Message-ID where
/// only one message has it, and moved once. One that is in the other mailbox already stays as it is, and so does what its user has
/// moved elsewhere or deleted. Dovecot's doveadm does all of it (`mailbox` in the configuration). The ledger records who moves how
/// many messages and why, before the first one moves.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    which: WhichArgs,

    /// Only in the mailboxes of this user, or of all who match: `*@example.org` [default: every user that Dovecot lists]
    #[arg(long, value_name = "USER", value_parser = NonEmptyStringValueParser::new())]
    user: Option<String>,

    /// Reason, recorded in the ledger
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,

    #[command(flatten)]
    author: AuthorArgs,

    /// Print what would be moved, and move nothing
    #[arg(long)]
    dry_run: bool,

    /// Print one JSON object per line: one for each message of each user, and one with the counts at the end
    #[arg(long)]
    json: bool,

    /// Configuration of the gateway [default: the value of SWITCHBACK_CONFIG, or /etc/switchback/gateway.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    store: StoreArgs,
}

/// Which messages.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct WhichArgs {
    /// The messages, by their records: the `id` of their stamps
    #[arg(value_name = "ID")]
    ids: Vec<RecordId>,

    /// What a release flagged that another would not have: the output of `switchback impact` with --json or --csv; - for
    /// standard input
    #[arg(long, value_name = "FILE")]
    from_impact: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  switchback impact phish@2.0.0 --json > misfiled.json
  switchback held move --from-impact misfiled.json --reason 'phish@2.0.0 flagged Gmail mail' --dry-run
  switchback held move --from-impact misfiled.json --reason 'phish@2.0.0 flagged Gmail mail'
  switchback held move 01938a4e-7c1b-7000-8000-0242ac120002 --user ada@example.org --reason 'asked for by ada'";

const EXIT_CODES: [&str; 2] = [
    "every message is where it belongs, or there was none",
    "a message is in no mailbox that was looked into, is still held, or was not moved; or Dovecot or the store cannot be used",
];

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::lines("held-move", &[kind::<Moved>, kind::<Counts>]);

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let config = place::configured(args.config.as_deref()).transpose()?;
    let store = args.store.dir_or(config.as_ref().map(|config| config.store.as_path()))?;
    let wanted = args.which.wanted(&store)?;
    let mailbox = config.as_ref().map_or_else(MailboxConfig::default, |config| config.mailbox.clone());
    let mut mover = Mover {
        args,
        mailboxes: Mailboxes::new(&mailbox),
        since: wanted.since(),
        report: Report::new(args.json, args.dry_run),
    };
    let spool = config.as_ref().and_then(spool);
    if args.dry_run {
        let plan = mover.plan(&wanted)?;
        return mover.tell(&wanted, plan, spool.as_ref());
    }
    let control = Control::open(&store)?.author(args.author.name()).reason(args.reason.as_str());
    let alone = alone::alone(&store)?;
    let mut plan = mover.plan(&wanted)?;
    let moves = std::mem::take(&mut plan.moves);
    if !moves.is_empty() {
        let messages = moves.values().flatten().map(|one| one.id).collect();
        mover.report.event(control.commit(Request::MoveMail { messages })?.event);
    }
    for (user, moves) in moves {
        mover.move_all(&wanted, user, moves, &alone)?;
    }
    mover.tell(&wanted, plan, spool.as_ref())
}

/// The mail that is held, where the configuration says so and it can be read.
fn spool(config: &Config) -> Option<Spool> {
    Spool::existing(config.held.dir.as_deref()?).ok()
}

impl WhichArgs {
    fn wanted(&self, store: &Path) -> anyhow::Result<Wanted> {
        let listed = self.from_impact.as_deref().map(wanted::read).transpose()?.unwrap_or_default();
        Ok(Wanted::new(&self.ids, listed, store))
    }
}

/// Who moves.
struct Mover<'a> {
    args: &'a Args,
    mailboxes: Mailboxes<'a>,
    since: Timestamp,
    report: Report,
}

impl Mover<'_> {
    /// What there is to do.
    fn plan(&mut self, wanted: &Wanted) -> anyhow::Result<Plan> {
        if wanted.is_empty() {
            return Ok(Plan::default());
        }
        let users = self.args.user.clone().map_or(Users::All, Users::Matching);
        Ok(Plan::of(wanted, self.look(&users)?))
    }

    fn look(&mut self, users: &Users) -> Result<Vec<Delivered>, MailboxError> {
        let found = self.mailboxes.find(users, self.since)?;
        if let Some(trouble) = found.trouble {
            self.report.trouble(&format!("not every mailbox could be looked into: {}", chain(&trouble)));
        }
        Ok(found.messages)
    }

    /// Moves the messages of a user, and looks what became of them: what was moved is in the other mailbox.
    fn move_all(&mut self, wanted: &Wanted, user: String, moves: Vec<Move>, alone: &File) -> anyhow::Result<()> {
        let mut refused = Vec::new();
        for one in &moves {
            refused.push(self.mailboxes.move_back(&one.message, alone.try_clone()?).err());
        }
        let after = match self.look(&Users::Matching(user.clone())) {
            Ok(found) => Plan::of(wanted, found),
            Err(error) => {
                let why = format!("whether it was moved is not known: {}", chain(&error));
                return moves
                    .into_iter()
                    .try_for_each(|one| self.report.one(Moved::of(one.id, &user, OutcomeKind::Failed, Some(&why))));
            }
        };
        for (one, refused) in moves.into_iter().zip(refused) {
            let (outcome, why) = match after.place(&user, one.id) {
                Some(OutcomeKind::AlreadyThere) => (OutcomeKind::Moved, None),
                Some(_) => {
                    let why = refused.map_or_else(|| "Dovecot has left it there".to_owned(), |error| chain(&error));
                    (OutcomeKind::Failed, Some(why))
                }
                None => (OutcomeKind::Absent, Some("somebody else has moved or deleted it meanwhile".to_owned())),
            };
            self.report.one(Moved::of(one.id, &user, outcome, why.as_deref()))?;
        }
        Ok(())
    }

    /// Tells what was not to be moved, and ends.
    fn tell(mut self, wanted: &Wanted, plan: Plan, spool: Option<&Spool>) -> anyhow::Result<Exit> {
        for (user, moves) in &plan.moves {
            for one in moves {
                self.report.one(Moved::of(one.id, user, OutcomeKind::Found, None))?;
            }
        }
        for one in plan.others {
            self.report.one(one)?;
        }
        for id in wanted.ids().filter(|id| !plan.seen.contains(id)) {
            let is_held = spool.is_some_and(|spool| spool.path_of(id).exists());
            self.report.one(Moved::nowhere(id, is_held))?;
        }
        self.report.finish()
    }
}
