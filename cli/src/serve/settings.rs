//! What of the configuration the doors need besides the gateway.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use switchback_gateway::Config;

use super::limits::{TOKEN_BYTES_MAX, TOKEN_BYTES_MIN};

/// What is checked before anything starts, and read again when the configuration is.
#[derive(Debug)]
pub(super) struct Settings {
    /// What clients of the HTTP door have to know; none if anybody who reaches it may ask.
    pub(super) token: Option<Token>,
}

impl Settings {
    /// # Errors
    /// If there is no door to serve at, or the token cannot be read or is none.
    pub(super) fn of(config: &Config) -> anyhow::Result<Self> {
        if config.spamd.listen.is_none() && config.http.listen.is_none() {
            bail!("there is no door to serve at: set spamd.listen or http.listen");
        }
        let token = config.http.token_file.as_deref().map(Token::read).transpose()?;
        Ok(Self { token })
    }
}

/// A token that clients have to send. Only its digest is kept, so that it can be in no log, and comparing takes the same time
/// for every guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token([u8; 32]);

impl Token {
    fn read(path: &Path) -> anyhow::Result<Self> {
        read_private(path)
            .and_then(|text| Self::parse(text.trim()))
            .with_context(|| format!("http.token_file: {}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let is_sendable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !(TOKEN_BYTES_MIN..=TOKEN_BYTES_MAX).contains(&text.len()) || !is_sendable {
            bail!(
                "a token is {TOKEN_BYTES_MIN} to {TOKEN_BYTES_MAX} letters, digits and signs, such as `openssl rand -hex 32` \
                 prints"
            );
        }
        Ok(Self(Sha256::digest(text).into()))
    }

    /// Whether a client knows it.
    pub(super) fn is(&self, guess: &[u8]) -> bool {
        let guess: [u8; 32] = Sha256::digest(guess).into();
        self.0.ct_eq(&guess).into()
    }
}

/// A small file that nobody but its owner can read or write.
fn read_private(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path)?;
    let mode = file.metadata()?.mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("others can read or write it (its mode is {mode:o}): `chmod 600` it, and put a new token in it");
    }
    let mut text = String::new();
    file.take(TOKEN_BYTES_MAX as u64 + 2).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_is_long_and_can_be_sent() {
        for text in ["", "short", &"x".repeat(31), &"x".repeat(1_025), &format!("{} y", "x".repeat(40))] {
            assert!(Token::parse(text).is_err(), "{text}");
        }
        let token = Token::parse(&"x".repeat(32)).unwrap();
        assert!(token.is("x".repeat(32).as_bytes()));
        assert!(!token.is("x".repeat(31).as_bytes()) && !token.is(b""));
        assert!(!format!("{token:?}").contains("xxx"));
    }

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), format!("{}\n", "x".repeat(32))).unwrap();
        fs::set_permissions(file.path(), Permissions::from_mode(0o640)).unwrap();
        let error = format!("{:#}", Token::read(file.path()).unwrap_err());
        assert!(error.contains("its mode is 640") && !error.contains("xxx"), "{error}");
        fs::set_permissions(file.path(), Permissions::from_mode(0o400)).unwrap();
        assert!(Token::read(file.path()).unwrap().is("x".repeat(32).as_bytes()));
    }
}
