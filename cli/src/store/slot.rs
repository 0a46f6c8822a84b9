//! Slots as an operator names them.

use std::collections::BTreeSet;

use anyhow::bail;
use switchback::control::{StoreProcess, StoreState};

use super::text;
use crate::exit::Usage;
use crate::show;

/// Which slot.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct SlotArgs {
    /// The slot [default: the only one in the store]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,
}

impl SlotArgs {
    /// The slot, if one was named.
    pub(crate) fn named(&self) -> Option<&str> {
        self.slot.as_deref()
    }
}

const NO_SLOT: &str = "there is no slot yet";

/// How alike two names are, 0 to 1, of which one is offered for the other.
const LIKENESS_MIN: f64 = 0.8;

/// The slots that the ledger, a process or a journal knows.
#[derive(Debug)]
pub(crate) struct Slots(BTreeSet<String>);

impl Slots {
    pub(crate) fn of(state: &StoreState, processes: &[StoreProcess]) -> Self {
        let registered = processes.iter().flat_map(|process| process.registered.slots.iter().cloned());
        Self(state.slots.keys().cloned().chain(registered).collect())
    }

    /// And those of a journal.
    pub(crate) fn and(mut self, journal: BTreeSet<String>) -> Self {
        self.0.extend(journal);
        self
    }

    /// Whether there is one of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The slot that was named, or the only one.
    pub(crate) fn chosen(&self, named: Option<&str>) -> Result<String, Usage> {
        if let Some(name) = named {
            return Ok(name.to_owned());
        }
        match self.0.first() {
            Some(only) if self.0.len() == 1 => Ok(only.clone()),
            None => Err(Usage(format!("{NO_SLOT}: name the first one with --slot"))),
            Some(_) => Err(Usage(format!("which slot? There are {}: name one with --slot", self.list()))),
        }
    }

    /// The slot that was named, or the only one; it has to be there.
    pub(crate) fn existing(&self, named: Option<&str>) -> anyhow::Result<String> {
        if self.0.is_empty() {
            bail!("{NO_SLOT}: `switchback promote RELEASE --slot NAME` creates the first one");
        }
        let name = self.chosen(named)?;
        self.check(&name)?;
        Ok(name)
    }

    /// The slot that was named, or the only one; it has to be there, unless it is the first.
    pub(crate) fn existing_or_first(&self, named: Option<&str>) -> anyhow::Result<String> {
        let name = self.chosen(named)?;
        if !self.0.is_empty() {
            self.check(&name)?;
        }
        Ok(name)
    }

    /// The slot that was named, if one was; it has to be there, unless there is none at all.
    pub(crate) fn scope(&self, named: Option<&str>) -> anyhow::Result<Option<String>> {
        if let Some(name) = named.filter(|_| !self.0.is_empty()) {
            self.check(name)?;
        }
        Ok(named.map(str::to_owned))
    }

    /// The slot that was named, if one was; it has to be there.
    pub(crate) fn known(&self, named: Option<&str>) -> anyhow::Result<Option<String>> {
        named.iter().try_for_each(|name| self.check(name))?;
        Ok(named.map(str::to_owned))
    }

    /// Refuses a slot that nobody knows.
    pub(crate) fn check(&self, name: &str) -> anyhow::Result<()> {
        if self.has(name) {
            return Ok(());
        }
        let unknown = show::printable(name, text::NAME_CHARS_MAX);
        let meant = self.like(name).map_or_else(String::new, |like| format!("; did you mean `{like}`?"));
        bail!("there is no slot `{unknown}`: {}{meant}", self.offer())
    }

    /// The slot that somebody may have meant.
    fn like(&self, name: &str) -> Option<&str> {
        let likeness =
            |slot: &String| strsim::normalized_damerau_levenshtein(&slot.to_lowercase(), &name.to_lowercase());
        let likeness = self.0.iter().map(|slot| (likeness(slot), slot));
        let (likeness, slot) = likeness.max_by(|a, b| a.0.total_cmp(&b.0))?;
        (likeness >= LIKENESS_MIN).then_some(slot)
    }

    /// `there are inbound, outbound`.
    pub(crate) fn offer(&self) -> String {
        match self.0.len() {
            0 => "the store has none yet".to_owned(),
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

    #[test]
    fn the_only_slot_goes_without_saying() {
        assert_eq!(slots(&["in"]).existing(None).unwrap(), "in");
        assert_eq!(slots(&["in", "out"]).existing(Some("out")).unwrap(), "out");
        let which = slots(&["in", "out"]).existing(None).unwrap_err().to_string();
        assert!(which.contains("There are in, out: name one"), "{which}");
        let first = slots(&[]).chosen(None).unwrap_err().to_string();
        assert!(first.contains("name the first one"), "{first}");
        for named in [None, Some("in")] {
            let none = slots(&[]).existing(named).unwrap_err().to_string();
            assert!(none.contains("`switchback promote RELEASE --slot NAME` creates the first one"), "{none}");
        }
    }

    #[test]
    fn a_slot_that_is_not_there_is_a_mistake() {
        let unknown = slots(&["in"]).existing(Some("other")).unwrap_err().to_string();
        assert_eq!(unknown, "there is no slot `other`: there is in");
        assert!(slots(&["in"]).scope(Some("inn")).is_err());
        assert_eq!(slots(&["in"]).scope(None).unwrap(), None);
        assert_eq!(slots(&[]).scope(Some("in")).unwrap().as_deref(), Some("in"));
        assert_eq!(slots(&[]).existing_or_first(Some("in")).unwrap(), "in");
        assert!(slots(&["in"]).existing_or_first(Some("inn")).is_err());
        assert!(slots(&[]).known(Some("in")).is_err());
        assert_eq!(slots(&[]).known(None).unwrap(), None);
    }

    #[test]
    fn a_slot_that_was_mistyped_is_offered() {
        let there = slots(&["inbound", "outbound", "list"]);
        for (mistyped, meant) in
            [("inbuond", "inbound"), ("Inbound", "inbound"), ("outbond", "outbound"), ("lists", "list")]
        {
            let said = there.check(mistyped).unwrap_err().to_string();
            let meant = format!("there are inbound, list, outbound; did you mean `{meant}`?");
            assert_eq!(said, format!("there is no slot `{mistyped}`: {meant}"));
        }
        for other in ["", "x", "bounce", "spam"] {
            let said = there.check(other).unwrap_err().to_string();
            assert!(!said.contains("did you mean"), "{said}");
        }
        let forged = there.check("in\nbound\u{1b}[2J").unwrap_err().to_string();
        assert!(!forged.contains(['\n', '\u{1b}']), "{forged}");
        assert!(slots(&["in"]).and(["list".to_owned()].into()).check("list").is_ok());
    }
}
