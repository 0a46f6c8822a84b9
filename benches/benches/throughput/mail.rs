//! The messages that are sent, each in the forms in which clients send it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mail_auth::common::crypto::{RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter as _;
use mail_auth::dkim::DkimSigner;
use rustls_pki_types::PrivateKeyDer;
use switchback::Digest;
use switchback_benches::{raw_messages, root};

/// The envelope's sender, and its domain.
pub(crate) const SENDER: &str = "s@sender.example";
pub(crate) const SENDER_DOMAIN: &str = "sender.example";

/// Where the domain's key is, below it.
pub(crate) const SELECTOR: &str = "sel";

/// The envelope's recipient.
pub(crate) const RECIPIENT: &str = "a@test.example";

/// A field of a header: its name, and what is behind the colon, with LF in folds, as mail servers tell milters.
type Field = (Vec<u8>, Vec<u8>);

/// A message.
pub(crate) struct Mail {
    /// As SMTP has it: lines end with CRLF.
    pub(crate) bytes: Vec<u8>,
    /// As it follows `DATA`: a dot at the beginning of a line is doubled, and the last line is a dot.
    pub(crate) data: Vec<u8>,
    /// As files have it: lines end with LF.
    pub(crate) file: Vec<u8>,
    /// The header.
    pub(crate) fields: Vec<Field>,
    body: usize,
}

impl Mail {
    fn new(raw: &[u8]) -> Self {
        let file = without_separator(raw).to_vec();
        let mut bytes = Vec::with_capacity(file.len() + file.len() / 32);
        for line in file.split_inclusive(|byte| *byte == b'\n') {
            bytes.extend_from_slice(
                line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line)),
            );
            bytes.extend_from_slice(b"\r\n");
        }
        let (fields, body) = header(&bytes);
        Self { data: stuffed(&bytes), fields, body, file: with_lf(&bytes), bytes }
    }

    /// What is behind the header.
    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }
}

/// Messages of the files in a folder and below it, always the same ones, in an order that has nothing to do with their names.
pub(crate) fn of_folder(dir: &Path, count: usize) -> io::Result<Vec<Mail>> {
    let mut files = Vec::new();
    find(dir, &mut files)?;
    files.sort_by_cached_key(|path| {
        let name = path.strip_prefix(dir).unwrap_or(path);
        Digest::of(name.as_os_str().as_encoded_bytes()).to_string()
    });
    files.truncate(count);
    files.iter().map(|path| Ok(Mail::new(&fs::read(path)?))).collect()
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), files)?;
        } else if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Generated messages.
pub(crate) fn generated(count: usize) -> Vec<Mail> {
    raw_messages(count).iter().map(|raw| Mail::new(raw)).collect()
}

/// The same messages, each signed by the sender's domain with a key of 2,048 bits: nobody has the keys of the signatures that
/// real mail comes with.
pub(crate) fn signed(mail: &[Mail]) -> Vec<Mail> {
    let key = fs::read(keys().join("rsa.der")).expect("the key of the gateway's tests");
    let key = PrivateKeyDer::Pkcs1(key.into());
    let key = RsaKey::<Sha256>::from_key_der(key).expect("a key");
    let signer =
        DkimSigner::from_key(key).domain(SENDER_DOMAIN).selector(SELECTOR).headers(["From", "Subject", "Date"]);
    let sign = |mail: &Mail| {
        let signature = signer.sign(&mail.bytes).expect("a message can be signed").to_header();
        Mail::new(&[signature.as_bytes(), &mail.bytes].concat())
    };
    mail.iter().map(sign).collect()
}

/// Where the keys of the gateway's tests are, which are for nothing else.
pub(crate) fn keys() -> PathBuf {
    root().join("gateway/src/authentication/tests/keys")
}

/// A message without the line that an mbox has before it.
fn without_separator(raw: &[u8]) -> &[u8] {
    if !raw.starts_with(b"From ") {
        return raw;
    }
    raw.iter().position(|byte| *byte == b'\n').map_or(raw, |end| &raw[end + 1..])
}

fn with_lf(bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(text) => file.extend_from_slice(&[text, b"\n"].concat()),
            None => file.extend_from_slice(line),
        }
    }
    file
}

fn stuffed(bytes: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(bytes.len() + 3);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            data.push(b'.');
        }
        data.extend_from_slice(line);
    }
    data.extend_from_slice(b".\r\n");
    data
}

/// The fields of a header, up to the first line that is none, and where the body begins.
fn header(bytes: &[u8]) -> (Vec<Field>, usize) {
    let mut fields: Vec<Field> = Vec::new();
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        // The protocol's strings end with NUL.
        let text: Vec<u8> =
            line.strip_suffix(b"\r\n").unwrap_or(line).iter().copied().filter(|byte| *byte != 0).collect();
        if text.is_empty() {
            return (fields, at + line.len());
        }
        match (fields.last_mut(), text.iter().position(|byte| *byte == b':')) {
            (Some((_, value)), _) if matches!(text[0], b' ' | b'\t') => {
                value.push(b'\n');
                value.extend_from_slice(&text);
            }
            (_, Some(colon)) if colon > 0 && text[..colon].iter().all(u8::is_ascii_graphic) => {
                fields.push((text[..colon].to_vec(), text[colon + 1..].to_vec()));
            }
            _ => break,
        }
        at += line.len();
    }
    (fields, at)
}
