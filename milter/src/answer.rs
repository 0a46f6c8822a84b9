//! A decision in the words of the protocol.

use indymilter::{ActionError, ContextActions as _, EomActions, SetErrorReply as _, SmtpReply, Status};
use switchback_gateway::{Decision, Disposition, HeaderChange, Reply};

use crate::negotiation::Agreed;

/// Tells the mail server what becomes of a message: what changes first, then the hold, then the answer. An answer with a text of
/// its own would undo the hold.
pub(crate) async fn give(
    actions: &EomActions,
    reply: &mut SmtpReply,
    decision: &Decision,
    agreed: Agreed,
) -> Result<Status, ActionError> {
    for change in &decision.changes {
        match change {
            HeaderChange::Remove { name, index } => {
                let index = i32::try_from(*index).unwrap_or(i32::MAX);
                actions.change_header(name.as_str(), index, None::<&str>).await?;
            }
            HeaderChange::Insert { name, value } => {
                actions.insert_header(0, name.as_str(), inserted(value, agreed)).await?;
            }
        }
    }
    Ok(match &decision.disposition {
        Disposition::Quarantine { reason } => {
            actions.quarantine(reason.as_str()).await?;
            Status::Accept
        }
        Disposition::Discard => Status::Discard,
        Disposition::Reject(text) | Disposition::Tempfail(text) => refused(reply, text),
        // And what is newer than this program goes on as well.
        _ => Status::Accept,
    })
}

/// A value as it is to stand behind the colon: with leading spaces agreed on, the mail server adds none.
fn inserted(value: &str, agreed: Agreed) -> String {
    if agreed.has_leading_space() { format!(" {value}") } else { value.to_owned() }
}

fn refused(reply: &mut SmtpReply, text: &Reply) -> Status {
    // A lone percent sign makes mail servers leave out the text (libmilter's `smfi_setreply`).
    let line = text.text().replace('%', "%%");
    if let Err(error) = reply.set_error_reply(&text.code().to_string(), Some(text.enhanced()), [line]) {
        tracing::warn!("a refusal goes without its text: {error}");
    }
    if text.code() < 500 { Status::Tempfail } else { Status::Reject }
}
