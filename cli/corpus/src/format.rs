//! In which format a file holds messages, as far as its name or the caller says.

use std::path::Path;

/// How files are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Format {
    /// By the file's name and content
    #[default]
    Auto,
    /// Each file is one message, whatever is in it
    Message,
    /// Each file is an mbox
    Mbox,
    /// An mbox in which only `From ` at the beginning of a line was quoted
    Mboxo,
    /// An mbox in which `From ` was quoted after any number of `>`
    Mboxrd,
    /// An mboxo that also has a Content-Length in each message
    Mboxcl,
    /// An mbox in which a Content-Length tells where a message ends, and nothing was quoted
    Mboxcl2,
}

/// What is taken for granted of a file before it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Nothing: its content decides.
    Anything,
    /// One message, because of where it lies or how it is named.
    Message,
    /// One message, because the caller says so: nothing else is asked.
    MessageForSure,
    /// An mbox, because of how it is named.
    Mbox(Dialect),
    /// An mbox, because the caller says so.
    MboxForSure(Dialect),
}

/// How an mbox separates and quotes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// It is to be found out.
    Any,
    /// One `>` before `From `, and none before `>From `.
    O,
    /// One `>` before any number of `>` and `From `.
    Rd,
    /// As [`Dialect::O`], with a Content-Length.
    Cl,
    /// A Content-Length, and no quoting.
    Cl2,
}

/// What tells that something is an mbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    ByName,
    ByContent,
}

impl Format {
    /// What to expect of a file of this name.
    pub(super) fn expected(self, path: &Path) -> Expected {
        match self {
            Self::Auto => by_name(path),
            Self::Message => Expected::MessageForSure,
            Self::Mbox => Expected::MboxForSure(Dialect::Any),
            Self::Mboxo => Expected::MboxForSure(Dialect::O),
            Self::Mboxrd => Expected::MboxForSure(Dialect::Rd),
            Self::Mboxcl => Expected::MboxForSure(Dialect::Cl),
            Self::Mboxcl2 => Expected::MboxForSure(Dialect::Cl2),
        }
    }
}

/// What the name of a file says, without the ending of a compressed one.
fn by_name(path: &Path) -> Expected {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    match name.rsplit_once('.').map_or(name, |(_, extension)| extension) {
        "mbox" | "mbx" => Expected::Mbox(Dialect::Any),
        "mboxo" => Expected::Mbox(Dialect::O),
        "mboxrd" => Expected::Mbox(Dialect::Rd),
        "mboxcl" => Expected::Mbox(Dialect::Cl),
        "mboxcl2" => Expected::Mbox(Dialect::Cl2),
        "eml" => Expected::Message,
        _ if is_in_maildir(path) => Expected::Message,
        // Thunderbird's folders have no extension, and an index beside them.
        _ if path.with_file_name(format!("{}.msf", file_name(path))).is_file() => Expected::Mbox(Dialect::Any),
        _ => Expected::Anything,
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether a file lies where a Maildir has its messages (maildir(5)), wherever the command was called from.
pub(super) fn is_in_maildir(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.file_name().is_some_and(|name| name == "cur" || name == "new")
}

/// Whether a folder is a Maildir. Any of its three folders may be missing: they are made when they are needed, and not
/// every program that copies files copies empty folders.
pub(super) fn is_maildir(folder: &Path) -> bool {
    ["cur", "new"].iter().any(|part| folder.join(part).is_dir()) || folder.join("maildirfolder").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_file_is_or_nothing() {
        for (name, expected) in [
            ("a/x.eml", Expected::Message),
            ("x.EML.gz", Expected::Message),
            ("x.mbox", Expected::Mbox(Dialect::Any)),
            ("All mail Including Spam and Trash.mbox", Expected::Mbox(Dialect::Any)),
            ("mbox", Expected::Mbox(Dialect::Any)),
            ("archive.mboxrd.zst", Expected::Mbox(Dialect::Rd)),
            ("cur/1714036800.M1P2.host:2,S", Expected::Message),
            ("./Maildir/new/1714036800.M1P2.host.zip", Expected::Message),
            ("mail/new/archive.mbox", Expected::Mbox(Dialect::Any)),
            ("mail/Inbox", Expected::Anything),
            ("-", Expected::Anything),
        ] {
            assert_eq!(Format::Auto.expected(Path::new(name)), expected, "{name}");
        }
        assert_eq!(Format::Message.expected(Path::new("x.mbox")), Expected::MessageForSure);
    }
}
