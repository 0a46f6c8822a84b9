//! `Authentication-Results` (RFC 8601).

use std::borrow::Cow;

use super::AuthResult;
use crate::message::address::strict_domain;
use crate::message::limits::FIELD_BYTES_READ_MAX;

/// One field, read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::message) struct Report {
    /// Who says so, in lower case.
    authserv_id: String,
    pub(super) results: Vec<MethodResult>,
}

/// What one method came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MethodResult {
    /// `spf`, in lower case.
    pub(super) method: String,
    pub(super) result: AuthResult,
    /// `smtp.mailfrom=example.org`, the name in lower case.
    properties: Vec<(String, Word)>,
}

/// A word of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Word {
    text: String,
    /// Whether it can be read in two ways: a comment or quote begins or ends inside it, one never closes, or there is a
    /// control character in it. What a sender writes into a signature is repeated here, so such a word says nothing.
    is_odd: bool,
}

/// Results of one field that are read. Some have one per DKIM signature.
const RESULTS_MAX: usize = 64;

/// The version of the field's format (RFC 8601, section 2.2). It may be left out.
const VERSION: &str = "1";

impl Report {
    /// Reads a field's value. None if it does not begin with the name of a server, alone or with the version, or is not
    /// whole: what others than that server wrote could pass for its own, or hide what it wrote.
    pub(in crate::message) fn read(value: &[u8]) -> Option<Self> {
        let value = String::from_utf8_lossy(&value[..value.len().min(FIELD_BYTES_READ_MAX)]);
        let mut statements = statements(&value)?.into_iter();
        let first = statements.next()?;
        let id = match &first[..] {
            [id] => id,
            [id, version] if version.text == VERSION && !version.is_odd => id,
            _ => return None,
        };
        if id.is_odd || !value.trim_start().starts_with(&id.text) {
            return None;
        }
        let authserv_id = id.text.to_lowercase();
        let results = statements.filter_map(|words| MethodResult::of(&words)).take(RESULTS_MAX).collect();
        Some(Self { authserv_id, results })
    }

    /// Whether one of these servers, in lower case, wrote it. Some append a job to their name: `mx.example/4711`.
    pub(in crate::message) fn is_of(&self, servers: &[String]) -> bool {
        let host = self.authserv_id.split('/').next();
        servers.iter().any(|server| *server == self.authserv_id || Some(&**server) == host)
    }
}

impl MethodResult {
    /// Reads a statement: `method=result`, then properties.
    fn of(words: &[Word]) -> Option<Self> {
        let mut pairs = words.iter().filter_map(|word| Some((word.text.split_once('=')?, word.is_odd)));
        let ((method, result), _) = pairs.next()?;
        // A version may follow the method: `dkim/1`.
        let method = method.split('/').next().unwrap_or(method).to_ascii_lowercase();
        let property = |((name, value), is_odd): ((&str, &str), bool)| {
            (name.to_ascii_lowercase(), Word { text: value.to_owned(), is_odd })
        };
        Some(Self { method, result: AuthResult::of(result), properties: pairs.map(property).collect() })
    }

    /// Whether it has this property, with any value.
    pub(super) fn has(&self, kind: &str, name: &str) -> bool {
        self.values(kind, name).any(|value| !value.text.is_empty())
    }

    /// The domain of the first of these properties that there is, in lower case and ASCII; none where it is not a
    /// domain as it stands, or of one address, or where the property is there twice: a value that can be read in two
    /// ways says nothing.
    pub(super) fn domain(&self, kind: &str, names: &[&str]) -> Option<String> {
        let name = names.iter().find(|name| self.values(kind, name).next().is_some())?;
        let mut values = self.values(kind, name);
        let value = values.next().filter(|value| !value.is_odd)?;
        if values.next().is_some() {
            return None;
        }
        let domain = match value.text.split_once('@') {
            Some((local, domain)) if may_be_address(kind, name) && is_plain_local(local) => domain,
            Some(_) => return None,
            None => &value.text,
        };
        strict_domain(domain.trim_end_matches('.')).map(Cow::into_owned)
    }

