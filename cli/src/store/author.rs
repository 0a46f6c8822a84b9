//! Who it is that operates.

/// Who operates.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct AuthorArgs {
    /// Author, recorded in the ledger [default: the system user, or whoever called sudo]
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
}

impl AuthorArgs {
    /// Who was named; else the user who asked for the command: the one who called sudo, or the one whose process it is.
    pub(crate) fn name(&self) -> String {
        let by_sudo = || std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty());
        let named = self.author.clone().or_else(by_sudo);
        named.or_else(|| whoami::username().ok()).unwrap_or_else(|| "unknown".to_owned())
    }
}
