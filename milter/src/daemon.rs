//! The life of the program: from the first connection to the last answer.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use indymilter::Config as Protocol;
use switchback_gateway::config::DoorKind;
use switchback_gateway::door::{Listener, Signals, Socket, until_told_to_end};
use switchback_gateway::{Config, Gateway};
use tokio::select;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, block_in_place};
use tokio::time::timeout;

use crate::accept::Accept;
use crate::callbacks::{Door, callbacks};
use crate::limits::{LAST_ANSWERS, SHUTDOWN};
use crate::messages::Messages;

/// Serves mail servers until the program is told to end.
pub(crate) async fn run(path: &Path, config: Config, socket: Socket) -> Result<()> {
    let mut signals = Signals::taken().context("cannot take signals")?;
    let milter = config.milter.clone();
    let gateway = block_in_place(|| Gateway::open(config))?;
    let door = Arc::new(Door { gateway, messages: Messages::none() });
    let stopping = {
        let messages = door.messages.clone();
        async move { messages.stopping().await }
    };
    let listens = socket.to_string();
    let accept = Accept::until(Listener::on(socket).context("cannot accept connections")?, stopping);
    let protocol =
        Protocol { max_connections: milter.connections, connection_timeout: milter.timeout, ..Protocol::default() };
    let (cut, is_cut) = oneshot::channel::<()>();
    let serving = tokio::spawn(indymilter::run(accept, callbacks(&door), protocol, is_cut));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %listens, "ready");
    until_told_to_end(&mut signals, || status(&door), || reload(&door, path)).await;
    end(&door, signals, Serving { task: serving, cut }).await
}

/// Connections being served, and what cuts them off.
struct Serving {
    task: JoinHandle<std::io::Result<()>>,
    cut: oneshot::Sender<()>,
}

/// Lets what has begun come to its end, within a time, or until a second signal.
async fn end(door: &Door, mut signals: Signals, serving: Serving) -> Result<()> {
    let drain = door.gateway.config().milter.drain;
    door.messages.stop();
    tracing::info!(running = door.messages.running(), "ends as soon as messages that are under way have their answers");
    select! {
        () = door.messages.ended() => {}
        () = tokio::time::sleep(drain) => {
            tracing::warn!(running = door.messages.running(), "milter.drain is over: mail servers try again what is under way");
        }
        () = signals.end() => {}
    }
    // Nobody to tell means that it has ended already.
    _ = serving.cut.send(());
    if timeout(LAST_ANSWERS, serving.task).await.is_err() {
        tracing::warn!("connections were cut off while they were answered");
    }
    let gateway = door.gateway.clone();
    block_in_place(|| gateway.shutdown(SHUTDOWN))
        .map_err(|error| anyhow!(error).context("what was recorded last may be lost"))?;
    tracing::info!("ended");
    Ok(())
}

/// Reads the configuration again. One that is wrong, or that needs a new start, is refused, and the old one stays.
fn reload(door: &Door, path: &Path) {
    let reloaded =
        block_in_place(|| -> Result<()> { Ok(door.gateway.reload(Config::read(path)?, &[DoorKind::Milter])?) });
    match reloaded {
        Ok(()) => tracing::info!("has read its configuration again"),
        Err(error) => tracing::error!("the configuration stays as it was: {error:#}"),
    }
}

/// How things are, in a line.
fn status(door: &Door) -> String {
    let (gateway, running) = (&door.gateway, door.messages.running());
    format!("{}; {running} messages under way, {} used", gateway.readiness(), gateway.memory())
}
