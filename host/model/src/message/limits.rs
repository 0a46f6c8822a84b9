//! What one message may cost: every bound that `message` keeps, in one place.
//!
//! The first group is part of the scoring contract (`wit/1.1.0/scoring.wit` states them); changing
//! one is a new contract version. The second group bounds the work that hostile mail can cause. No
//! message is refused: what lies beyond a bound is left out, and the message says so.

// The contract's limits.

/// Bytes of a decoded subject.
pub(super) const SUBJECT_BYTES_MAX: usize = 4_096;
/// Bytes of a mailbox's display name, and of its address.
pub(super) const MAILBOX_BYTES_MAX: usize = 1_024;
/// Mailboxes of `From`, and of `Reply-To`.
pub(super) const MAILBOXES_MAX: usize = 16;
/// Envelope recipients that are listed.
pub(super) const RECIPIENTS_MAX: usize = 100;
/// Domains with a passing DKIM signature.
pub(super) const DKIM_DOMAINS_MAX: usize = 16;
/// Bytes of a decoded header field value.
pub(super) const HEADER_VALUE_BYTES_MAX: usize = 8_192;
/// Header fields that are listed together.
pub(super) const HEADERS_MAX: usize = 512;
/// Values of one header field name.
pub(super) const HEADER_VALUES_MAX: usize = 64;
/// Bytes of text, and of HTML, that are kept.
pub(super) const CONTENT_BYTES_MAX: usize = 262_144;
/// Links that are kept.
pub(super) const LINKS_MAX: usize = 512;
/// Bytes of a link's target.
pub(super) const LINK_URL_BYTES_MAX: usize = 2_048;
/// Bytes of the text that is shown for a link.
pub(super) const LINK_TEXT_BYTES_MAX: usize = 256;
/// Attachments that are listed.
pub(super) const ATTACHMENTS_MAX: usize = 64;
/// Bytes of an attachment's file name.
pub(super) const FILE_NAME_BYTES_MAX: usize = 255;
/// Bytes of the raw message that one call returns.
pub(super) const RAW_BYTES_MAX: usize = 65_536;

// What hostile mail may cost.

/// Header fields that are read. Real mail has 10 to 150; each costs a few hundred bytes of memory.
pub(super) const FIELDS_READ_MAX: usize = 2_000;
/// `From` fields that are read to find out who a message is from. Real mail has one.
pub(super) const FROM_FIELDS_MAX: usize = 16;
/// Addresses that a message without a certain author may be from. Each is looked up among the rules about senders.
pub(super) const CANDIDATES_MAX: usize = 64;
/// `@` around which such an address is looked for, in each reading of a field. Many may be one address.
pub(super) const AT_SIGNS_MAX: usize = 1_024;
/// Bytes of a field name. RFC 5322 allows lines of 998; the longest registered name has 40. A longer
/// one is no header field.
pub(super) const FIELD_NAME_BYTES_MAX: usize = 256;
/// Bytes of a field that are decoded. More than enough for [`HEADER_VALUE_BYTES_MAX`] after
/// decoding, also when most of it is folding white space.
pub(super) const FIELD_BYTES_READ_MAX: usize = 65_536;
/// Bytes of a `Content-Type` or `Content-Disposition` field that mail-parser reads. Its parser of
/// parameters is quadratic in their number; at this length that is microseconds. Names of files,
/// boundaries and character sets behind them are found by one that is not.
pub(super) const PARAMETER_BYTES_READ_MAX: usize = 4_096;
/// MIME parts that are read. Digests of mailing lists have dozens.
pub(super) const PARTS_MAX: usize = 1_000;
/// Containers within containers. Real mail stays below ten; each delimiter line is compared with
/// the boundaries of all that are open.
pub(super) const NESTING_MAX: usize = 32;
/// Bytes of all text parts, as sent, that are decoded for text, HTML and links. Four times what is
/// kept, because encodings and mark-up shrink. What comes later no person reads either: Gmail, for
/// one, shows the first 102 KiB.
pub(super) const BODY_BYTES_READ_MAX: usize = 4 * CONTENT_BYTES_MAX;
/// Anchors of HTML bodies that are looked at, before equal ones are dropped.
pub(super) const ANCHORS_MAX: usize = 4_096;
/// Conditional comments within conditional comments of an HTML body. Mail has none; each is read anew.
pub(super) const CONDITIONS_NESTED_MAX: usize = 4;
/// Contents of `<style>` and its like that are read as markup within each other. Mail has none; each is read anew.
pub(super) const UNHIDDEN_NESTED_MAX: usize = 4;
/// Elements within one that is hidden, whose ends are told apart.
pub(super) const HIDING_NESTED_MAX: usize = 64;
/// Bytes of a link's target as written that are parsed. The rest of a longer one (`data:`, mostly)
/// would be cut from the result anyway.
pub(super) const HREF_BYTES_READ_MAX: usize = 8_192;
/// Bytes of a media type.
pub(super) const MEDIA_TYPE_BYTES_MAX: usize = 255;
