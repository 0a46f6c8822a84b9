//! Signatures that look like signatures; they verify nothing.

use crate::dice::{Dice, alphabet};
use crate::mailer::Mailer;
use crate::provider::Provider;
use crate::transport::Letter;

/// A `DKIM-Signature` in the form that the sender's service gives it (RFC 6376).
pub(super) fn dkim(letter: &Letter<'_>, domain: &str, dice: &mut Dice) -> String {
    let at = letter.moment.unix;
    let (selector, fields) = match (letter.provider, letter.mailer) {
        (Provider::Gmail, _) => {
            ("20230601", "to:subject:message-id:date:from:mime-version:from:to:cc:subject:date:message-id:reply-to")
        }
        (_, Mailer::Google) => {
            ("google", "to:subject:message-id:date:from:mime-version:from:to:cc:subject:date:message-id:reply-to")
        }
        (_, Mailer::Exchange) => {
            ("selector1", "From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck")
        }
        (_, Mailer::Yahoo) => ("s2048", "Date:From:To:Subject:References:From:Subject:Reply-To"),
        (Provider::ICloud, _) => ("1a1hai", "from:Content-Type:Mime-Version:Subject:Message-Id:Date:To"),
        (_, Mailer::Proton) => ("protonmail", "Date:To:From:Cc:Subject:Message-ID:Feedback-ID:From:To:Cc"),
        (_, Mailer::Platform) => ("k2", "From:Subject:To:Date:Message-ID:List-Unsubscribe:List-Unsubscribe-Post"),
        _ => ("default", "From:To:Subject:Date"),
    };
    let times = match letter.mailer {
        Mailer::Google => format!(" t={at}; x={};", at + 604_800),
        Mailer::Yahoo | Mailer::Proton | Mailer::Platform => format!(" t={at};"),
        _ => String::new(),
    };
    let hash = dice.characters(alphabet::BASE64, 43);
    let signature = in_lines(&dice.characters(alphabet::BASE64, 342));
    format!(
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector};{times}\n\th={fields};\n\tbh={hash}=;\
         \n\tb={signature}=="
    )
}

/// The fields that Exchange Online seals its mail with (RFC 8617).
pub(super) fn arc(letter: &Letter<'_>, dice: &mut Dice) -> [(&'static str, String); 3] {
    let at = letter.moment.unix;
    let common = "a=rsa-sha256; d=microsoft.com; s=arcselector10001;";
    let seal = in_lines(&dice.characters(alphabet::BASE64, 342));
    let hash = dice.characters(alphabet::BASE64, 43);
    let signature = in_lines(&dice.characters(alphabet::BASE64, 342));
    [
        ("ARC-Seal", format!("i=1; {common} t={at}; cv=none;\n\tb={seal}==")),
        (
            "ARC-Message-Signature",
            format!(
                "i=1; {common} t={at};\n\tc=relaxed/relaxed; h=From:Date:Subject:Message-ID;\n\tbh={hash}=;\n\tb={signature}=="
            ),
        ),
        (
            "ARC-Authentication-Results",
            format!(
                "i=1; mx.microsoft.com 1; spf=pass\n\tsmtp.mailfrom={0}; dmarc=pass action=none header.from={0}; arc=none",
                letter.sender.domain()
            ),
        ),
    ]
}

pub(super) fn in_lines(token: &str) -> String {
    let chunks: Vec<String> =
        token.as_bytes().chunks(70).map(|chunk| String::from_utf8_lossy(chunk).into_owned()).collect();
    chunks.join("\n\t ")
}
