//! What a route is: how it is asked, and what it replies.

use std::sync::Arc;

use axum::routing::MethodRouter;
use schemars::{Schema, SchemaGenerator};

use super::HttpDoor;
use super::problem::Said;
use crate::schema::kind;

/// A route.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) method: Method,
    pub(super) summary: &'static str,
    /// Whether it is answered without a token.
    pub(super) is_open: bool,
    pub(super) replies: &'static [Reply],
    pub(super) handler: fn() -> MethodRouter<Arc<HttpDoor>>,
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

/// A reply.
pub(super) const fn reply(status: u16, about: &'static str, body: Body) -> Reply {
    Reply { status, about, body }
}

/// A reply that says what is wrong.
pub(super) const fn problem(status: u16, about: &'static str) -> Reply {
    reply(status, about, Body::Json(kind::<Said>))
}
