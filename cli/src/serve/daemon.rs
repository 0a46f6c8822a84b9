//! The life of the program: from the first connection to the last answer.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use switchback_gateway::config::{DoorBounds, DoorKind, Listen};
use switchback_gateway::door::{Listener, Passed, Signals, Socket, raise_open_files, until_told_to_end};
use switchback_gateway::{Config, Gateway};
use tokio::runtime;
use tokio::select;
use tokio::sync::watch;
use tokio::task::{JoinSet, block_in_place};

use super::accept;
use super::http::HttpDoor;
use super::limits::SHUTDOWN;
use super::settings::Settings;
use super::spamd::SpamdDoor;
use super::stop::{Stop, stop};

/// Serves until the program is told to end.
pub(super) fn run(path: &Path, config: Config, settings: Settings) -> anyhow::Result<()> {
    raise_open_files();
    // Before there are threads: the umask changes for a moment, and the environment.
    let sockets = Sockets::open(&config)?;
    let metrics = super::http::metrics().context("cannot count")?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::taken().context("cannot take signals")?;
        let (spamd_bounds, _) = watch::channel(config.spamd.bounds());
        let (http_bounds, _) = watch::channel(config.http.bounds());
        let gateway = block_in_place(|| Gateway::open(config))?;
        let doors = Doors {
            spamd: SpamdDoor::new(gateway.clone()),
            spamd_bounds,
            http: HttpDoor::new(gateway.clone(), settings, metrics),
            http_bounds,
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
    /// Makes them, but for those that systemd passes.
    fn open(config: &Config) -> anyhow::Result<Self> {
        let (spamd, http) = (&config.spamd, &config.http);
        let mut passed = Passed::take()?;
        let mut open = |listen: &Option<Listen>, mode, group: &Option<String>, name: &str| {
            let open = |listen| passed.named(name).map_or_else(|| Socket::open(listen, mode, group.as_deref()), Ok);
            listen.as_ref().map(open).transpose()
        };
        let sockets = Self {
            spamd: open(&spamd.listen, spamd.mode, &spamd.group, "spamd").context("spamd.listen")?,
            http: open(&http.listen, http.mode, &http.group, "http").context("http.listen")?,
        };
        passed.none_left()?;
        // Of one that was passed nothing else is known.
        sockets.spamd.iter().filter_map(Socket::listens).try_for_each(|listens| spamd.may_listen_on(&listens))?;
        sockets.http.iter().filter_map(Socket::listens).try_for_each(|listens| http.may_listen_on(&listens))?;
        Ok(sockets)
    }

    /// Says on standard output where clients can connect.
    fn announce(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for (socket, protocol) in [(&self.spamd, "spamd's protocol"), (&self.http, "HTTP")] {
            if let Some(socket) = socket {
                writeln!(out, "listening on {socket} for {protocol}")?;
            }
        }
        out.flush()
    }
}

struct Doors {
    spamd: SpamdDoor,
    spamd_bounds: watch::Sender<DoorBounds>,
    http: Arc<HttpDoor>,
    http_bounds: watch::Sender<DoorBounds>,
    gateway: Gateway,
}

impl Doors {
    async fn serve(self, sockets: Sockets, path: &Path, signals: &mut Signals) -> anyhow::Result<()> {
        let (stopper, asked) = stop();
        // Nobody reads it where it cannot be written.
        drop(sockets.announce());
        let mut serving = self.accept(sockets, &asked)?;
        let status = || {
            self.http.upkeep();
            format!("{}; {} used", self.gateway.readiness(), self.gateway.memory())
        };
        until_told_to_end(signals, status, || self.reload(path)).await;
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
        let mut serving = JoinSet::new();
        if let Some(socket) = sockets.spamd {
            let listener = Listener::on(socket).context("spamd.listen")?;
            let (door, asked) = (self.spamd.clone(), stop.clone());
            let serve = move |stream| door.clone().serve(stream, asked.clone());
            serving.spawn(accept::serve(listener, "spamd", self.spamd_bounds.subscribe(), stop.clone(), serve));
        }
        if let Some(socket) = sockets.http {
            let listener = Listener::on(socket).context("http.listen")?;
            let (door, router, asked) = (self.http.clone(), self.http.router(), stop.clone());
            let serve = move |stream| super::http::serve(stream, router.clone(), door.timeout(), asked.clone());
            serving.spawn(accept::serve(listener, "http", self.http_bounds.subscribe(), stop.clone(), serve));
        }
        Ok(serving)
    }

    /// Reads the configuration and the token again. What is wrong, or needs a new start, is refused, and the old one stays.
    fn reload(&self, path: &Path) {
        let reloaded = block_in_place(|| -> anyhow::Result<()> {
            let config = Config::read(path)?;
            let settings = Settings::of(&config)?;
            let (spamd, http) = (config.spamd.bounds(), config.http.bounds());
            self.gateway.reload(config, &[DoorKind::Spamd, DoorKind::Http])?;
            self.http.take(settings);
            self.spamd_bounds.send_replace(spamd);
            self.http_bounds.send_replace(http);
            Ok(())
        });
        if let Err(error) = reloaded {
            tracing::warn!("the configuration stays as it was: {error:#}");
        }
    }
}