    fn values(&self, kind: &str, name: &str) -> impl Iterator<Item = &Word> {
        let is_it = move |property: &str| property.split_once('.') == Some((kind, name));
        self.properties.iter().filter(move |(property, _)| is_it(property)).map(|(_, value)| value)
    }
}

/// Whether the value of a property may be an address (RFC 8601, section 2.7).
fn may_be_address(kind: &str, name: &str) -> bool {
    matches!((kind, name), ("header", "from" | "i") | ("smtp", "mailfrom" | "mail" | "from"))
}

/// Whether a text before an `@` is no more than a local part: there is nothing in it at which an address could begin.
fn is_plain_local(local: &str) -> bool {
    !local.contains(|c: char| c.is_control() || "<>()[],;:\\\"".contains(c))
}

/// Cuts a value into statements at semicolons and each statement into words at white space. Comments
/// are dropped, quotes removed, and white space around `=` does not count. None if a comment or quote never closes.
fn statements(value: &str) -> Option<Vec<Vec<Word>>> {
    let mut statements = vec![vec![Word::default()]];
    let mut characters = value.chars().peekable();
    let mut comments = 0_usize;
    let mut quoted = false;
    while let Some(character) = characters.next() {
        let Some(words) = statements.last_mut() else { break };
        let Some(word) = words.last_mut() else { break };
        word.is_odd |= character.is_control() && !character.is_ascii_whitespace();
        match character {
            '\\' if quoted || comments > 0 => {
                let escaped = characters.next();
                word.text.extend(escaped.filter(|_| quoted));
            }
            '"' if comments == 0 => {
                let is_whole = word.text.is_empty() || word.text.ends_with('=');
                word.is_odd |= !quoted && !is_whole;
                // Only in a local part white space is no end.
                let is_local = characters.peek() == Some(&'@');
                word.is_odd |= quoted && !is_local && word.text.contains(char::is_whitespace);
                quoted = !quoted;
            }
            _ if quoted => word.text.push(character),
            '(' => {
                // Behind a word it says what the word means; inside it, it is what some programs cut the word at.
                word.is_odd |= comments == 0 && !word.text.is_empty();
                comments += 1;
            }
            ')' => comments = comments.saturating_sub(1),
            _ if comments > 0 => {}
            ';' => statements.push(vec![Word::default()]),
            '=' => {
                // White space before the sign began a new word.
                if word.text.is_empty() && words.len() > 1 {
                    words.pop();
                }
                if let Some(word) = words.last_mut() {
                    word.text.push('=');
                }
                while characters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
            }
            _ if character.is_ascii_whitespace() => {
                if !word.text.is_empty() {
                    words.push(Word::default());
                }
            }
            _ => word.text.push(character),
        }
    }
    if quoted || comments > 0 {
        return None;
    }
    for words in &mut statements {
        words.retain(|word| !word.text.is_empty());
    }
    Some(statements)
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
        assert_eq!(read.dmarc_domain.as_deref(), Some("example.org"));
    }

    #[test]
    fn a_word_that_can_be_read_in_two_ways_names_no_domain() {
        for odd in [
            "good.example(x).evil.example",
            "(x)good.example",
            "good.example\"\".evil",
            "good.example\0.evil.example",
            "good..example",
        ] {
            let read = authentication(&format!("mx.example; dkim=pass header.d={odd}; spf=pass"));
            assert!(read.dkim_domains.is_empty(), "{odd}: {:?}", read.dkim_domains);
            let read = authentication(&format!("mx.example; dmarc=pass header.from={odd}"));
            assert_eq!((read.dmarc, read.dmarc_domain.as_deref()), (AuthResult::Pass, Some("")), "{odd}");
        }
        for odd in [
            "<a@evil.example>,b@good.example",
            "\"a@evil.example, b@good.example\"",
            "\"evil.example, b@good.example\"",
            "\"evil.example b@good.example\"",
            "\"evil.example good.example\"",
            "evil.example@good.example@good.example",
            "a@evil.example@good.example",
            "evil.example,good.example",
            "<b@good.example>",
            "evil.example:b@good.example",
            "good.example header.X=evil.example",
            "evil.example header.X=good.example",
            "good.example header.X=good.example",
        ] {
            let read = authentication(&format!("mx.example; dmarc=pass header.from={}", odd.replace('X', "from")));
            assert_eq!(read.dmarc_domain.as_deref(), Some(""), "{odd}");
            for name in ["d", "i"] {
                let value = odd.replace('X', name);
                let read = authentication(&format!("mx.example; dkim=pass header.{name}={value}; spf=pass"));
                assert!(read.dkim_domains.is_empty(), "{odd}: {:?}", read.dkim_domains);
            }
            let read = authentication(&format!(
                "mx.example; spf=pass smtp.mailfrom={}",
                odd.replace("header.X", "smtp.mailfrom")
            ));
            assert_eq!(read.spf_domain, None, "{odd}");
        }
        let read = authentication("mx.example; dkim=pass header.d=evil.example@good.example");
        assert!(read.dkim_domains.is_empty(), "{:?}", read.dkim_domains);
        let nothing = authentication("mx.example; dmarc=pass header.from=; spf=none");
        assert_eq!((nothing.dmarc, nothing.dmarc_domain), (AuthResult::Pass, None));
        for sound in ["good.example", "\"good.example\"", "Good.Example.", "a@good.example", "good.example (p=none)"] {
            let read = authentication(&format!("mx.example; dmarc=pass header.from={sound}"));
            assert_eq!(read.dmarc_domain.as_deref(), Some("good.example"), "{sound}");
        }
    }

    #[test]
    fn a_server_is_known_by_its_host_and_a_later_version_is_not_read() {
        let trusted = ["mx.example".to_owned()];
        let is_trusted = |value: &str| Report::read(value.as_bytes()).is_some_and(|report| report.is_of(&trusted));
        for known in ["mx.example; none", "MX.example 1; none", "mx.example/4711; none"] {
            assert!(is_trusted(known), "{known}");
        }
        for odd in [
            "mx(.evil).example; none",
            "mx.\"\"example; none",
            "\"mx.example\"; none",
            "(x) mx.example; none",
            "mx.example v2; none",
            "mx.example 1 2; none",
            "mx.example evil.example; none",
            "mx.example; spf=pass smtp.mailfrom=x\"y@evil.example; dmarc=fail",
            "mx.example; spf=pass (x( y); dmarc=fail",
        ] {
            assert!(!is_trusted(odd), "{odd}");
        }
        for other in ["mx.example.evil; none", "a/mx.example; none", "mx.example 2; none", "mx.examples/1; none"] {
            assert!(!is_trusted(other), "{other}");
        }
    }

    #[test]
    fn a_field_of_microsoft_is_read() {
        let value =
            " spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=none (message not signed) header.d=none;";
        assert_eq!(Report::read(value.as_bytes()), None, "it names nobody");
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
    fn results_of_one_field_that_contradict_each_other_are_no_pass() {
        let read = authentication("mx.example; dmarc=pass header.from=x.example; dmarc=fail header.from=x.example");
        assert_eq!((read.dmarc, read.dmarc_domain.as_deref()), (AuthResult::Fail, Some("")));
        let read = authentication("mx.example; dmarc=pass header.from=x.example; dmarc=pass header.from=y.example");
        assert_eq!((read.dmarc, read.dmarc_domain.as_deref()), (AuthResult::Permerror, Some("")));
    }

    // rspamd#5881: the first result was believed, whatever method it was of.
    #[test]
    fn the_topmost_report_of_a_method_counts() {
        let mut read = authentication("mx.example; spf=fail; dkim=fail header.d=x.example");
        read.add(&Report::read(b"mx.example; spf=pass; dkim=pass header.d=y.example; dmarc=fail").unwrap());
        assert_eq!((read.spf, read.dkim, read.dmarc), (AuthResult::Fail, AuthResult::Fail, AuthResult::Fail));
        assert!(read.dkim_domains.is_empty());
    }
}
