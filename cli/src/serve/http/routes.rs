//! All routes, in one table: the router and the interface's description are both made of it.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::HttpDoor;
use super::route::{Body, Method, Reply, Route, problem, reply};
use super::{checkv2, openapi, score, watch};
use crate::schema::kind;

const BAD: Reply = problem(400, "the request cannot be understood");
const UNAUTHORIZED: Reply = problem(401, "the token is missing or wrong");
const SLOW: Reply = problem(408, "the request took too long to arrive");
const LONG: Reply = problem(413, "the body is too long");
const CODING: Reply = problem(415, "the body is compressed in a way that is not read, or not as it says");

/// Every route.
pub(super) const ROUTES: [Route; 6] = [
    Route {
        path: "/v1/score",
        method: Method::Post,
        summary: "Judges a message. Mail that is held here is answered with the disposition `discard`",
        is_open: false,
        replies: &[
            reply(200, "what is to be done with the message", Body::Json(kind::<score::Scored<'static>>)),
            BAD,
            UNAUTHORIZED,
            SLOW,
            LONG,
            CODING,
        ],
        handler: || post(score::handle),
    },
    Route {
        path: "/checkv2",
        method: Method::Post,
        summary: "Judges a message, for programs that speak with Rspamd. Nothing is held",
        is_open: false,
        replies: &[
            reply(200, "the verdict in Rspamd's form", Body::Json(kind::<checkv2::Checked<'static>>)),
            BAD,
            UNAUTHORIZED,
            SLOW,
            LONG,
            CODING,
        ],
        handler: || post(checkv2::handle),
    },
    Route {
        path: "/healthz",
        method: Method::Get,
        summary: "Whether the program is alive",
        is_open: true,
        replies: &[reply(200, "it is", Body::Text("text/plain"))],
        handler: || get(watch::health),
    },
    Route {
        path: "/readyz",
        method: Method::Get,
        summary: "Whether messages are judged by a release, in every slot that is configured",
        is_open: false,
        replies: &[
            reply(200, "they are", Body::Json(kind::<watch::Ready>)),
            UNAUTHORIZED,
            reply(503, "they are not", Body::Json(kind::<watch::Ready>)),
        ],
        handler: || get(watch::readiness),
    },
    Route {
        path: "/metrics",
        method: Method::Get,
        summary: "What goes on in numbers, for Prometheus",
        is_open: false,
        replies: &[reply(200, "the metrics", Body::Text("text/plain")), UNAUTHORIZED],
        handler: || get(watch::metrics),
    },
    Route {
        path: "/openapi.json",
        method: Method::Get,
        summary: "This description",
        is_open: false,
        replies: &[reply(200, "OpenAPI 3.1", Body::Json(kind::<openapi::Document>)), UNAUTHORIZED],
        handler: || get(openapi::handle),
    },
];

/// The router of all of them.
pub(super) fn router() -> Router<Arc<HttpDoor>> {
    ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, (route.handler)()))
}

/// Whether a path is answered without a token.
pub(super) fn is_open(path: &str) -> bool {
    ROUTES.iter().any(|route| route.is_open && route.path == path)
}
