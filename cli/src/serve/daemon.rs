//! The life of the program: from the first connection to the last answer.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use switchback_gateway::{Config, Gateway};
use tokio::runtime;
use tokio::select;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{MissedTickBehavior, interval};

use super::accept::Accept;
use super::http::HttpDoor;
use super::limits::SHUTDOWN;
use super::listen::Socket;
use super::manager;
use super::settings::Settings;
use super::signals::{Signals, Told};
use super::spamd::SpamdDoor;
use super::stop::{Stop, stop};

/// Serves until the program is told to end.
pub(super) fn run(path: &Path, config: Config, settings: Settings) -> anyhow::Result<()> {
    // Before there are threads: the umask changes for a moment.
    let sockets = Sockets::open(&config)?;
    let metrics = super::http::metrics().context("cannot count")?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::taken().context("cannot take signals")?;
        let gateway = block_in_place(|| Gateway::open(config))?;
        let doors = Doors {
            spamd: SpamdDoor::new(gateway.clone()),
            http: HttpDoor::new(gateway.clone(), settings, metrics),
            gateway,
        };
        doors.serve(sockets, path, &mut signals).await
    });
    // Connections that are still open have had their time.
    runtime.shutdown_background();
    ended
}

/// The sockets that are configured.
struct Sockets {
    spamd: Option<Socket>,
    http: Option<Socket>,
}

impl Sockets {
    fn open(config: &Config) -> anyhow::Result<Self> {
        let (spamd, http) = (&config.spamd, &config.http);
        let open = |listen: &Option<_>, mode, group: &Option<String>, door: &'static str| {
            let socket = listen.as_ref().map(|listen| Socket::open(listen, mode, group.as_deref()));
            socket.transpose().context(door)
        };
        Ok(Self {
            spamd: open(&spamd.listen, spamd.mode, &spamd.group, "spamd.listen")?,
            http: open(&http.listen, http.mode, &http.group, "http.listen")?,
        })
    }

    /// Says on standard output where clients can connect.
    fn announce(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for (socket, protocol) in [(&self.spamd, "spamd's protocol"), (&self.http, "HTTP")] {
            if let Some(socket) = socket {
                writeln!(out, "listening on {} for {protocol}", socket.place())?;
            }
        }
        out.flush()
    }
}

struct Doors {
    spamd: SpamdDoor,
    http: Arc<HttpDoor>,
    gateway: Gateway,
}

impl Doors {
    async fn serve(self, sockets: Sockets, path: &Path, signals: &mut Signals) -> anyhow::Result<()> {
        let (stopper, asked) = stop();
        // Nobody reads it where it cannot be written.
        drop(sockets.announce());
        let mut serving = self.accept(sockets, &asked)?;
        manager::ready(&self.gateway.readiness());
        let mut tick = interval(manager::every());
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            select! {
                told = signals.next() => match told {
                    Told::End => break,
                    Told::Reload => {
                        manager::reloading();
                        self.reload(path);
                        manager::ready(&self.gateway.readiness());
                    }
                },
                _ = tick.tick() => {
                    self.http.upkeep();
                    manager::alive(&self.gateway.readiness());
                }
            }
        }
        manager::stopping();
        stopper.stop();
        let all = async { while serving.join_next().await.is_some() {} };
        select! {
            () = all => {}
            () = signals.end() => tracing::warn!("told to end a second time: connections are cut off"),
        }
        block_in_place(|| self.gateway.shutdown(SHUTDOWN))
            .map_err(|error| anyhow!(error).context("what was recorded last may be lost"))
    }

    /// Accepts connections in the background.
    fn accept(&self, sockets: Sockets, stop: &Stop) -> anyhow::Result<JoinSet<()>> {
        let config = self.gateway.config();
        let mut serving = JoinSet::new();
        if let Some(socket) = sockets.spamd {
            let accept = Accept::on(socket, config.spamd.connections, config.spamd.drain).context("spamd.listen")?;
            let (door, asked) = (self.spamd.clone(), stop.clone());
            let serve = move |stream| door.clone().serve(stream, asked.clone());
            serving.spawn(accept.serve(stop.clone(), serve));
        }
        if let Some(socket) = sockets.http {
            let accept = Accept::on(socket, config.http.connections, config.http.drain).context("http.listen")?;
            let (router, timeout, asked) = (self.http.router(), config.http.timeout, stop.clone());
            let serve = move |stream| super::http::serve(stream, router.clone(), timeout, asked.clone());
            serving.spawn(accept.serve(stop.clone(), serve));
        }
        Ok(serving)
    }

    /// Reads the configuration and the token again. What is wrong, or needs a new start, is refused, and the old one stays.
    fn reload(&self, path: &Path) {
        let reloaded = block_in_place(|| -> anyhow::Result<()> {
            let config = Config::read(path)?;
            let settings = Settings::of(&config)?;
            self.gateway.reload(config)?;
            self.http.take(settings);
            Ok(())
        });
        if let Err(error) = reloaded {
            tracing::warn!("the configuration stays as it was: {error:#}");
        }
    }
}
