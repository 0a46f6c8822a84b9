//! What of an envelope's parameters a server is told again.
//!
//! What changes how a message is delivered, or who hears of it, is passed on or the message stays here: 8-bit text, addresses
//! beyond ASCII, a wish for no bounces, a demand for TLS. What only informs is passed on where the server offers it.

use std::collections::BTreeSet;

use super::carrier::Letter;

/// What a server offers in its answer to EHLO: keywords in upper case.
pub(super) type Offers = BTreeSet<String>;

/// The parameters of each command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    /// Of `MAIL FROM`.
    pub(super) mail: Vec<String>,
    /// Of each `RCPT TO`.
    pub(super) recipients: Vec<Vec<String>>,
}

impl Parameters {
    /// What a server that offers this is told.
    ///
    /// # Errors
    /// Why the message cannot be given to it.
    pub(super) fn of(letter: &Letter<'_>, offers: &Offers) -> Result<Self, String> {
        let mut mail = Vec::new();
        let is_eight_bit =
            !letter.bytes.is_ascii() || letter.mail_parameters.iter().any(|one| is(one, "BODY", Some("8BITMIME")));
        if is_eight_bit {
            demand(offers, "8BITMIME", "it has 8-bit text")?;
            mail.push("BODY=8BITMIME".to_owned());
        }
        let is_international = !letter.sender.is_ascii()
            || !letter.recipients.iter().all(|to| to.address.is_ascii())
            || letter.mail_parameters.iter().any(|one| is(one, "SMTPUTF8", None));
        if is_international {
            demand(offers, "SMTPUTF8", "it came with SMTPUTF8")?;
            mail.push("SMTPUTF8".to_owned());
        }
        for parameter in letter.mail_parameters {
            match &*keyword(parameter) {
                "BODY" if is(parameter, "BODY", Some("BINARYMIME")) => {
                    return Err("it came with BODY=BINARYMIME, which cannot be passed on".to_owned());
                }
                "REQUIRETLS" => {
                    demand(offers, "REQUIRETLS", "it came with REQUIRETLS")?;
                    mail.push(parameter.clone());
                }
                // Told anew, or of the client's connection alone.
                "BODY" | "SMTPUTF8" | "SIZE" | "AUTH" => {}
                "RET" | "ENVID" => mail.extend(offers.contains("DSN").then(|| parameter.clone())),
                other => mail.extend(offers.contains(other).then(|| parameter.clone())),
            }
        }
        let recipients = letter.recipients.iter().map(|to| of_recipient(to.parameters, offers));
        Ok(Self { mail, recipients: recipients.collect::<Result<_, _>>()? })
    }
}

fn of_recipient(parameters: &[String], offers: &Offers) -> Result<Vec<String>, String> {
    let mut passed = Vec::new();
    for parameter in parameters {
        match &*keyword(parameter) {
            "NOTIFY" => {
                demand(offers, "DSN", "it came with NOTIFY")?;
                passed.push(parameter.clone());
            }
            "ORCPT" => passed.extend(offers.contains("DSN").then(|| parameter.clone())),
            other => passed.extend(offers.contains(other).then(|| parameter.clone())),
        }
    }
    Ok(passed)
}

fn demand(offers: &Offers, keyword: &str, why: &str) -> Result<(), String> {
    match offers.contains(keyword) {
        true => Ok(()),
        false => Err(format!("{why}, and {keyword} is not offered where it would be given back")),
    }
}

fn keyword(parameter: &str) -> String {
    parameter.split_once('=').map_or(parameter, |(keyword, _)| keyword).to_ascii_uppercase()
}

fn is(parameter: &str, keyword: &str, value: Option<&str>) -> bool {
    let (found, its) = parameter.split_once('=').map_or((parameter, None), |(found, value)| (found, Some(value)));
    found.eq_ignore_ascii_case(keyword)
        && value.is_none_or(|value| its.is_some_and(|its| its.eq_ignore_ascii_case(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::held::carrier::Addressee;

    fn parameters(mail: &[&str], recipient: &[&str], bytes: &[u8], offers: &[&str]) -> Result<Parameters, String> {
        let own = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let (mail, recipient) = (own(mail), own(recipient));
        let to = Addressee { address: "b@y.example", parameters: &recipient };
        let letter = Letter { sender: "a@x.example", mail_parameters: &mail, recipients: vec![to], bytes };
        Parameters::of(&letter, &offers.iter().map(|one| (*one).to_owned()).collect())
    }

    /// <https://www.postfix.org/MILTER_README.html> and <https://www.postfix.org/SMTPUTF8_README.html>: what a message needs is
    /// in its parameters, and lost where they are.
    #[test]
    fn what_came_with_a_message_goes_with_it() {
        let all = ["8BITMIME", "SMTPUTF8", "DSN", "SIZE", "MT-PRIORITY"];
        let mail =
            ["body=8bitmime", "SIZE=17", "SMTPUTF8", "RET=HDRS", "ENVID=x+2By", "AUTH=<>", "MT-PRIORITY=3", "X-Y=1"];
        let passed = parameters(&mail, &["NOTIFY=NEVER", "ORCPT=rfc822;b@y.example"], b"x", &all).unwrap();
        assert_eq!(passed.mail, ["BODY=8BITMIME", "SMTPUTF8", "RET=HDRS", "ENVID=x+2By", "MT-PRIORITY=3"]);
        assert_eq!(passed.recipients, [["NOTIFY=NEVER", "ORCPT=rfc822;b@y.example"]]);
        let plain = parameters(&["SIZE=17", "BODY=7BIT"], &[], b"x", &all).unwrap();
        assert_eq!(plain, Parameters { mail: vec![], recipients: vec![vec![]] });
        assert_eq!(parameters(&[], &[], b"\xe9", &all).unwrap().mail, ["BODY=8BITMIME"]);
    }

    #[test]
    fn what_a_server_cannot_keep_stays_here() {
        for (mail, recipient, bytes, offers, why) in [
            (&["BODY=8BITMIME"][..], &[][..], &b"x"[..], &["DSN"][..], "8BITMIME is not offered"),
            (&[], &[], b"\xff", &["DSN"], "8BITMIME is not offered"),
            (&["SMTPUTF8"], &[], b"x", &["8BITMIME"], "SMTPUTF8 is not offered"),
            (&["REQUIRETLS"], &[], b"x", &["8BITMIME"], "REQUIRETLS is not offered"),
            (&["BODY=BINARYMIME"], &[], b"x", &["8BITMIME", "BINARYMIME"], "cannot be passed on"),
            (&[], &["NOTIFY=NEVER"], b"x", &["8BITMIME"], "DSN is not offered"),
        ] {
            let refused = parameters(mail, recipient, bytes, offers).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        let informing = parameters(&["RET=FULL", "ENVID=1"], &["ORCPT=rfc822;b@y.example"], b"x", &[]).unwrap();
        assert_eq!(informing, Parameters { mail: vec![], recipients: vec![vec![]] });
    }
}
