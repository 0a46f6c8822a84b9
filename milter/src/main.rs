//! Switchback as a milter: scores each message that Postfix or Sendmail receives, and says what becomes of it.

#![forbid(unsafe_code)]

mod accept;
mod answer;
mod args;
mod callbacks;
mod daemon;
mod judging;
mod limits;
mod line;
mod log;
mod message;
mod messages;
mod negotiation;
mod session;
mod stream;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use switchback_gateway::Config;
use switchback_gateway::door::{Passed, Socket, SocketError, raise_open_files};
use tokio::runtime;

use crate::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    log::to_stderr(args.verbose);
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let config = Config::read(&args.config)?;
    if args.check {
        return Ok(());
    }
    if rustix::process::geteuid().is_root() {
        tracing::warn!(
            "runs as root and keeps its rights: start it as a user of its own, as by User= of its systemd unit"
        );
    }
    raise_open_files();
    // Before there are threads: it changes the umask, and the variables of the environment that systemd passes sockets by.
    let socket = socket(&config).context("cannot listen for mail servers")?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let ended = runtime.block_on(daemon::run(&args.config, config, socket));
    // Connections that are still open have had their time.
    runtime.shutdown_background();
    ended
}

/// The socket that systemd passes, or the one that is configured.
fn socket(config: &Config) -> Result<Socket, SocketError> {
    let milter = &config.milter;
    let passed = Passed::take()?.only()?;
    passed.map_or_else(|| Socket::open(&milter.listen, milter.mode, milter.group.as_deref()), Ok)
}
