//! [`Folders`]: which messages below a named folder are no label.

mod names;
mod utf7;

use std::path::{Component, Path, PathBuf};

use switchback::Message;
use switchback::message::Recipients;

use self::names::contents;
use crate::label::Label;

/// What is in a folder that is no label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contents {
    /// What somebody threw away: it was wanted once, or not.
    Trash,
    /// Unwanted mail.
    Junk,
    /// What somebody wrote: nobody sent it to them.
    Own,
}

/// The endings of mbox files, and of compressed ones.
const ENDINGS: [&str; 5] = [".gz", ".zst", ".zstd", ".mbox", ".mbx"];

/// The field with the folders of a message in Gmail's export.
const LABELS: &[u8] = b"X-Gmail-Labels:";

/// Where mail of a label is looked for. What somebody threw away or wrote below it is no label, and neither is junk below wanted mail.
#[derive(Clone, Debug)]
pub struct Folders {
    inputs: Vec<PathBuf>,
    label: Label,
}

impl Folders {
    /// Files and folders, as somebody named them.
    pub fn new(inputs: &[PathBuf], label: Label) -> Self {
        Self { inputs: inputs.to_vec(), label }
    }

    /// Those of the inputs that are folders for junk by their names, where wanted mail is looked for: the labels may be swapped.
    pub fn junk_as_wanted(&self) -> impl Iterator<Item = &Path> {
        let is_wanted = self.label == Label::Ham;
        self.inputs.iter().map(PathBuf::as_path).filter(move |input| {
            let name = input.file_name().unwrap_or_default().to_string_lossy();
            is_wanted && without_endings(&name).split('.').any(|name| contents(name) == Some(Contents::Junk))
        })
    }

    /// Whether a message of this name, its path, is marked as deleted or a draft, or lies in a folder that was not named itself: for
    /// trash, for what somebody sent or will send, or for junk where wanted mail is looked for. A file in the mbox format is a folder.
    pub fn passes_over(&self, name: &str) -> bool {
        let path = Path::new(without_number(name));
        let below = self.inputs.iter().filter_map(|input| path.strip_prefix(input).ok());
        let Some(below) = below.min_by_key(|rest| rest.as_os_str().len()) else { return false };
        let file = path.file_name().map(|file| file.to_string_lossy()).unwrap_or_default();
        // Folders of Maildir++ are all in one, with dots between their names.
        let mut folders = below.parent().into_iter().flat_map(Path::components);
        is_marked(&file)
            || folders.any(|folder| self.is_other(component(folder).split('.')))
            || (!below.as_os_str().is_empty() && self.is_other([without_endings(&file)].into_iter()))
    }

    /// Whether Gmail's export, which has all folders in one file and names them in front of each message (`X-Gmail-Labels`), says that
    /// a message is no label. Behind other fields its sender wrote that.
    pub fn passes_over_by_header(&self, message: &Message) -> bool {
        let is_gmails = |line: &&[u8]| line.starts_with(LABELS) || line.starts_with(b"X-GM-THRID:");
        let mut own = message.bytes().split_inclusive(|byte| *byte == b'\n').take_while(is_gmails);
        own.any(|line| line.starts_with(LABELS))
            && message
                .header("x-gmail-labels", Recipients::Granted)
                .first()
                .is_some_and(|labels| self.is_other(labels.split(',')))
    }

    fn is_other<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        names.any(|name| {
            let contents = contents(name.trim().trim_matches('"'));
            let contents = contents.or_else(|| utf7::decoded(name).as_deref().and_then(self::contents));
            contents.is_some_and(|contents| contents != Contents::Junk || self.label == Label::Ham)
        })
    }
}

fn component(folder: Component<'_>) -> String {
    folder.as_os_str().to_string_lossy().into_owned()
}

/// A message's name without its number in an mbox.
fn without_number(name: &str) -> &str {
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    name.rsplit_once('#').filter(|(_, number)| is_number(number)).map_or(name, |(file, _)| file)
}

/// The name of a folder that is a file.
fn without_endings(file: &str) -> &str {
    ENDINGS.iter().fold(file, |file, ending| file.strip_suffix(ending).unwrap_or(file))
}

