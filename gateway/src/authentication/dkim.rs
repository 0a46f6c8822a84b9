//! DKIM (RFC 6376), each signature by itself: a name server that does not answer for one costs the others nothing.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use mail_auth::common::cache::NoCache;
use mail_auth::common::crypto::Algorithm;
use mail_auth::common::verify::{DomainKey, VerifySignature as _};
use mail_auth::dkim::{DkimError, Signature};
use mail_auth::{AuthenticatedMessage, DkimOutput, DkimResult, DnsError, Error, Txt};
use switchback::AuthResult;

use super::domain::normal;
use super::limits::SIGNATURES_MAX;
use super::lookups::Lookups;

/// What DKIM found.
pub(super) struct Checked<'x> {
    /// The best result of all signatures.
    pub(super) result: AuthResult,
    /// Each signature's, from the top of the header.
    pub(super) signatures: Vec<Signed>,
    /// The same for DMARC.
    pub(super) outputs: Vec<DkimOutput<'x>>,
}

/// What came of one signature.
pub(super) struct Signed {
    pub(super) result: AuthResult,
    /// `d=` in lower case and ASCII; none where it is not a domain.
    pub(super) domain: Option<String>,
    /// `s=`; none where it is not one as RFC 6376, section 3.1, has it.
    pub(super) selector: Option<String>,
    /// The beginning of `b=`, which tells signatures of one domain apart (RFC 6008).
    pub(super) beginning: Option<String>,
}

impl Checked<'_> {
    /// The domains whose signatures passed.
    pub(super) fn domains(&self) -> Vec<Arc<str>> {
        let passed = self.signatures.iter().filter(|signed| signed.result == AuthResult::Pass);
        let mut domains = Vec::<Arc<str>>::new();
        for domain in passed.filter_map(|signed| signed.domain.as_deref()) {
            if !domains.iter().any(|known| **known == *domain) {
                domains.push(domain.into());
            }
        }
        domains
    }
}

/// The message once for each of its signatures, of which each has one, without what is not verified here: reports that a
/// signer asks for (RFC 6651), signers of third parties (RFC 6541, an experiment).
pub(super) fn one_by_one<'x>(message: &AuthenticatedMessage<'x>) -> Vec<AuthenticatedMessage<'x>> {
    let signatures = message.dkim_headers.iter().take(SIGNATURES_MAX);
    signatures
        .map(|header| {
            let mut header = header.clone();
            header.header.r = false;
            header.header.atps = None;
            AuthenticatedMessage {
                headers: message.headers.clone(),
                from: message.from.clone(),
                raw_message: message.raw_message,
                body_offset: message.body_offset,
                body_hashes: message.body_hashes.clone(),
                dkim_headers: vec![header],
                ..AuthenticatedMessage::default()
            }
        })
        .collect()
}

/// Verifies all signatures. Unknown where the message is not whole, because a body that goes on has another hash.
pub(super) async fn check<'x>(
    lookups: &Lookups<'_>,
    message: &AuthenticatedMessage<'_>,
    singles: &'x [AuthenticatedMessage<'x>],
    is_partial: bool,
) -> Checked<'x> {
    if is_partial {
        return Checked { result: AuthResult::Unknown, signatures: Vec::new(), outputs: Vec::new() };
    }
    let outputs = join_all(singles.iter().map(|single| verify(lookups, single))).await;
    let mut outputs: Vec<_> = outputs.into_iter().flatten().collect();
    let unreadable = message.errors.iter().map(|error| &error.header).filter(|error| matches!(error, Error::Dkim(_)));
    outputs.extend(unreadable.take(SIGNATURES_MAX).map(|error| DkimOutput::neutral(error.clone())));
    if outputs.is_empty() && message.has_dkim_errors {
        outputs.push(DkimOutput::neutral(Error::ParseError));
    }
    let signatures: Vec<_> = outputs.iter().map(Signed::of).collect();
    let result = signatures.iter().map(|signed| signed.result).min_by_key(|result| rank(*result));
    Checked { result: result.unwrap_or(AuthResult::None), signatures, outputs }
}

