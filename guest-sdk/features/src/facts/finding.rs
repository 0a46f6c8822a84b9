//! Finding the facts of a message.

use super::{Fact, Facts};
use crate::links::{is_address, shows_another_host};
use crate::message::{BODY_BYTES_MAX, Measured, Source};

/// Results by their place in the contract's enum.
const PASS: u8 = 2;
const FAIL: u8 = 3;

impl Facts {
    /// The facts of a message.
    pub fn of(source: &impl Source) -> Self {
        let measured = source.measured();
        let mut facts = Self([0.0; Fact::COUNT]);
        facts.set_measured(&measured);
        facts.set_header(source);
        facts.set_text(source);
        facts.set_links(source);
        facts.set_flag(Fact::Aligned, is_aligned(&measured, source.dkim_domains()));
        facts
    }

    fn set_measured(&mut self, measured: &Measured<'_>) {
        self.set(Fact::Size, magnitude(measured.size));
        self.set(Fact::HtmlSize, magnitude(measured.html_bytes));
        let counts = [
            (Fact::Headers, measured.headers),
            (Fact::Received, measured.received),
            (Fact::Parts, measured.parts),
            (Fact::Attachments, measured.attachments),
            (Fact::Recipients, measured.recipients),
            (Fact::Spf, measured.spf.into()),
            (Fact::Dkim, measured.dkim.into()),
            (Fact::Dmarc, measured.dmarc.into()),
            (Fact::Arc, measured.arc.into()),
        ];
        for (fact, count) in counts {
            self.set(fact, count as f32);
        }
        let defects = [Fact::NoHeader, Fact::BadFrom, Fact::BadDate, Fact::BadMime, Fact::BadBytes, Fact::TooComplex];
        for (bit, defect) in defects.into_iter().enumerate() {
            self.set_flag(defect, measured.defects >> bit & 1 == 1);
        }
    }

    fn set_header(&mut self, source: &impl Source) {
        let subject = source.subject().as_bytes();
        self.set(Fact::SubjectSize, magnitude(subject.len() as u64));
        self.set(Fact::SubjectCapitals, share(subject, |byte| byte.is_ascii_uppercase()));
        self.set(Fact::FromMailboxes, source.from().count() as f32);
        let is_elsewhere = |domain: &str| !domain.is_empty() && !source.from().any(|mailbox| mailbox.domain == domain);
        self.set_flag(Fact::ReplyElsewhere, source.reply_to_domains().any(is_elsewhere));
    }

    fn set_text(&mut self, source: &impl Source) {
        self.set(Fact::TextSize, magnitude(source.text(usize::MAX).0.len() as u64));
        let text = source.text(BODY_BYTES_MAX).0.as_bytes();
        self.set(Fact::TextCapitals, share(text, |byte| byte.is_ascii_uppercase()));
        self.set(Fact::TextDigits, share(text, |byte| byte.is_ascii_digit()));
        self.set(Fact::TextBeyondAscii, share(text, |byte| !byte.is_ascii()));
        self.set(Fact::TextWhiteSpace, share(text, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')));
    }

    fn set_links(&mut self, source: &impl Source) {
        let mut hosts: Vec<&str> = source.links().0.map(|link| link.host).filter(|host| !host.is_empty()).collect();
        let has_punycode = |host: &&&str| host.split('.').any(|label| label.starts_with("xn--"));
        self.set(Fact::Links, source.links().0.len() as f32);
        self.set(Fact::LinksToAddress, hosts.iter().filter(|host| is_address(host)).count() as f32);
        self.set(Fact::LinksToPunycode, hosts.iter().filter(has_punycode).count() as f32);
        let elsewhere = source.links().0.filter(|link| shows_another_host(link.text, link.host));
        self.set(Fact::LinksShownElsewhere, elsewhere.count() as f32);
        hosts.sort_unstable();
        hosts.dedup();
        self.set(Fact::LinkHosts, hosts.len() as f32);
    }

    fn set(&mut self, fact: Fact, value: f32) {
        self.0[fact as usize] = value;
    }

    fn set_flag(&mut self, fact: Fact, is_true: bool) {
        self.set(fact, f32::from(u8::from(is_true)));
    }
}

/// About log2(1 + `n`), as [`Fact`] says.
fn magnitude(n: u64) -> f32 {
    let x = n.saturating_add(1);
    let e = x.ilog2();
    (f64::from(e) + (x as f64 / (1_u64 << e) as f64 - 1.0)) as f32
}

/// The share of the bytes that pass a test. It has no branch, so that the compiler makes vector code of it.
fn share(bytes: &[u8], test: impl Fn(u8) -> bool) -> f32 {
    if bytes.is_empty() {
        return 0.0;
    }
    let found: usize = bytes
        .chunks(255)
        .map(|some| usize::from(some.iter().map(|&byte| u8::from(test(byte))).fold(0, u8::wrapping_add)))
        .sum();
    found as f32 / bytes.len() as f32
}

/// [`Fact::Aligned`].
fn is_aligned<'a>(measured: &Measured<'_>, mut dkim_domains: impl Iterator<Item = &'a str>) -> bool {
    let Some(author) = measured.author_domain.filter(|domain| !domain.is_empty()) else { return false };
    match (measured.dmarc, measured.dmarc_domain) {
        (_, Some(checked)) if !plain(checked).eq_ignore_ascii_case(author) => false,
        (PASS, Some(_)) => true,
        (FAIL, _) => false,
        _ => {
            let is_related = |domain: &str| is_within(plain(domain), author) || is_within(author, plain(domain));
            measured.dkim == PASS && dkim_domains.any(is_related)
        }
    }
}

/// A domain without blanks around it and dots at its end.
fn plain(domain: &str) -> &str {
    domain.trim().trim_end_matches('.')
}

/// Whether a domain is another one or lies below it, whatever the case.
fn is_within(domain: &str, other: &str) -> bool {
    let Some(at) = domain.len().checked_sub(other.len()) else { return false };
    let ends_with_it = domain.as_bytes()[at..].eq_ignore_ascii_case(other.as_bytes());
    !other.is_empty() && ends_with_it && (at == 0 || domain.as_bytes()[at - 1] == b'.')
}
