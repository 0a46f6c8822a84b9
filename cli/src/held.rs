//! `switchback held`.

mod expire;
mod list;
mod moving;
mod place;
mod release;
mod rescore;
mod select;
mod show;
mod table;
mod wanted;

pub(crate) use self::place::of_store;
use crate::family::family;
use crate::schema::Output;

family! {
    /// Show mail that is held, give it back, or judge it again; move delivered mail back
    ///
    /// A gateway holds mail in a folder of its own where its configuration says "held". The mail server has forgotten such a
    /// message: it is delivered once it is released, and gone once it has expired.
    List = list,
    Show = show,
    Release = release,
    Move = moving,
    Expire = expire,
    Rescore = rescore,
}

const EXAMPLES: &str = "\
Examples:
  switchback held list --since 1d
  switchback held rescore --all
  switchback impact phish@2.0.0 --json > misfiled.json
  switchback held release --from-impact misfiled.json --reason 'phish@2.0.0 flagged Gmail mail'
  switchback held move --from-impact misfiled.json --reason 'phish@2.0.0 flagged Gmail mail'";

const EXIT_CODES: [&str; 2] = ["success", "something failed, or was not done in full; stderr says what"];

/// What `--json` prints, by command.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[
    ("held expire", expire::OUTPUT),
    ("held list", list::OUTPUT),
    ("held move", moving::OUTPUT),
    ("held release", release::OUTPUT),
    ("held rescore", rescore::OUTPUT),
    ("held show", show::OUTPUT),
];
