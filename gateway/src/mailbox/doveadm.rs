//! Running Dovecot's program.

use std::process::{Command, Stdio};

use super::{MailboxError, Mailboxes};

/// Characters that are kept of what the program says.
const SAID_CHARS_MAX: usize = 500;

/// What a run came to.
pub(super) struct Said {
    pub(super) out: Vec<u8>,
    /// Set if it failed, wholly or in part: of many users, some may have mailboxes that cannot be opened.
    pub(super) trouble: Option<MailboxError>,
}

impl Mailboxes<'_> {
    pub(super) fn ask(&self, args: &[&str], stdin: Stdio) -> Result<Said, MailboxError> {
        let program = || self.config.doveadm.clone();
        let mut command = Command::new(&self.config.doveadm);
        let run = command.args(&self.config.arguments).args(args).stdin(stdin).output();
        let output = run.map_err(|source| MailboxError::Start { program: program(), source })?;
        let said = String::from_utf8_lossy(&output.stderr);
        // What goes wrong with a user's mailboxes is said, and its exit code tells nothing of it.
        let is_well =
            output.status.success() && ![": Error: ", ": Fatal: ", ": Panic: "].iter().any(|sign| said.contains(sign));
        let trouble = (!is_well).then(|| {
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SAID_CHARS_MAX).collect();
            MailboxError::Failed { program: program(), code: output.status.code().unwrap_or(-1), said }
        });
        Ok(Said { out: output.stdout, trouble })
    }
}
