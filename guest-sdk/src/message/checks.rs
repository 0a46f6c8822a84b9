//! What others found out about a message: sender authentication, and defects of its bytes.

/// The result of one authentication method (RFC 8601, section 2.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AuthResult {
    /// Nobody checked.
    #[default]
    Unknown,
    /// Checked: the domain publishes nothing to check against, or there is no signature.
    None,
    /// Passed.
    Pass,
    /// Failed.
    Fail,
    /// SPF `softfail`: probably not authorised.
    Softfail,
    /// SPF or DMARC `neutral`, or a DKIM key in testing mode.
    Neutral,
    /// A transient error.
    Temperror,
    /// A permanent error, such as a record that cannot be parsed.
    Permerror,
}

/// Sender authentication, as verified by the filter or read from an `Authentication-Results` field that it
/// trusts. Never from a field that anyone could have written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Authentication {
    /// SPF (RFC 7208).
    pub spf: AuthResult,
    /// The domain that SPF was checked for, in lower case.
    pub spf_domain: Option<String>,
    /// DKIM (RFC 6376): the best result over all signatures.
    pub dkim: AuthResult,
    /// The signing domains (`d=`) of the signatures that passed, in lower case, at most 16.
    pub dkim_domains: Vec<String>,
    /// DMARC (RFC 7489).
    pub dmarc: AuthResult,
    /// ARC (RFC 8617).
    pub arc: AuthResult,
}

/// What was wrong with the message as bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Defects {
    /// There is no header at all, or it does not end.
    pub no_header: bool,
    /// No usable `From` field, or more than one.
    pub bad_from: bool,
    /// The `Date` field is missing or cannot be read.
    pub bad_date: bool,
    /// A MIME part's encoding or boundary is broken.
    pub bad_mime: bool,
    /// A NUL byte, or bytes above 127 in the header that are not UTF-8.
    pub bad_bytes: bool,
    /// More parts, header fields or nesting than the host reads; the rest was left out.
    pub too_complex: bool,
}
