//! Why an alert did not arrive.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use switchback_model::lasting::Lasting;

/// Why an alert did not arrive, or may not have. No message has anything of a webhook's address but its host.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AlertError {
    /// Nobody answered.
    #[error("{to} did not answer: {why}")]
    NoAnswer {
        /// Which webhook.
        to: String,
        /// What happened.
        why: String,
    },
    /// Nobody was asked: what the environment says of proxies or of trusted authorities cannot be used, or the clock cannot.
    #[error("{to} cannot be reached: {why}")]
    Unreachable {
        /// Which webhook.
        to: String,
        /// Why.
        why: String,
    },
    /// The answer was not that it had arrived. Of what is not encrypted, it may be a proxy's.
    #[error("{to} answered with status {status}{}", hint(*.status))]
    Status {
        /// Which webhook.
        to: String,
        /// The status of HTTP.
        status: u16,
    },
    /// The command did not run.
    #[error("the command for alerts does not start")]
    Start(#[source] io::Error),
    /// The command failed.
    #[error("the command for alerts failed ({status}){}{said}", if .said.is_empty() { "" } else { ": " })]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The end of what it wrote to its standard error.
        said: String,
    },
    /// The command did not end in time.
    #[error("the command for alerts did not end within {}, and was killed", Lasting(*.0))]
    Hung(Duration),
    /// The system's log does not take it.
    #[error("the system's log does not take it")]
    Syslog(#[source] io::Error),
}

fn hint(status: u16) -> &'static str {
    match status {
        300..=399 => ": it is somewhere else now, and redirects are not followed; name the new address",
        401 => ": it does not accept the signature; do both sides have the same secret?",
        403 => ": it does not accept the signature (do both sides have the same secret?), or a proxy does not allow it",
        407 => ": the proxy asks for a name and a password: http://NAME:PASSWORD@PROXY:PORT in the environment",
        404 | 410 => ": there is nothing at this address",
        _ => "",
    }
}

/// What a shell ends with where the command cannot be run, and where there is none (POSIX.1-2024, XCU 2.8.2).
const CANNOT_RUN: [i32; 2] = [126, 127];

impl AlertError {
    /// Whether another attempt may succeed where nobody changes anything: nobody answered, the receiver had too much to
    /// do or failed, a command failed or hung.
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Unreachable { .. } | Self::Hung(_) | Self::Syslog(_) | Self::Start(_) => true,
            // Request Timeout, Too Early, Too Many Requests, and what is the server's fault (RFC 9110, section 15.6).
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Failed { status, .. } => !status.code().is_some_and(|code| CANNOT_RUN.contains(&code)),
        }
    }
}
