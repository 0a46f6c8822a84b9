//! Overrides, as Python describes them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pyo3::prelude::*;
use switchback::verdict::{Matcher, Rule, Scope, Senders};

use crate::error;
use crate::runtime::seconds;

/// Which messages, where, and for how many seconds from now.
pub(super) fn rule(
    py: Python<'_>,
    matcher: &str,
    lasts: f64,
    (slot, tenant): (Option<String>, Option<String>),
    anyone: bool,
) -> PyResult<Rule> {
    let matcher: Matcher = matcher.parse().map_err(|wrong| error::invalid(py, &format!("{wrong}")))?;
    let end =
        end(seconds(py, lasts)?).ok_or_else(|| error::invalid(py, &format!("{lasts} seconds are out of range")))?;
    let scope = slot.into_iter().fold(Scope::default(), Scope::slot);
    let scope = tenant.into_iter().fold(scope, Scope::tenant);
    let senders = if anyone { Senders::Anyone } else { Senders::Authenticated };
    Ok(Rule::new(matcher, end).scope(scope).senders(senders))
}

fn end(lasts: Duration) -> Option<Timestamp> {
    Timestamp::now().checked_add(SignedDuration::try_from(lasts).ok()?).ok()
}
