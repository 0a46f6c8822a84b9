//! The key of a journal's hashes, and what a record keeps of a message.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use switchback_model::guard::Key;
use switchback_model::message::{Fingerprint, Message, Recipients};
use switchback_system::private;

use super::config::MessageIds;
use super::error::JournalError;
use super::record::RecordedMessage;

/// The file with the key, in the journal's folder.
pub(super) const FILE: &str = "key";

/// Bytes of the key.
const KEY_BYTES: usize = 32;

/// Bytes of a hash that are kept: two Message-IDs of one journal share one by chance never.
const HASH_BYTES: usize = 16;

/// The key of a journal's hashes: 32 random bytes, the same for every process that writes into its folder.
#[derive(Clone)]
pub(super) struct JournalKey([u8; KEY_BYTES]);

impl JournalKey {
    /// The key of the journal in a folder, which is made if it has none.
    pub(super) fn of(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join(FILE);
        if !path.try_exists().map_err(JournalError::unusable(&path))? {
            Self::random().and_then(|key| key.keep(dir, &path)).map_err(JournalError::unusable(&path))?;
        }
        let mut key = Vec::new();
        private::open(&path)?.read_to_end(&mut key).map_err(JournalError::unusable(&path))?;
        let why = || JournalError::damaged(&path, format!("it has {} bytes, not {KEY_BYTES}", key.len()));
        key.as_slice().try_into().map(Self).map_err(|_| why())
    }

    /// The key of the journal in a folder that was made again: this one, unless it came with another.
    pub(super) fn again(&self, dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join(FILE);
        self.keep(dir, &path).map_err(JournalError::unusable(&path))?;
        Self::of(dir)
    }

    /// The key of the journal in a folder, if it has one that can be read.
    pub(super) fn find(dir: &Path) -> Option<Self> {
        let (mut key, file) = (Vec::new(), private::open_to_look(&dir.join(FILE)).ok()?);
        file.take(KEY_BYTES as u64 + 1).read_to_end(&mut key).ok()?;
        key.try_into().ok().map(Self)
    }

    /// A key for those who hash nothing.
    pub(super) fn none() -> Self {
        Self([0; KEY_BYTES])
    }

    /// A new key, which nobody else has.
    pub(super) fn random() -> io::Result<Self> {
        let mut key = [0; KEY_BYTES];
        fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
        Ok(Self(key))
    }

    /// Writes it down, unless there is one: another process was faster.
    fn keep(&self, dir: &Path, path: &Path) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        io::Write::write_all(&mut file, &self.0)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
            _ => fs::File::open(dir)?.sync_all(),
        }
    }

    /// A Message-ID as it is kept when it is hashed: 32 hexadecimal digits.
    pub(super) fn hash(&self, message_id: &str) -> String {
        let hash = blake3::keyed_hash(&self.0, bare(message_id).as_bytes());
        let digits = hash.to_hex();
        digits[..2 * HASH_BYTES].to_owned()
    }

    /// What decides whether a campaign is in a sample: by a hash, so that nobody who sends mail can tell.
    pub(super) fn number(&self, fingerprint: Fingerprint) -> u64 {
        first_8(blake3::keyed_hash(&self.0, fingerprint.as_bytes()))
    }

    /// A sender as it is kept: by the key that the guard knows it by, hashed, so that nobody can tell it who has the journal alone.
    pub(super) fn sender(&self, sender: Key) -> Key {
        Key(first_8(blake3::keyed_hash(&self.0, &sender.0.to_le_bytes())))
    }
}

fn first_8(hash: blake3::Hash) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(first)
}

impl RecordedMessage {
    /// What a journal keeps of a message. Derives what the message's fingerprint needs.
    pub(super) fn of(message: &Message, message_ids: MessageIds, key: &JournalKey) -> Self {
        let message_id = message_id(message).and_then(|id| match message_ids {
            MessageIds::Hashed => Some(key.hash(&id)),
            MessageIds::Plain => Some(id),
            MessageIds::Omitted => None,
        });
        Self {
            fingerprint: message.fingerprint(),
            digest: message.sha256().into(),
            context: message.context_digest().into(),
            message_id: message_id.map(Arc::from),
            sender_domain: message.sender_domain().map(Arc::from),
            sender: message.author().mailbox().map(|author| key.sender(Key::of_sender(&author.address))),
            is_authenticated: message.is_sender_authenticated(),
            bytes: message.size(),
        }
    }
}

/// The Message-ID, without the angle brackets; none if there is none, or an empty one.
fn message_id(message: &Message) -> Option<String> {
    let value = message.header("message-id", Recipients::Masked).into_iter().next()?;
    Some(bare(&value).to_owned()).filter(|id| !id.is_empty())
}

/// A Message-ID without white space and angle brackets around it.
pub(super) fn bare(message_id: &str) -> &str {
    let id = message_id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id).trim()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mail(message_ids: MessageIds, key: &JournalKey) -> Option<Arc<str>> {
        let message =
            Message::parse(*b"From: a@mail.x.example\nTo: b@y.example\nMessage-ID: <1.2@x.example>\n\nhello\n");
        RecordedMessage::of(&message, message_ids, key).message_id
    }

    #[test]
    fn a_message_id_is_hashed_with_a_key_of_the_folder() {
        let [dir, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let key = JournalKey::of(dir.path()).unwrap();
        let hash = mail(MessageIds::Hashed, &key).unwrap();
        assert!(hash.len() == 32 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()), "{hash}");
        assert_eq!(mail(MessageIds::Hashed, &JournalKey::of(dir.path()).unwrap()).unwrap(), hash);
        assert_ne!(mail(MessageIds::Hashed, &JournalKey::of(other.path()).unwrap()).unwrap(), hash);
        assert_eq!(key.hash(" <1.2@x.example> "), &*hash);
        assert_eq!(mail(MessageIds::Plain, &key).as_deref(), Some("1.2@x.example"));
        assert_eq!(mail(MessageIds::Omitted, &key), None);
    }

    #[test]
    fn the_key_is_this_users_alone() {
        let dir = tempfile::tempdir().unwrap();
        JournalKey::of(dir.path()).unwrap();
        let path = dir.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        let refused = JournalKey::of(dir.path()).map(drop).unwrap_err().to_string();
        assert!(refused.contains("key is damaged: it has 5 bytes"), "{refused}");
    }
}
