//! Mail of these tests, and who signs it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_auth::arc::ArcSealer;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::{Canonicalization, DkimSigner};
use mail_auth::{ArcOutput, AuthenticatedMessage, AuthenticationResults};
use rustls_pki_types::PrivateKeyDer;

use crate::mail::{Mail, Transaction};

/// A key for these tests, and for nothing else.
const RSA: &[u8] = include_bytes!("keys/rsa.der");
const RSA_PUBLIC: &[u8] = include_bytes!("keys/rsa.public.der");
const SEED: [u8; 32] = [7; 32];

pub(super) fn rsa() -> RsaKey<Sha256> {
    RsaKey::from_key_der(PrivateKeyDer::Pkcs1(RSA.into())).unwrap()
}

/// An Ed25519 key; its public half follows from the seed (RFC 8032, section 5.1.5).
pub(super) fn ed25519() -> Ed25519Key {
    // PKCS #8, version 1: a header of fixed bytes, then the seed (RFC 8410, section 7).
    let header = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    Ed25519Key::from_pkcs8_maybe_unchecked_der(&[&header[..], &SEED].concat()).unwrap()
}

pub(super) fn rsa_record() -> String {
    format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(RSA_PUBLIC))
}

pub(super) fn ed25519_record() -> String {
    format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(ed25519().public_key()))
}

/// A message from an address.
pub(super) fn letter(from: &str) -> String {
    format!("A:x\r\nFrom: {from}\r\nTo: you@site.example\r\nSubject: hello\r\n\r\nA letter.\r\n")
}

/// The message, signed by a domain with the RSA key.
pub(super) fn signed(domain: &str, text: &str) -> String {
    let signer = DkimSigner::from_key(rsa()).domain(domain).selector("rsa").headers(["From", "Subject", "A"]);
    let signature = signer.header_canonicalization(Canonicalization::Simple);
    let signature = signature.body_canonicalization(Canonicalization::Simple).sign(text.as_bytes()).unwrap();
    format!("{}{text}", signature.to_header())
}

/// The message, signed by a domain with the Ed25519 key, under a selector.
pub(super) fn signed_as(selector: &str, domain: &str, text: &str) -> String {
    let signer = DkimSigner::from_key(ed25519()).domain(domain).selector(selector).headers(["From", "Subject"]);
    format!("{}{text}", signer.sign(text.as_bytes()).unwrap().to_header())
}

/// The message, signed but for its author (RFC 6376, section 5.4, forbids it).
pub(super) fn signed_without_author(domain: &str, text: &str) -> String {
    let signer = DkimSigner::from_key(rsa()).domain(domain).selector("rsa").headers(["Subject", "To"]);
    format!("{}{text}", signer.sign(text.as_bytes()).unwrap().to_header())
}

/// The message, signed up to the end that it has (`l=`).
pub(super) fn signed_in_part(domain: &str, text: &str) -> String {
    let signer = DkimSigner::from_key(rsa()).domain(domain).selector("rsa").headers(["From"]).body_length(true);
    format!("{}{text}", signer.sign(text.as_bytes()).unwrap().to_header())
}

/// The message, sealed by the first host that passed it on.
pub(super) fn sealed(domain: &str, text: &str) -> String {
    let message = AuthenticatedMessage::parse(text.as_bytes()).unwrap();
    let results = AuthenticationResults::new("mx.list.example");
    let sealer = ArcSealer::from_key(rsa()).domain(domain).selector("rsa").headers(["From", "Subject"]);
    let set = sealer.seal(&message, &results, &ArcOutput::default()).unwrap();
    format!("{}{text}", set.to_header())
}

/// The message, as it comes with a sender.
pub(super) fn mail(mail_from: Option<&str>, text: &str) -> Mail {
    let mut transaction = Transaction::new();
    transaction.envelope.mail_from = mail_from.map(Into::into);
    Mail::new(transaction, text.as_bytes().to_vec())
}
