//! The value of an `Authentication-Results` field (RFC 8601).
//!
//! Written here, because mail-auth's own repeats addresses and names that the message has in places where a comment or quote
//! changes what follows, writes `smtp.mailfrom=<>`, which is no value (section 2.2), and says `neutral` of a body that was
//! changed. Here a value is a domain in ASCII, or it is left out.

use switchback::AuthResult;

use super::{dkim, dmarc, spf};
use crate::fold::fold;

/// The value; none where nothing was checked.
pub(super) fn value(
    authserv_id: &str,
    spf: &spf::Checked,
    dkim: &dkim::Checked<'_>,
    arc: AuthResult,
    dmarc: &dmarc::Checked,
) -> Option<String> {
    let mut statements = Vec::new();
    statements.extend(statement("spf", spf.result, &[(spf.property, Some(spf.domain.as_str()))]));
    for signed in &dkim.signatures {
        let properties = [
            ("header.d", signed.domain.as_deref()),
            ("header.s", signed.selector.as_deref()),
            ("header.b", signed.beginning.as_deref()),
        ];
        statements.extend(statement("dkim", signed.result, &properties));
    }
    if dkim.signatures.is_empty() {
        statements.extend(statement("dkim", dkim.result, &[]));
    }
    statements.extend(statement("arc", arc, &[]));
    statements.extend(statement("dmarc", dmarc.result, &[("header.from", Some(dmarc.domain.as_str()))]));
    if statements.is_empty() {
        return None;
    }
    let text = format!("{authserv_id}; {}", statements.join("; "));
    Some(fold("Authentication-Results", text.split(' ')))
}

/// `method=result property=value ..`; none where the method was not checked.
fn statement(method: &str, result: AuthResult, properties: &[(&str, Option<&str>)]) -> Option<String> {
    let mut text = format!("{method}={}", word(result)?);
    for (property, value) in properties {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            // Base64 has characters that end a token (RFC 2045, section 5.1).
            let quote = if *property == "header.b" { "\"" } else { "" };
            text += &format!(" {property}={quote}{value}{quote}");
        }
    }
    Some(text)
}

/// A result in the words of RFC 8601, section 2.7.
fn word(result: AuthResult) -> Option<&'static str> {
    Some(match result {
        AuthResult::Unknown => return None,
        AuthResult::None => "none",
        AuthResult::Pass => "pass",
        AuthResult::Fail => "fail",
        AuthResult::Softfail => "softfail",
        AuthResult::Neutral => "neutral",
        AuthResult::Temperror => "temperror",
        AuthResult::Permerror => "permerror",
    })
}
