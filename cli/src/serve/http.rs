//! The door that speaks HTTP: a small interface of our own, and Rspamd's `/checkv2` for programs that speak that.

mod body;
mod checkv2;
mod openapi;
mod problem;
mod route;
mod routes;
mod score;
mod watch;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use switchback_gateway::Gateway;
use tokio::select;
use tokio::time::{sleep, timeout};

use self::openapi::Document;
use self::problem::Problem;
use super::accept::{self, Stream};
use super::limits::{CONNECTION_WITHIN, FIELDS_MAX, HEAD_BYTES_MAX, REQUEST_WITHIN};
use super::settings::{Settings, Token};
use super::stop::Stop;

/// The bounds of histograms, in seconds: a model answers in microseconds to milliseconds.
const SECONDS: [f64; 10] = [0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.1, 1.0];

/// Counts from now on: to be called before there is anything to count.
pub(super) fn metrics() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()
}

/// The door.
#[derive(Debug)]
pub(super) struct HttpDoor {
    gateway: Gateway,
    token: RwLock<Option<Token>>,
    metrics: PrometheusHandle,
    description: Document,
}

impl HttpDoor {
    pub(super) fn new(gateway: Gateway, settings: Settings, metrics: PrometheusHandle) -> Arc<Self> {
        let description = Document::of(&routes::ROUTES);
        Arc::new(Self { gateway, token: RwLock::new(settings.token), metrics, description })
    }

    /// Takes other settings, from the next request on.
    pub(super) fn take(&self, settings: Settings) {
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = settings.token;
    }

    /// How long a client may be silent.
    pub(super) fn timeout(&self) -> Duration {
        self.gateway.config().http.timeout
    }

    /// Makes room where metrics are fetched by nobody.
    pub(super) fn upkeep(&self) {
        self.metrics.run_upkeep();
    }

    /// All routes, behind the token.
    pub(super) fn router(self: &Arc<Self>) -> Router {
        let routes = routes::router().fallback(unknown).method_not_allowed_fallback(other_method);
        routes.layer(from_fn_with_state(Arc::clone(self), admitted)).with_state(Arc::clone(self))
    }

    /// Whether a request may be answered.
    fn admits(&self, request: &Request) -> bool {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        let Some(token) = &*token else { return true };
        let given = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
        let given = given.and_then(|value| value.split_at_checked("Bearer ".len()));
        given.is_some_and(|(scheme, guess)| scheme.eq_ignore_ascii_case(b"Bearer ") && token.is(guess.trim_ascii()))
    }
}

async fn admitted(State(door): State<Arc<HttpDoor>>, request: Request, next: Next) -> Result<Response, Problem> {
    if !routes::is_open(request.uri().path()) && !door.admits(&request) {
        return Err(Problem::unauthorized());
    }
    if request.uri().query().is_some() {
        return Err(Problem::bad(
            "nothing is read from a query string: what is known of a message goes into header fields",
        ));
    }
    // Whatever the client drips: nobody waits longer for it.
    match timeout(REQUEST_WITHIN, next.run(request)).await {
        Ok(response) => Ok(response),
        Err(_) => Err(Problem::slow()),
    }
}

async fn unknown() -> Problem {
    Problem::unknown()
}

async fn other_method() -> Problem {
    Problem::other_method()
}

/// A connection.
type Connection = http1::Connection<TokioIo<Stream>, TowerToHyperService<Router>>;

/// Serves a connection.
pub(super) async fn serve(stream: Stream, router: Router, idle: Duration, stop: Stop) {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_headers(FIELDS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(2 * HEAD_BYTES_MAX)
        .half_close(true);
    let mut connection = protocol.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let ended = select! {
        ended = requests(&mut connection) => Some(ended),
        () = stop.asked() => None,
        () = sleep(CONNECTION_WITHIN) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            let Ok(ended) = timeout(REQUEST_WITHIN, requests(&mut connection)).await else { return };
            ended
        }
    };
    if let Err(error) = ended {
        // So ends one that was kept for further requests.
        if error.is_timeout() {
            return;
        }
        tracing::warn!("a connection of HTTP ended early: {error}");
    }
    let mut stream = connection.into_parts().io.into_inner();
    select! {
        // Where it cannot be ended well, it is gone.
        _ = accept::end(&mut stream) => {}
        () = stop.asked() => {}
    }
}

/// Answers requests until the client or this side ends it.
async fn requests(connection: &mut Connection) -> hyper::Result<()> {
    poll_fn(|cx| connection.poll_without_shutdown(cx)).await
}
