//! Slots as an operator names them.

use std::collections::BTreeSet;

use anyhow::bail;
use switchback::{Process, State};

use crate::exit::Usage;

/// Which slot.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct SlotArgs {
    /// The slot [default: the only one that there is]
    #[arg(long, value_name = "SLOT")]
    pub(crate) slot: Option<String>,
}

/// The slots that the ledger or a process knows.
#[derive(Debug)]
pub(crate) struct Slots(BTreeSet<String>);

impl Slots {
    pub(crate) fn of(state: &State, processes: &[Process]) -> Self {
        let registered = processes.iter().flat_map(|process| process.registered.slots.iter().cloned());
        Self(state.slots.keys().cloned().chain(registered).collect())
    }

    /// Whether there is one of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The slot that was named, or the only one.
    pub(crate) fn chosen(&self, args: &SlotArgs) -> Result<String, Usage> {
        if let Some(name) = &args.slot {
            return Ok(name.clone());
        }
        match self.0.first() {
            Some(only) if self.0.len() == 1 => Ok(only.clone()),
            None => Err(Usage("there is no slot yet: name the first one with --slot".to_owned())),
            Some(_) => Err(Usage(format!("which slot? There are {}: name one with --slot", self.list()))),
        }
    }

    /// The slot that was named, or the only one; it has to be there.
    pub(crate) fn existing(&self, args: &SlotArgs) -> anyhow::Result<String> {
        let name = self.chosen(args)?;
        self.check(&name)?;
        Ok(name)
    }

    /// The slot that was named, if one was; it has to be there, unless there is none at all.
    pub(crate) fn scope(&self, args: &SlotArgs) -> anyhow::Result<Option<String>> {
        if let Some(name) = args.slot.as_deref().filter(|_| !self.0.is_empty()) {
            self.check(name)?;
        }
        Ok(args.slot.clone())
    }

    fn check(&self, name: &str) -> anyhow::Result<()> {
        match self.has(name) {
            true => Ok(()),
            false => bail!("there is no slot `{name}`: {}", self.offer()),
        }
    }

    /// `there are inbound, outbound`.
    pub(crate) fn offer(&self) -> String {
        match self.0.len() {
            0 => "no operation and no process has named one yet".to_owned(),
            1 => format!("there is {}", self.list()),
            _ => format!("there are {}", self.list()),
        }
    }

    fn list(&self) -> String {
        self.0.iter().cloned().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(names: &[&str]) -> Slots {
        Slots(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn named(slot: Option<&str>) -> SlotArgs {
        SlotArgs { slot: slot.map(str::to_owned) }
    }

    #[test]
    fn the_only_slot_goes_without_saying() {
        assert_eq!(slots(&["in"]).existing(&named(None)).unwrap(), "in");
        assert_eq!(slots(&["in", "out"]).existing(&named(Some("out"))).unwrap(), "out");
        let which = slots(&["in", "out"]).existing(&named(None)).unwrap_err().to_string();
        assert!(which.contains("There are in, out: name one"), "{which}");
        let first = slots(&[]).existing(&named(None)).unwrap_err().to_string();
        assert!(first.contains("name the first one"), "{first}");
    }

    #[test]
    fn a_slot_that_is_not_there_is_a_mistake() {
        let unknown = slots(&["in"]).existing(&named(Some("inn"))).unwrap_err().to_string();
        assert_eq!(unknown, "there is no slot `inn`: there is in");
        assert!(slots(&["in"]).scope(&named(Some("inn"))).is_err());
        assert_eq!(slots(&["in"]).scope(&named(None)).unwrap(), None);
        assert_eq!(slots(&[]).scope(&named(Some("in"))).unwrap().as_deref(), Some("in"));
    }
}
