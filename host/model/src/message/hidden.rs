//! Which header fields a model does not see.
//!
//! * **Verdicts of other filters.** A model that sees them learns to repeat them, and whoever can
//!   write such a field could steer it. Hidden always.
//! * **Recipients.** Hidden unless the manifest reads `recipients` and the operator grants it.
//!
//! `Authentication-Results`, `Received-SPF`, `ARC-*` and `DKIM-Signature` stay visible: they are
//! evidence about the way a message took, like `Received`, and no opinion of it. A model that needs
//! results it can trust asks for `authentication`.

use super::limits::FIELD_NAME_BYTES_MAX;

/// Who may see the fields that name recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
// Exhaustive: they are granted or not.
pub enum Recipients {
    /// Not this model: `To`, `Cc`, `Delivered-To` and their like are left out.
    Masked,
    /// This model: its manifest reads `recipients`, and the operator granted it.
    Granted,
}

/// What a model may see of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visibility {
    Everyone,
    Granted,
    Nobody,
}

impl Visibility {
    pub(super) fn of(name: &[u8]) -> Self {
        let mut buffer = [0; FIELD_NAME_BYTES_MAX];
        let name = &name[..name.len().min(FIELD_NAME_BYTES_MAX)];
        let lower = &mut buffer[..name.len()];
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        if is_verdict(lower) {
            Self::Nobody
        } else if names_recipients(lower) {
            Self::Granted
        } else {
            Self::Everyone
        }
    }

    pub(super) fn allows(self, recipients: Recipients) -> bool {
        match self {
            Self::Everyone => true,
            Self::Granted => recipients == Recipients::Granted,
            Self::Nobody => false,
        }
    }
}

/// Whether a name in lower case is that of a field that names recipients. A pattern, because the compiler asks for the
/// length first, and most names have that of none of these.
#[rustfmt::skip] // A table: one name a line would be three pages.
fn names_recipients(lower: &[u8]) -> bool {
    matches!(lower,
        b"to" | b"cc" | b"bcc" | b"apparently-to" | b"delivered-to" | b"envelope-to" | b"envelope-recipient" | b"for"
            | b"original-recipient" | b"final-recipient" | b"old-to" | b"old-cc" | b"original-to" | b"original-cc"
            | b"resent-to" | b"resent-cc" | b"resent-bcc" | b"x-apparently-to" | b"x-delivered-to" | b"x-envelope-to"
            | b"x-envelope-recipient" | b"x-failed-recipients" | b"x-forwarded-for" | b"x-forwarded-to"
            | b"x-gm-original-to" | b"x-mailer-recptid" | b"x-mdarrival-to" | b"x-mdrcpt-to" | b"x-orig-to"
            | b"x-original-delivered-to" | b"x-original-to" | b"x-original-recipient" | b"x-original-rcpt-to"
            | b"x-rcpt-to" | b"x-rcptto" | b"x-real-to" | b"x-receiver" | b"x-receivers" | b"x-recipient"
            | b"x-recipients" | b"x-resolved-to" | b"x-rcpt" | b"x-to" | b"x-sieve-redirected-from"
            | b"x-yahoo-forwarded" | b"x-mail-recipient" | b"x-mmhs-recipients" | b"x400-recipients"
            | b"dl-expansion-history" | b"alternate-recipient" | b"downgraded-final-recipient"
            | b"downgraded-original-recipient" | b"downgraded-to" | b"downgraded-cc" | b"downgraded-bcc"
            | b"wrong-recipient" | b"require-recipient-valid-since"
    )
}

/// Beginnings of the names of fields that carry a verdict, in lower case and sorted, none the beginning of
/// another: SpamAssassin and its relatives, rspamd, DSPAM, Bogofilter and CRM114; Microsoft's Exchange,
/// Exchange Online Protection and Outlook.com; gateways, services and virus scanners.
#[rustfmt::skip] // A table: one name a line would be three pages.
const VERDICT_PREFIXES: &[&[u8]] = &[
    b"x-amavis", b"x-anti-virus", b"x-asf-", b"x-asg-", b"x-authority-analysis", b"x-avast", b"x-avg-", b"x-avira",
    b"x-barracuda", b"x-bogo", b"x-brightmail", b"x-canit", b"x-clam", b"x-cloudmark", b"x-cm-analysis", b"x-cmae",
    b"x-content-scan", b"x-crm114", b"x-cudamail", b"x-dcc-", b"x-declude", b"x-dr-web", b"x-drweb", b"x-dspam",
    b"x-eopattributedmessage", b"x-eoptenantattributedmessage", b"x-esafe", b"x-eset", b"x-exchange-antispam",
    b"x-exim-scan", b"x-f-secure", b"x-feas", b"x-fireeye", b"x-forefront", b"x-forti", b"x-fuglu", b"x-gbudb",
    b"x-gm-phish", b"x-ham-", b"x-incoming", b"x-ironport", b"x-junk", b"x-kaspersky", b"x-klms", b"x-kse-",
    b"x-libra-", b"x-mail-filter", b"x-mailcontrol", b"x-mailwatch", b"x-message-delivery", b"x-message-info",
    b"x-messagesniffer", b"x-microsoft-antispam", b"x-mimecast", b"x-mimedefang", b"x-ms-exchange-antispam",
    b"x-ms-exchange-atpmessage", b"x-ms-exchange-organization-", b"x-ms-exchange-safelinks",
    b"x-ms-office365-filtering", b"x-mxscan", b"x-pcl", b"x-perlmx", b"x-phish", b"x-pmx", b"x-policyd",
    b"x-proofpoint", b"x-purate", b"x-pyzor", b"x-qmail-scanner", b"x-quarantine", b"x-razor", b"x-rbl", b"x-rspamd",
    b"x-sa-", b"x-scan", b"x-scl", b"x-sid-", b"x-smartermail", b"x-sophos", b"x-spam", b"x-suspected",
    b"x-switchback", b"x-symantec", b"x-tm-as", b"x-tm-snts", b"x-tmase", b"x-trendmicro", b"x-ui-filter",
    b"x-ui-out-filter", b"x-vade", b"x-vipre", b"x-vr-", b"x-watchguard", b"x-websense", b"x-yahoofilter",
    b"x-ymail-isg", b"x-zscaler",
];

