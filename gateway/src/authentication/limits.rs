//! What one message may cost to authenticate.

/// How many header fields are read for DKIM and DMARC. Mail has fewer than a hundred; a message with more than this has no
/// author that anybody can tell.
pub(super) const FIELDS_MAX: usize = 10_000;

/// How many names that SPF looks up may have no record (RFC 7208, section 4.6.4).
pub(super) const VOID_LOOKUPS_MAX: usize = 2;

/// How many DKIM signatures are verified, from the top. Each costs a look-up and a public-key operation. Mailing lists and
/// providers together rarely leave more than four.
pub(super) const SIGNATURES_MAX: usize = 16;
