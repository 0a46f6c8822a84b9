//! Who it is that operates.

/// The user who asked for the command: the one who called sudo, else the one whose process it is.
pub(crate) fn of_system() -> String {
    let by_sudo = std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty());
    by_sudo.or_else(|| whoami::username().ok()).unwrap_or_else(|| "unknown".to_owned())
}
