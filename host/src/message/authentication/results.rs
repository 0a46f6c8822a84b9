//! `Authentication-Results` (RFC 8601).

use super::AuthResult;
use crate::message::address::{ascii_domain, domain_of};
use crate::message::limits::FIELD_BYTES_READ_MAX;

/// One field, read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::message) struct Report {
    /// Who says so, in lower case.
    pub(in crate::message) authserv_id: String,
    pub(super) results: Vec<MethodResult>,
}

/// What one method came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MethodResult {
    /// `spf`, in lower case.
    pub(super) method: String,
    pub(super) result: AuthResult,
    /// `smtp.mailfrom=example.org`, the name in lower case.
    properties: Vec<(String, String)>,
}

/// Results of one field that are read. Some have one per DKIM signature.
const RESULTS_MAX: usize = 64;

impl Report {
    /// Reads a field's value. None if it names nobody.
    pub(in crate::message) fn read(value: &[u8]) -> Option<Self> {
        let value = String::from_utf8_lossy(&value[..value.len().min(FIELD_BYTES_READ_MAX)]);
        let mut statements = statements(&value).into_iter();
        // A version may follow the identifier.
        let authserv_id = statements.next()?.into_iter().next()?.to_lowercase();
        let results = statements.filter_map(|words| MethodResult::of(&words)).take(RESULTS_MAX).collect();
        Some(Self { authserv_id, results })
    }
}

impl MethodResult {
    /// Reads a statement: `method=result`, then properties.
    fn of(words: &[String]) -> Option<Self> {
        let mut pairs = words.iter().filter_map(|word| word.split_once('='));
        let (method, result) = pairs.next()?;
        // A version may follow the method: `dkim/1`.
        let method = method.split('/').next().unwrap_or(method).to_ascii_lowercase();
        let properties = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Some(Self { method, result: AuthResult::of(result), properties })
    }

    /// The domain of the first of these properties that there is, in lower case.
    pub(super) fn domain(&self, kind: &str, names: &[&str]) -> Option<String> {
        let value = names.iter().find_map(|name| {
            let is_it = |(property, _): &&(String, String)| {
                property.split_once('.').is_some_and(|(found, rest)| found == kind && rest == *name)
            };
            self.properties.iter().find(is_it).map(|(_, value)| value)
        })?;
        let domain = if value.contains('@') { domain_of(value) } else { ascii_domain(value) };
        (!domain.is_empty()).then(|| domain.into_owned())
    }
}

/// Cuts a value into statements at semicolons and each statement into words at white space. Comments
/// are dropped, quotes removed, and white space around `=` does not count.
fn statements(value: &str) -> Vec<Vec<String>> {
    let mut statements = vec![vec![String::new()]];
    let mut characters = value.chars().peekable();
    let mut comments = 0_usize;
    let mut quoted = false;
    while let Some(character) = characters.next() {
        let Some(words) = statements.last_mut() else { break };
        let Some(word) = words.last_mut() else { break };
        match character {
            '\\' if quoted || comments > 0 => {
                let escaped = characters.next();
                word.extend(escaped.filter(|_| quoted));
            }
            '"' if comments == 0 => quoted = !quoted,
            _ if quoted => word.push(character),
            '(' => comments += 1,
            ')' => comments = comments.saturating_sub(1),
            _ if comments > 0 => {}
            ';' => statements.push(vec![String::new()]),
            '=' => {
                // White space before the sign began a new word.
                if word.is_empty() && words.len() > 1 {
                    words.pop();
                }
                if let Some(word) = words.last_mut() {
                    word.push('=');
                }
                while characters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
            }
            _ if character.is_ascii_whitespace() => {
                if !word.is_empty() {
                    words.push(String::new());
                }
            }
            _ => word.push(character),
        }
    }
    for words in &mut statements {
        words.retain(|word| !word.is_empty());
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::authentication::Authentication;

    fn authentication(value: &str) -> Authentication {
        let mut authentication = Authentication::default();
        authentication.add(&Report::read(value.as_bytes()).unwrap());
        authentication
    }

    #[test]
    fn a_field_of_google_is_read() {
        let read = authentication(
            " mx.google.com;\r\n       dkim=pass header.i=@Example.org header.s=20230601 header.b=\"abc/\";\r\n \
             dkim=fail (bad; signature) header.d=other.example;\r\n       arc=pass (i=1 spf=pass);\r\n       \
             spf=softfail (google.com: domain of transitioning a@b.example) smtp.mailfrom=a@B.example;\r\n       \
             dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=example.org",
        );
        assert_eq!(read.spf, AuthResult::Softfail);
        assert_eq!(read.spf_domain.as_deref(), Some("b.example"));
        assert_eq!(read.dkim, AuthResult::Pass);
        assert_eq!(read.dkim_domains, ["example.org".into()]);
        assert_eq!((read.dmarc, read.arc), (AuthResult::Pass, AuthResult::Pass));
    }

    #[test]
    fn a_field_of_microsoft_is_read() {
        let value =
            " spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=none (message not signed) header.d=none;";
        // It names nobody: the first statement is taken for the identifier, and nobody trusts that.
        assert_eq!(Report::read(value.as_bytes()).unwrap().authserv_id, "spf=fail");
        assert_eq!(authentication(&format!("mx.example; {value}")).spf, AuthResult::Fail);
    }

    #[test]
    fn odd_spacing_comments_and_versions_are_read() {
        let read =
            authentication("mx.example 1 ; spf = pass smtp.mailfrom = \"a b\"@x.example ; dkim/1=none; garbage; none");
        assert_eq!((read.spf, read.dkim), (AuthResult::Pass, AuthResult::None));
        assert_eq!(read.spf_domain.as_deref(), Some("x.example"));
        assert_eq!(authentication("mx.example; none"), Authentication::default());
        assert_eq!(Report::read(b" (nobody) "), None);
    }

    #[test]
    fn the_topmost_report_of_a_method_counts() {
        let mut read = authentication("mx.example; spf=fail; dkim=fail header.d=x.example");
        read.add(&Report::read(b"mx.example; spf=pass; dkim=pass header.d=y.example; dmarc=fail").unwrap());
        assert_eq!((read.spf, read.dkim, read.dmarc), (AuthResult::Fail, AuthResult::Fail, AuthResult::Fail));
        assert!(read.dkim_domains.is_empty());
    }
}
