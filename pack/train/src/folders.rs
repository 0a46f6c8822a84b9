//! [`Folders`]: which messages below a named folder are no label.

use std::path::{Component, Path, PathBuf};

use crate::label::Label;

/// Folders of what somebody threw away, in lower case, without the dot and the `INBOX.` of Maildir++: what is in them was wanted
/// once, or not.
const TRASH: [&str; 9] = [
    "trash",
    "deleted",
    "deleted items",
    "deleted messages",
    "papierkorb",
    "corbeille",
    "papelera",
    "cestino",
    "drafts",
];

/// Folders of unwanted mail.
const JUNK: [&str; 6] = ["junk", "junk e-mail", "junk email", "spam", "bulk mail", "unsolicited"];

/// Where mail of a label is looked for. What somebody threw away below it is no label, and neither is junk below wanted mail.
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

    /// Whether a message of this name, its path, is marked as deleted, or lies in a folder for trash, or for junk where wanted mail is looked
    /// for, that was not named itself.
    pub fn passes_over(&self, name: &str) -> bool {
        let path = Path::new(name);
        let below = self
            .inputs
            .iter()
            .filter_map(|input| path.strip_prefix(input).ok())
            .min_by_key(|rest| rest.as_os_str().len());
        let Some(below) = below else { return false };
        let is_deleted = name.rsplit_once(":2,").is_some_and(|(_, flags)| flags.contains('T') && !flags.contains('/'));
        let mut folders = below.parent().into_iter().flat_map(Path::components);
        is_deleted || folders.any(|folder| self.is_other(folder))
    }

    fn is_other(&self, folder: Component<'_>) -> bool {
        let folder = folder.as_os_str().to_string_lossy().to_lowercase();
        // Folders of Maildir++ are all in one, with dots between their names.
        folder.split('.').any(|name| TRASH.contains(&name) || (self.label == Label::Ham && JUNK.contains(&name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trash_and_junk_are_no_wanted_mail_unless_they_are_named() {
        let inputs = ["Maildir", "old/Trash", "Maildir/.Junk.Kept"].map(PathBuf::from);
        let (ham, spam) = (Folders::new(&inputs, Label::Ham), Folders::new(&inputs, Label::Spam));
        for (name, of_ham, of_spam) in [
            ("Maildir/cur/1.host:2,S", false, false),
            ("Maildir/cur/1.host:2,ST", true, true),
            ("Maildir/.Archive.2024/cur/1.host:2,S", false, false),
            ("Maildir/.Trash/cur/1.host:2,S", true, true),
            ("Maildir/.INBOX.Deleted Items/cur/1.host:2,S", true, true),
            ("Maildir/.Junk/new/1.host", true, false),
            ("old/Trash/cur/1.host:2,S", false, false),
            ("Maildir/.Junk.Kept/cur/1.host:2,S", false, false),
            ("elsewhere/Trash/1.eml", false, false),
        ] {
            assert_eq!((ham.passes_over(name), spam.passes_over(name)), (of_ham, of_spam), "{name}");
        }
    }
}
