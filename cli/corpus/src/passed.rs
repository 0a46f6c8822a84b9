//! What a mail store has besides messages, and is passed over.

use std::fmt;

use crate::text;

/// What is known to be no message, or none that anybody is to see, by name or by the programs' own marks. It is said once,
/// and is no fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    /// Files in which programs keep indices and settings.
    pub(super) control: u64,
    /// Files and folders whose names begin with a dot.
    pub(super) hidden: u64,
    /// Files in the `tmp` of a Maildir, which were not delivered yet, or never.
    pub(super) unfinished: u64,
    /// Messages in which programs keep the state of a folder.
    pub(super) internal: u64,
    /// Messages that were deleted, and are still in the file.
    pub(super) deleted: u64,
}

/// `2 control files of mail programs, 1 hidden file`; nothing, if nothing was.
impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.control, "control file", " of mail programs"),
            (self.hidden, "hidden file", ""),
            (self.unfinished, "file", " in the tmp of a Maildir"),
            (self.internal, "message", " of a mail program's own data"),
            (self.deleted, "message", " deleted in a mail program"),
        ];
        let kinds = kinds.into_iter().filter(|(count, ..)| *count > 0);
        let counted = kinds.map(|(count, what, which)| text::counted(count, what) + which);
        f.write_str(&counted.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_was_is_said() {
        let passed = Passed { control: 2, internal: 1, ..Passed::default() };
        assert_eq!(passed.to_string(), "2 control files of mail programs, 1 message of a mail program's own data");
        assert_eq!(Passed::default().to_string(), "");
    }
}
