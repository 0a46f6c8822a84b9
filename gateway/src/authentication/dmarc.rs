//! DMARC (RFC 9989): whether who is proven to have sent the message is who it says it is from.
//!
//! The organisational domain is found by the tree walk of section 4.10, so no list of public suffixes decides, except against
//! a pass: where a registry publishes a record without `psd=y`, the walk takes all that is registered there for one
//! organisation, and `x.co.uk` would be aligned with `y.co.uk`.

use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::{AuthenticatedMessage, DmarcResult, Parameters};
use switchback::guard::organisation;
use switchback::{AuthResult, Message};

use super::domain::normal;
use super::lookups::{Lookups, TextRecords};
use super::{dkim, spf};

/// What DMARC found.
pub(super) struct Checked {
    pub(super) result: AuthResult,
    /// The domain of `From`; empty where there is none, or several.
    pub(super) domain: String,
}

/// Checks whether a domain that SPF or DKIM proved is that of the author.
///
/// Where nobody can tell of which one domain the author is, the result is a permanent error: no pass, and not nothing
/// either, which is what RFC 9989 and mail-auth have for several domains, and what forgers would like.
pub(super) async fn check<'x>(
    lookups: &Lookups<'_>,
    message: &'x AuthenticatedMessage<'x>,
    spf: &'x spf::Checked,
    dkim: &'x dkim::Checked<'x>,
) -> Checked {
    let Some(domain) = author_domain(message) else {
        return Checked { result: AuthResult::Permerror, domain: String::new() };
    };
    let texts = TextRecords::default();
    let verified = async {
        loop {
            let parameters = DmarcParameters::new(message, &dkim.outputs, &spf.domain, &spf.output);
            let parameters = Parameters::new(parameters).with_txt_cache(&texts);
            let output = lookups.resolver.verify_dmarc(parameters).await;
            // Section 4.10: several records of one name are none.
            if !lookups.discard_several(&texts, "v=DMARC1").await {
                return output;
            }
        }
    };
    let output = lookups.within(verified).await;
    let result = match output.map(|output| output.result()) {
        Some(DmarcResult::Pass) if is_of_one_organisation(&domain, spf, dkim) => AuthResult::Pass,
        // A signature that could not be verified may have been the proof.
        Some(DmarcResult::Pass | DmarcResult::Fail(_))
            if dkim.result == AuthResult::Unknown && !message.dkim_headers.is_empty() =>
        {
            AuthResult::Unknown
        }
        Some(DmarcResult::Pass | DmarcResult::Fail(_)) => AuthResult::Fail,
        Some(DmarcResult::TempError(_)) | None => AuthResult::Temperror,
        Some(DmarcResult::PermError(_)) => AuthResult::Permerror,
        Some(DmarcResult::None) => AuthResult::None,
    };
    Checked { result, domain }
}

/// The one domain of all addresses that any program takes for the author's.
fn author_domain(message: &AuthenticatedMessage<'_>) -> Option<String> {
    let header = Message::parse(message.raw_headers());
    let author = header.author();
    let is_one_field = author.doubt() != Some(switchback::message::Doubt::SeveralFields);
    if !is_one_field || !author.is_complete() {
        return None;
    }
    let candidates = author.candidates().iter().map(|candidate| &*candidate.domain);
    let read = message.from.iter().map(|address| address.rsplit_once('@').map_or("", |(_, domain)| domain));
    let mut domains = candidates.chain(read).map(normal);
    let first = domains.next()??;
    // mail-auth checks what it read, and has to have read something.
    (!message.from.is_empty() && domains.all(|domain| domain.as_ref() == Some(&first))).then_some(first)
}

/// Whether what was proven belongs to who registered the author's domain.
fn is_of_one_organisation(domain: &str, spf: &spf::Checked, dkim: &dkim::Checked<'_>) -> bool {
    let spf = (spf.result == AuthResult::Pass).then_some(&*spf.domain);
    let signed = dkim.signatures.iter().filter(|signed| signed.result == AuthResult::Pass);
    let mut proven = signed.filter_map(|signed| signed.domain.as_deref()).chain(spf);
    proven.any(|proven| proven == domain || organisation(proven) == organisation(domain))
}
