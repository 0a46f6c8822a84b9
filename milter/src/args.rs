//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Scores mail for Postfix and Sendmail, as a milter.
///
/// SIGHUP reads the configuration again; one that is wrong is refused, and the old one stays. SIGTERM ends it: messages that are
/// being received have `milter.drain` to come to their end, and a second SIGTERM ends that as well.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "/etc/switchback/gateway.toml")]
    pub(crate) config: PathBuf,
    /// Only check the configuration file.
    #[arg(long)]
    pub(crate) check: bool,
    /// Also log connections and what goes wrong in them.
    #[arg(long)]
    pub(crate) verbose: bool,
}
