//! All routes, in one table: the router and the interface's description are both made of it.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use schemars::{Schema, SchemaGenerator};

use super::HttpDoor;
use super::problem::Said;
use super::{checkv2, openapi, score, watch};
use crate::schema::kind;

/// A route.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) method: Method,
    pub(super) summary: &'static str,
    /// Whether it is answered without a token.
    pub(super) is_open: bool,
    pub(super) replies: &'static [Reply],
    handler: fn() -> MethodRouter<Arc<HttpDoor>>,
}

/// By which method a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    /// With a message as its body, and what is known of it in header fields.
    Post,
}

/// A reply of a route.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) about: &'static str,
    pub(super) body: Body,
}

/// What a reply has as its body.
#[derive(Clone, Copy)]
pub(super) enum Body {
    Json(fn(&mut SchemaGenerator) -> Schema),
    Text(&'static str),
}

const fn reply(status: u16, about: &'static str, body: Body) -> Reply {
    Reply { status, about, body }
}

const fn problem(status: u16, about: &'static str) -> Reply {
    reply(status, about, Body::Json(kind::<Said>))
}

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
