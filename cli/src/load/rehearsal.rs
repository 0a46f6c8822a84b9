//! `switchback load --dry-run`.

use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use switchback::{Control, Digest, Ledger, Operation, Proposal, Refused, State, read_signature, signature_path};

use super::readiness::Readiness;
use super::{Args, Loaded};
use crate::exit::{Exit, chain, say};
use crate::sign::sound;
use crate::store::is_missing;

/// The ledger as it would be.
struct Rehearsal<'a> {
    args: &'a Args,
    state: State,
    head: Digest,
}

/// Says what loading would do. Nothing is compiled, and no store is made.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let ledger = match Control::open(args.change.store.dir()?) {
        Ok(control) => control.ledger()?,
        Err(error) if is_missing(&error) => Ledger::default(),
        Err(error) => return Err(error.into()),
    };
    let mut rehearsal = Rehearsal { args, head: ledger.head(), state: ledger.into_state() };
    let mut exit = Exit::Fine;
    for path in &args.files {
        match rehearsal.load(path) {
            Ok(loaded) => drop(loaded.tell(args.change.json)?),
            Err(error) => {
                say(&chain(error.as_ref()));
                exit = Exit::Found;
            }
        }
    }
    Ok(exit)
}

impl Rehearsal<'_> {
    fn load(&mut self, path: &Path) -> anyhow::Result<Loaded> {
        let verified = sound(path)?;
        let release = verified.id().clone();
        let signature = read_signature(&signature_path(path))?;
        let signer = self.state.trust.check(&release, verified.bytes(), signature.as_deref());
        let signer = signer.with_context(|| format!("load {release}"))?;
        let change = &self.args.change;
        let operation = Operation::Load { release: release.clone(), signer };
        let proposal = Proposal { author: change.author(), reason: change.reason.clone(), operation };
        let event = match self.state.draft(proposal, Timestamp::now(), self.head) {
            Ok(event) => Some(event),
            Err(Refused::LoadedAlready(_)) => None,
            Err(refused) => return Err(refused).with_context(|| format!("load {release}")),
        };
        if let Some(event) = &event {
            self.head = event.hash()?;
            self.state.apply(event)?;
        }
        let head = event.is_some().then_some(self.head);
        Ok(Loaded { dry_run: true, release, event, head, readiness: Readiness::default() })
    }
}
