//! ARC (RFC 8617): whether the chain of those who passed the message on is whole. Whom of them to believe is another question.

use mail_auth::{AuthenticatedMessage, DkimResult};
use switchback::AuthResult;

use super::lookups::Lookups;

/// Verifies the chain. Unknown where the message is not whole, as DKIM.
pub(super) async fn check<'x>(
    lookups: &Lookups<'_>,
    message: &'x AuthenticatedMessage<'x>,
    is_partial: bool,
) -> AuthResult {
    if is_partial {
        return AuthResult::Unknown;
    }
    match lookups.within(lookups.resolver.verify_arc(message)).await.as_ref().map(|output| output.result()) {
        Some(DkimResult::Pass) => AuthResult::Pass,
        Some(DkimResult::None) => AuthResult::None,
        Some(DkimResult::TempError(_)) | None => AuthResult::Temperror,
        // Section 5.2: whatever is wrong with a chain, it has failed.
        Some(DkimResult::Fail(_) | DkimResult::Neutral(_) | DkimResult::PermError(_)) => AuthResult::Fail,
    }
}
