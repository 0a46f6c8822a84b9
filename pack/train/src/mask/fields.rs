//! Names of header fields that say where a message was kept, not what it is.

/// Names in lower case, by why nothing is learned from them.
#[rustfmt::skip] // A table: one name a line would be three pages.
const NAMES: &[&str] = &[
    // Mailing lists.
    "precedence", "mailing-list", "delivered-to-list", "x-mailing-list", "x-beenthere", "x-loop", "x-sequence",
    "x-list-administrivia", "x-no-archive", "x-message-number", "errors-to", "sender", "x-sender", "x-original-sender",
    // Servers and programs on the receiving side.
    "received", "x-received", "return-path", "authentication-results", "received-spf", "delivery-date", "x-rcpt-args",
    "x-envelope-from", "x-sieve", "x-originalarrivaltime", "authentication-results-original", "x-source-dir",
    // Where and how it was kept.
    "status", "x-status", "xstatus", "x-uid", "x-uidl", "x-keywords", "x-keyword", "x-imap", "x-imapbase", "x-labels",
    "x-folder", "x-account-key", "x-evolution", "x-evolution-source", "x-msmail-flags", "x-kmail-mdn-sent", "content-length",
    "lines", "x-offlineimap", "x-from-line", "x-image-url", "x-hist-folder", "replied", "forwarded",
    // Other filters, as far as the host shows them.
    "x-habeas-swe-1", "x-pyzor", "x-dspam-signature", "spam", "x-classification-id",
];

/// Beginnings of such names.
#[rustfmt::skip]
const PREFIXES: &[&str] = &[
    "list-", "x-mailman-", "x-list-", "x-listar-", "x-ecartis-", "x-listserver", "x-yahoo-", "x-egroups", "x-google-group",
    "arc-", "x-ms-exchange-", "x-ms-has-", "x-ms-tnef-", "x-eop", "x-microsoft-", "x-gm-", "x-google-", "x-gmail-",
    "x-mozilla-", "x-kmail-", "x-evolution-", "x-getmail", "x-fetchmail", "x-pop3-", "x-apple-mail-", "x-dovecot",
    "x-sa-", "x-mail-archive", "x-archive", "x-authenticat", "x-envelope-", "x-spam", "x-bogo", "x-virus", "x-mras",
];

/// Whether a name, in any case, is one of them.
pub(crate) fn hides(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.contains(&&*name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_of_the_way_to_a_folder_are_hidden_and_what_the_sender_wrote_is_not() {
        for name in [
            "List-Id",
            "X-Mailman-Version",
            "X-Spam-Status",
            "X-Bogosity",
            "Status",
            "X-Mozilla-Keys",
            "ARC-Seal",
            "Received",
        ] {
            assert!(hides(name), "{name}");
        }
        for name in ["From", "X-Mailer", "DKIM-Signature", "In-Reply-To", "Organization", "X-Priority", "User-Agent"] {
            assert!(!hides(name), "{name}");
        }
    }
}
