//! `switchback trust`.

mod add;
mod list;
mod revoke;
mod unsigned;

use crate::family::family;
use crate::schema::Output;
use crate::store::change::EXIT_CODES;

family! {
    /// Manage the keys whose releases a store loads
    ///
    /// Until the first key is trusted, releases need no signature. From then on, a release is loaded only if a trusted key signed
    /// it and it was not altered.
    Add = add,
    List = list,
    Revoke = revoke,
}

const EXAMPLES: &str = "\
Examples:
  switchback trust add ada.pub --label ada
  switchback trust list
  switchback trust revoke 484971BD463A024D --reason 'her laptop was stolen'";

/// What `--json` prints, by command; the others print a change.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[("trust list", list::OUTPUT)];