/// Parts of the name of an `X-` field that say it carries a verdict, whatever the site put before
/// them: `X-Example-MailScanner-SpamCheck`.
const VERDICT_WORDS: &[&[u8]] = &[b"spam", b"mailscanner", b"virus", b"malware"];

/// Whether a name in lower case is that of a verdict.
fn is_verdict(lower: &[u8]) -> bool {
    match lower {
        [b'x', b'-', rest @ ..] => has_verdict_prefix(lower) || has_verdict_word(rest),
        // Microsoft's fields without an `X-`.
        _ => lower.starts_with(b"spamdiagnostic"),
    }
}

fn has_verdict_prefix(lower: &[u8]) -> bool {
    let key = key(lower);
    let first = VERDICT_KEYS.partition_point(|other| *other < key);
    let alike = VERDICT_KEYS[first..].iter().take_while(|other| **other == key).count();
    VERDICT_PREFIXES[first..first + alike].iter().any(|prefix| lower.starts_with(prefix))
}

/// The two letters behind `x-` of each prefix, as a number.
const VERDICT_KEYS: [u16; VERDICT_PREFIXES.len()] = {
    let mut keys = [0; VERDICT_PREFIXES.len()];
    let mut at = 0;
    while at < keys.len() {
        keys[at] = key(VERDICT_PREFIXES[at]);
        at += 1;
    }
    keys
};

const fn key(name: &[u8]) -> u16 {
    match name {
        [_, _, first, second, ..] => u16::from_be_bytes([*first, *second]),
        _ => 0,
    }
}

fn has_verdict_word(rest: &[u8]) -> bool {
    let begins_word = |at: usize| VERDICT_WORDS.iter().any(|word| rest[at..].starts_with(word));
    rest.windows(2).enumerate().any(|(at, two)| matches!(two, b"sp" | b"ma" | b"vi") && begins_word(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_for_nobody() {
        for name in [
            "X-Spam-Status",
            "x-spamd-result",
            "X-Rspamd-Score",
            "X-Switchback-Verdict",
            "X-MS-Exchange-Organization-SCL",
            "X-Forefront-Antispam-Report",
            "X-Microsoft-Antispam-Mailbox-Delivery",
            "X-IncomingHeaderCount",
            "X-Example-MailScanner-SpamCheck",
            "X-Proofpoint-Spam-Details",
            "SpamDiagnosticMetadata",
            "X-Virus-Scanned",
            "X-MS-Office365-Filtering-Correlation-Id",
        ] {
            assert_eq!(Visibility::of(name.as_bytes()), Visibility::Nobody, "{name}");
        }
        let long = format!("X-{}-Spam", "a".repeat(200));
        assert_eq!(Visibility::of(long.as_bytes()), Visibility::Nobody);
    }

    #[test]
    fn prefixes_are_sorted_and_none_begins_another() {
        for pair in VERDICT_PREFIXES.windows(2) {
            assert!(pair[0] < pair[1] && !pair[1].starts_with(pair[0]), "{:?}", String::from_utf8_lossy(pair[1]));
        }
    }

    #[test]
    fn recipients_are_for_the_granted() {
        for name in ["To", "CC", "bcc", "Delivered-To", "X-Original-To", "Resent-Cc"] {
            let visibility = Visibility::of(name.as_bytes());
            assert!(visibility.allows(Recipients::Granted) && !visibility.allows(Recipients::Masked), "{name}");
        }
    }

    #[test]
    fn evidence_is_for_everyone() {
        for name in [
            "From",
            "Subject",
            "Received",
            "Authentication-Results",
            "ARC-Seal",
            "DKIM-Signature",
            "Received-SPF",
            "List-Unsubscribe",
            "X-Mailer",
            "X-Originating-IP",
            "X-Priority",
            "Reply-To",
            "Thread-Topic",
            "Spam",
        ] {
            assert_eq!(Visibility::of(name.as_bytes()), Visibility::Everyone, "{name}");
        }
    }
}
