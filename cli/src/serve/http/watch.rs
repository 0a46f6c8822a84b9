//! What monitoring asks.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use switchback_gateway::Readiness;

use super::HttpDoor;
use super::problem::json;

/// Whether messages are judged by a release.
#[derive(JsonSchema, Serialize)]
pub(super) struct Ready {
    /// Whether they are.
    is_ready: bool,
    /// If not, why.
    why: Option<String>,
}

pub(super) async fn health() -> &'static str {
    "alive\n"
}

pub(super) async fn readiness(State(door): State<Arc<HttpDoor>>) -> Response {
    let Readiness { is_ready, why, .. } = door.gateway.readiness();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &Ready { is_ready, why })
}

pub(super) async fn metrics(State(door): State<Arc<HttpDoor>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], door.metrics.render()).into_response()
}
