//! What the filter found out about the sender. None of it applies where nobody checked.

use crate::mail::Mail;
use crate::rule::{Rule, rule};
use switchback_guest::AuthResult;
use switchback_guest::Category::{Ham, Spam, Spoof};

pub(super) const RULES: &[Rule] = &[
    rule("DMARC_FAIL", 2.5, Spoof, "the sender's domain disowns the message (DMARC)", |mail| {
        mail.authentication.dmarc == AuthResult::Fail
    }),
    rule("DMARC_PASS", -0.5, Ham, "the sender's domain is the one it says (DMARC)", |mail| {
        mail.authentication.dmarc == AuthResult::Pass
    }),
    rule("SPF_FAIL", 1.5, Spoof, "the client may not send for the domain (SPF)", |mail| {
        mail.authentication.spf == AuthResult::Fail
    }),
    rule("SPF_SOFTFAIL", 0.7, Spoof, "the client should not send for the domain (SPF)", |mail| {
        mail.authentication.spf == AuthResult::Softfail
    }),
    rule("DKIM_FAIL", 0.7, Spoof, "no signature is valid (DKIM)", |mail| mail.authentication.dkim == AuthResult::Fail),
    rule("UNAUTHENTICATED", 1.0, Spam, "nothing vouches for the sender: no SPF, no DKIM", nobody_vouches),
];

fn nobody_vouches(mail: &Mail) -> bool {
    mail.authentication.spf == AuthResult::None && mail.authentication.dkim == AuthResult::None
}

#[cfg(test)]
mod tests {
    use crate::rule::tests::applies;
    use switchback_guest::{AuthResult, Authentication, Message};

    #[test]
    fn each_result_has_its_rule() {
        let none = Authentication::default;
        for (rule, authentication) in [
            ("DMARC_FAIL", Authentication { dmarc: AuthResult::Fail, ..none() }),
            ("DMARC_PASS", Authentication { dmarc: AuthResult::Pass, ..none() }),
            ("SPF_FAIL", Authentication { spf: AuthResult::Fail, ..none() }),
            ("SPF_SOFTFAIL", Authentication { spf: AuthResult::Softfail, ..none() }),
            ("DKIM_FAIL", Authentication { dkim: AuthResult::Fail, ..none() }),
            ("UNAUTHENTICATED", Authentication { spf: AuthResult::None, dkim: AuthResult::None, ..none() }),
        ] {
            assert!(applies(rule, Message::builder().authentication(authentication)), "{rule}");
            assert!(!applies(rule, Message::builder()), "{rule} where nobody checked");
        }
    }
}
