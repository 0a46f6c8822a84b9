//! Names of folders as IMAP and Maildir++ write them: RFC 3501, section 5.1.3.

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

/// Base64 with a comma for the slash.
const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A name in letters; none where it is not written in this way.
pub(super) fn decoded(name: &str) -> Option<String> {
    let mut parts = name.split('&');
    let mut decoded = parts.next()?.to_owned();
    for part in parts {
        let (shifted, plain) = part.split_once('-')?;
        match shifted {
            "" => decoded.push('&'),
            _ => decoded += &utf16(&BASE64.decode(shifted).ok()?)?,
        }
        decoded += plain;
    }
    Some(decoded)
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let units: Vec<_> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_the_rfc_writes_them() {
        for (name, letters) in [
            ("Trash", Some("Trash")),
            ("Gel&APY-schte Elemente", Some("Gelöschte Elemente")),
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", Some("~peter/mail/台北/日本語")),
            ("R&-D", Some("R&D")),
            ("R&D", None),
            ("&!-", None),
            ("&2AA-", None),
        ] {
            assert_eq!(decoded(name).as_deref(), letters, "{name}");
        }
    }
}
