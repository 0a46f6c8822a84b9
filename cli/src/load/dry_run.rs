//! `switchback load --dry-run`.

use std::path::Path;

use anyhow::Context as _;
use switchback::Control;
use switchback::control::{Event, Ledger};
use switchback::release::{read_signature, signature_path};

use super::readiness::Readiness;
use super::{Args, Loaded};
use crate::exit::{Exit, explained, say};
use crate::sign::sound;
use crate::store::is_missing;

/// The ledger as it would be.
struct DryRun<'a> {
    args: &'a Args,
    /// None where there is no store yet.
    control: Option<Control>,
    ledger: Ledger,
}

/// Says what loading would do. Nothing is compiled, and no store is made.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let control = match Control::open(args.change.store.dir()?) {
        Ok(control) => Some(control),
        Err(error) if is_missing(&error) => None,
        Err(error) => return Err(error.into()),
    };
    let ledger = control.as_ref().map(Control::ledger).transpose()?.unwrap_or_default();
    let mut dry_run = DryRun { args, control, ledger };
    let mut exit = Exit::Fine;
    for path in &args.files {
        match dry_run.load(path) {
            Ok(loaded) => drop(loaded.tell(args.change.json)?),
            Err(error) => {
                say(&explained(&error));
                exit = Exit::Found;
            }
        }
    }
    Ok(exit)
}

impl DryRun<'_> {
    fn load(&mut self, path: &Path) -> anyhow::Result<Loaded> {
        let verified = sound(path)?;
        let release = verified.id().clone();
        let signature = read_signature(&signature_path(path))?;
        let change = &self.args.change;
        let tried = self.ledger.dry_run_load(&change.author(), &change.reason, &verified, signature.as_deref());
        let event = tried.with_context(|| format!("load {release}"))?.map(|(event, after)| {
            self.ledger = after;
            event
        });
        let head = event.as_ref().map(Event::hash);
        let known = self.control.as_ref().filter(|_| event.is_none());
        let fault = known.and_then(|control| control.check_file(self.ledger.state(), &release).err());
        let mended = fault.map(|fault| fault.to_string());
        Ok(Loaded { dry_run: true, release, event, head, mended, readiness: Readiness::default() })
    }
}
