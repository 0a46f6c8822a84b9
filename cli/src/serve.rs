//! `switchback serve`: the doors that speak spamd's protocol and HTTP.

mod accept;
mod daemon;
mod fields;
mod http;
mod inflate;
mod letter;
mod limits;
mod opinion;
mod points;
mod settings;
mod spamd;
mod stop;

use std::path::PathBuf;

use switchback_gateway::Config;

use self::settings::Settings;
use crate::exit::{Exit, after_help};

/// Score mail for mail servers that speak spamd's protocol or HTTP
///
/// Listens where `spamd.listen` and `http.listen` of the configuration say, prints one line for each socket, and runs until
/// SIGTERM, which lets messages that are under way come to their end. SIGHUP reads the configuration and the token again; one
/// that is wrong is refused, and the old one stays. Systemd is told when it is ready (`Type=notify-reload`).
///
/// docs/serve.md shows how Exim, Amavis, Haraka, spamc and rspamc are connected, and what the replies mean.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The configuration file, which switchback-milter reads, too
    #[arg(long, value_name = "FILE", default_value = "/etc/switchback/gateway.toml")]
    config: PathBuf,

    /// Only check the configuration file, and the token file that it names
    #[arg(long)]
    check: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback serve --config /etc/switchback/gateway.toml
  switchback serve --check && systemctl reload switchback-serve";

const EXIT_CODES: [&str; 2] = [
    "it was told to end, and all that was under way has its answer; or with --check, the configuration can be used",
    "the configuration cannot be used, a socket cannot be listened on, or something was lost at the end",
];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let config = Config::read(&args.config)?;
    let settings = Settings::of(&config)?;
    if !args.check {
        daemon::run(&args.config, config, settings)?;
    }
    Ok(Exit::Fine)
}
