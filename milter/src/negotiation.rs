//! What is agreed on with a mail server at the beginning of a connection.

use std::collections::HashMap;
use std::ffi::{CStr, CString};

use indymilter::{Actions, MacroStage, ProtoOpts};

/// What is done to messages: fields are inserted and removed, and messages put on hold. Never a body or a recipient.
const ACTIONS: Actions = Actions::ADD_HEADER.union(Actions::CHANGE_HEADER).union(Actions::QUARANTINE);

/// What a mail server is asked for if it can do it.
///
/// * Values of fields with their leading space, without which a simple DKIM signature would not verify.
/// * No commands that are of no interest.
/// * No wait for an answer where there is always the same one. `MAIL` has one of its own when the program is about to end, and so
///   has the body, when no more of it is read.
const OPTIONS: ProtoOpts = ProtoOpts::LEADING_SPACE
    .union(ProtoOpts::SKIP)
    .union(ProtoOpts::NO_DATA)
    .union(ProtoOpts::NO_UNKNOWN)
    .union(ProtoOpts::NOREPLY_CONNECT)
    .union(ProtoOpts::NOREPLY_HELO)
    .union(ProtoOpts::NOREPLY_RCPT)
    .union(ProtoOpts::NOREPLY_HEADER)
    .union(ProtoOpts::NOREPLY_EOH);

/// The macros that are read. To ask for some replaces the mail server's own list of that stage (Postfix's MILTER_README), so all
/// that are read are asked for. The queue id is asked for wherever it may be there for the first time.
const MACROS: [(MacroStage, &CStr); 5] = [
    (MacroStage::Connect, c"j {client_addr} {client_resolve}"),
    (MacroStage::Helo, c"{tls_version}"),
    (MacroStage::Mail, c"i {auth_authen}"),
    (MacroStage::Rcpt, c"i"),
    (MacroStage::Eom, c"i"),
];

/// What was agreed on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Agreed(ProtoOpts);

impl Agreed {
    /// What this side wants of what a mail server offers; none if that does not suffice, with what is missing.
    pub(crate) fn on(actions: Actions, options: ProtoOpts) -> Result<(Actions, Self), Actions> {
        let missing = ACTIONS.difference(actions);
        if missing.is_empty() { Ok((ACTIONS, Self(OPTIONS.intersection(options)))) } else { Err(missing) }
    }

    /// The options.
    pub(crate) fn options(self) -> ProtoOpts {
        self.0
    }

    /// Whether the mail server waits for no answer at this stage.
    pub(crate) fn is_unanswered(self, stage: ProtoOpts) -> bool {
        self.0.contains(stage)
    }

    /// Whether values of fields have everything behind the colon, in both directions.
    pub(crate) fn has_leading_space(self) -> bool {
        self.0.contains(ProtoOpts::LEADING_SPACE)
    }

    /// Whether the rest of a body can be left out.
    pub(crate) fn can_skip(self) -> bool {
        self.0.contains(ProtoOpts::SKIP)
    }
}

/// The macros to ask for.
pub(crate) fn macros() -> HashMap<MacroStage, CString> {
    MACROS.into_iter().map(|(stage, names)| (stage, names.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_for_that_is_not_offered() {
        let (actions, agreed) = Agreed::on(Actions::all(), ProtoOpts::NO_DATA | ProtoOpts::REJECTED_RCPT).unwrap();
        assert_eq!(actions, ACTIONS);
        assert_eq!(agreed.options(), ProtoOpts::NO_DATA);
        assert!(!agreed.has_leading_space() && !agreed.can_skip());
        assert!(!agreed.is_unanswered(ProtoOpts::NOREPLY_HEADER));
    }

    #[test]
    fn a_mail_server_that_allows_no_quarantine_is_told() {
        let offered = Actions::ADD_HEADER | Actions::CHANGE_HEADER;
        assert_eq!(Agreed::on(offered, ProtoOpts::all()).unwrap_err(), Actions::QUARANTINE);
    }
}