/// Whether a file of a Maildir is marked as deleted or a draft. Where a colon cannot be in a name, other characters are in its place.
fn is_marked(file: &str) -> bool {
    let flags = [":2,", ";2,", "!2,"].iter().find_map(|info| file.rsplit_once(info));
    flags.is_some_and(|(_, flags)| flags.contains(['T', 'D']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> (Folders, Folders) {
        let inputs = ["Maildir", "old/Trash", "Maildir/.Junk.Kept", "mail/Junk"].map(PathBuf::from);
        (Folders::new(&inputs, Label::Ham), Folders::new(&inputs, Label::Spam))
    }

    #[test]
    fn trash_junk_and_what_was_sent_are_no_wanted_mail_unless_they_are_named() {
        let (ham, spam) = folders();
        assert_eq!(ham.junk_as_wanted().collect::<Vec<_>>(), [Path::new("Maildir/.Junk.Kept"), Path::new("mail/Junk")]);
        assert_eq!(spam.junk_as_wanted().count(), 0);
        for (name, of_ham, of_spam) in [
            ("Maildir/cur/1.host:2,S", false, false),
            ("Maildir/cur/1.host:2,ST", true, true),
            ("Maildir/cur/1.host;2,DS", true, true),
            ("Maildir/.Archive.2024/cur/1.host:2,S", false, false),
            ("Maildir/.Trash/cur/1.host:2,S", true, true),
            ("Maildir/.INBOX.Deleted Items/cur/1.host:2,S", true, true),
            ("Maildir/.Junk/new/1.host", true, false),
            ("Maildir/.Sent.2024/cur/1.host:2,S", true, true),
            ("Maildir/.Gel&APY-schte Elemente/cur/1.host:2,S", true, true),
            ("Maildir/[Gmail]/Корзина/cur/1.host:2,S", true, true),
            ("Maildir/.R&D/cur/1.host:2,S", false, false),
            ("old/Trash/cur/1.host:2,S", false, false),
            ("Maildir/.Junk.Kept/cur/1.host:2,S", false, false),
            ("elsewhere/Trash/1.eml", false, false),
        ] {
            assert_eq!((ham.passes_over(name), spam.passes_over(name)), (of_ham, of_spam), "{name}");
        }
    }

    #[test]
    fn a_folder_that_is_a_file_is_one_too() {
        let (ham, spam) = folders();
        for (name, of_ham, of_spam) in [
            ("Maildir/Trash#12", true, true),
            ("Maildir/Junk#1", true, false),
            ("Maildir/Spam.mbox.gz#2", true, false),
            ("Maildir/Sent", true, true),
            ("Maildir/Trash.sbd/2024#1", true, true),
            ("Maildir/Archive#3", false, false),
            ("Maildir/spam.eml", false, false),
            ("mail/Junk#3", false, false),
            ("old/Trash#1", false, false),
        ] {
            assert_eq!((ham.passes_over(name), spam.passes_over(name)), (of_ham, of_spam), "{name}");
        }
    }

    #[test]
    fn one_file_with_all_folders_is_told_apart_by_its_fields() {
        let (ham, spam) = folders();
        let of = |field: &str| {
            let message =
                Message::parse(format!("{field}Received: from a by b\nFrom: a@x.example\nSubject: hello\n\nhello\n"));
            (ham.passes_over_by_header(&message), spam.passes_over_by_header(&message))
        };
        for (field, passed) in [
            ("", (false, false)),
            ("X-Gmail-Labels: Inbox,Opened,Category Updates\n", (false, false)),
            ("X-Gmail-Labels: Spam,Unread\n", (true, false)),
            ("X-Gmail-Labels: Archived,Trash\n", (true, true)),
            ("X-Gmail-Labels: Archived,Sent\n", (true, true)),
            ("X-Gmail-Labels: =?UTF-8?Q?Entw=C3=BCrfe?=\n", (true, true)),
            ("Received: from a by b\nX-Gmail-Labels: Trash\n", (false, false)),
            ("X-GM-THRID: 17\nX-Gmail-Labels: Trash\n", (true, true)),
        ] {
            assert_eq!(of(field), passed, "{field}");
        }
    }
}
