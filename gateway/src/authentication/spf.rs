//! SPF (RFC 7208) of `MAIL FROM`.
//!
//! `HELO` is checked only where `MAIL FROM` is empty, as postmaster of it (section 2.4). Else it says nothing about the
//! sender, and must not stand for `MAIL FROM` in DMARC (<https://github.com/stalwartlabs/mail-auth/issues/61>).

use std::net::IpAddr;

use mail_auth::spf::verify::SpfParameters;
use mail_auth::{Parameters, SpfOutput, SpfResult};
use switchback::{AuthResult, Client};

use super::domain::normal;
use super::limits::VOID_LOOKUPS_MAX;
use super::lookups::{Counted, Lookups, TextRecords};

/// What SPF found.
pub(super) struct Checked {
    pub(super) result: AuthResult,
    /// The domain that was checked, in lower case and ASCII; empty if none was.
    pub(super) domain: String,
    /// What it is a property of, in the words of `Authentication-Results` (RFC 8601, section 2.7.2).
    pub(super) property: &'static str,
    /// The same for DMARC.
    pub(super) output: SpfOutput,
}

impl Checked {
    fn without_domain(result: AuthResult) -> Self {
        Self { result, domain: String::new(), property: "", output: SpfOutput::default() }
    }
}

/// Checks whether this client may send for `mail_from`. Unknown where client or sender is.
pub(super) async fn check(lookups: &Lookups<'_>, client: &Client, mail_from: Option<&str>, server: &str) -> Checked {
    let (Some(ip), Some(mail_from)) = (client.ip, mail_from) else {
        return Checked::without_domain(AuthResult::Unknown);
    };
    let (local, domain, property) = match (mail_from.rsplit_once('@'), &client.helo) {
        (Some((local, domain)), _) => (local, domain, "smtp.mailfrom"),
        (None, Some(helo)) if mail_from.is_empty() => ("postmaster", &**helo, "smtp.helo"),
        (None, None) if mail_from.is_empty() => return Checked::without_domain(AuthResult::Unknown),
        // Nobody's domain, and no reason to ask for that of `HELO`.
        (None, _) => return Checked::without_domain(AuthResult::None),
    };
    // Section 4.3: what is no domain of two labels has no record.
    let Some(domain) = normal(domain) else { return Checked::without_domain(AuthResult::None) };
    let sender = format!("{local}@{domain}");
    let helo = client.helo.as_deref().and_then(normal).unwrap_or_default();
    let parameters = SpfParameters::verify_mail_from(ip.to_canonical(), &helo, server, &sender);
    let output = lookups.within(verified(lookups, parameters, ip.to_canonical())).await;
    let output = output.unwrap_or_else(|| SpfOutput::new(domain.clone()).with_result(SpfResult::TempError));
    let result = match output.result() {
        SpfResult::Pass => AuthResult::Pass,
        SpfResult::Fail => AuthResult::Fail,
        SpfResult::SoftFail => AuthResult::Softfail,
        SpfResult::Neutral => AuthResult::Neutral,
        SpfResult::TempError => AuthResult::Temperror,
        SpfResult::PermError => AuthResult::Permerror,
        SpfResult::None => AuthResult::None,
    };
    Checked { result, domain, property, output }
}

/// What SPF says. It is a permanent error where a domain has several records (section 4.5), and where too many names have none
/// (section 4.6.4).
async fn verified(lookups: &Lookups<'_>, parameters: SpfParameters<'_>, ip: IpAddr) -> SpfOutput {
    let (texts, v4, v6, mx) = (TextRecords::default(), Counted::default(), Counted::default(), Counted::default());
    let parameters =
        Parameters::new(parameters).with_txt_cache(&texts).with_ipv4_cache(&v4).with_ipv6_cache(&v6).with_mx_cache(&mx);
    let output = lookups.resolver.verify_spf(parameters).await;
    let (own, other) = if ip.is_ipv4() { (v4, v6) } else { (v6, v4) };
    // `exists` asks for both kinds, and does not tell what it finds.
    let void = own.void().saturating_sub(other.asked()) + mx.void();
    let is_too_void = void > VOID_LOOKUPS_MAX && output.result() != SpfResult::TempError;
    if is_too_void || lookups.discard_several(&texts, "v=spf1").await {
        return output.with_result(SpfResult::PermError);
    }
    output
}