async fn verify<'x>(lookups: &Lookups<'_>, single: &'x AuthenticatedMessage<'x>) -> Vec<DkimOutput<'x>> {
    let signature = single.dkim_headers.first().map(|header| &header.header);
    let failed = |output: DkimOutput<'x>| match signature {
        Some(signature) => vec![output.with_signature(signature)],
        None => vec![output],
    };
    // RFC 8301, section 3.1: nobody may take such a signature for a valid one.
    if signature.is_some_and(|signature| signature.a == Algorithm::RsaSha1) {
        return failed(DkimOutput::neutral(Error::Dkim(DkimError::UnsupportedAlgorithm)));
    }
    // RFC 6376, section 6.1.1, asks it of verifiers, and mail-auth leaves it out: whose message it is, is not signed, so the
    // signature would do for one of any author.
    let is_from = |name: &String| name.trim().eq_ignore_ascii_case("From");
    if signature.is_some_and(|signature| !signature.h.iter().any(is_from)) {
        return failed(DkimOutput::perm_err(Error::MissingParameters));
    }
    let outputs = lookups.within(lookups.resolver.verify_dkim(single)).await;
    let late = || Error::Dns(DnsError::Resolver("no answer in time".to_owned()));
    let outputs = outputs.unwrap_or_else(|| failed(DkimOutput::temp_err(late())));
    match signature {
        Some(signature) if is_trial(lookups, signature, &outputs).await => Vec::new(),
        _ => outputs,
    }
}

/// The bit of a key's flags that is `t=y`, for which mail-auth has no public name.
const TRIAL: u64 = 0x10;

/// Whether the signer only tries DKIM with this key: RFC 6376, section 3.6.1, has such a message treated as one without the
/// signature, whether it verifies or not (<https://github.com/lieser/dkim_verifier/issues/211>).
async fn is_trial(lookups: &Lookups<'_>, signature: &Signature, outputs: &[DkimOutput<'_>]) -> bool {
    let has_no_key = |output: &DkimOutput<'_>| {
        matches!(output.result(), DkimResult::PermError(_) | DkimResult::TempError(_) | DkimResult::None)
    };
    if outputs.iter().all(has_no_key) {
        return false;
    }
    // The resolver remembers it.
    let name = signature.domain_key();
    let key = lookups.within(lookups.resolver.txt_lookup::<DomainKey>(name, None::<&NoCache<Box<str>, Txt>>)).await;
    matches!(key, Some(Ok(key)) if key.has_flag(TRIAL))
}

impl Signed {
    fn of(output: &DkimOutput<'_>) -> Self {
        let result = match output.result() {
            DkimResult::Pass => AuthResult::Pass,
            // mail-auth says neutral, RFC 6376, section 6.1.3, that the signature did not verify.
            DkimResult::Neutral(Error::Dkim(DkimError::FailedBodyHashMatch)) | DkimResult::Fail(_) => AuthResult::Fail,
            DkimResult::Neutral(_) => AuthResult::Neutral,
            DkimResult::PermError(_) => AuthResult::Permerror,
            DkimResult::TempError(_) => AuthResult::Temperror,
            DkimResult::None => AuthResult::None,
        };
        let signature = output.signature();
        let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let selector = |signature: &Signature| {
            let selector = &signature.s;
            let is_selector = (1..=253).contains(&selector.len()) && selector.bytes().all(is_sound);
            is_selector.then(|| selector.clone())
        };
        Self {
            result,
            domain: signature.and_then(|signature| normal(&signature.d)),
            selector: signature.and_then(selector),
            beginning: signature.and_then(|signature| signature.b.get(..6)).map(|bytes| STANDARD.encode(bytes)),
        }
    }
}

/// Which of two signatures' results says more for the sender: the lower one.
fn rank(result: AuthResult) -> u8 {
    match result {
        AuthResult::Pass => 0,
        AuthResult::Neutral => 1,
        AuthResult::Temperror => 2,
        AuthResult::Fail | AuthResult::Softfail => 3,
        AuthResult::Permerror => 4,
        AuthResult::None | AuthResult::Unknown => 5,
    }
}
