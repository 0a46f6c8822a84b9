//! The interface's description: OpenAPI 3.1, made of the table of routes and of the types of their replies.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::HttpDoor;
use super::problem::json as respond;
use super::route::{Body, Method, Route};
use crate::serve::fields::FIELDS;

/// A description of this kind.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Document {
    /// The version of OpenAPI.
    openapi: &'static str,
    /// What is described.
    info: Map<String, Value>,
    /// Every path, with its methods.
    paths: Map<String, Value>,
    /// What several paths have alike.
    components: Map<String, Value>,
    /// Who may ask.
    security: Vec<Map<String, Value>>,
}

pub(super) async fn handle(State(door): State<Arc<HttpDoor>>) -> Response {
    respond(StatusCode::OK, &door.description)
}

impl Document {
    /// Describes these routes.
    pub(super) fn of(routes: &[Route]) -> Self {
        let mut settings = SchemaSettings::draft2020_12().for_serialize();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        let mut generator = settings.into_generator();
        let paths = routes.iter().map(|route| (route.path.to_owned(), path(route, &mut generator))).collect();
        let schemas = Value::Object(generator.take_definitions(true));
        Self {
            openapi: "3.1.0",
            info: object(json!({
                "title": "switchback serve",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Judges mail. Fields may be added to replies; none is removed or changes its type within a version.",
            })),
            paths,
            components: object(json!({
                "schemas": schemas,
                "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            })),
            // Where no token is configured, none is needed.
            security: vec![Map::new(), object(json!({ "token": [] }))],
        }
    }
}

fn path(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let replies: Map<_, _> = route
        .replies
        .iter()
        .map(|reply| {
            let content = match reply.body {
                Body::Json(schema) => json!({ "application/json": { "schema": Value::from(schema(generator)) } }),
                Body::Text(kind) => json!({ kind: { "schema": { "type": "string" } } }),
            };
            (reply.status.to_string(), json!({ "description": reply.about, "content": content }))
        })
        .collect();
    let mut operation = object(json!({ "summary": route.summary, "responses": replies }));
    if route.is_open {
        operation.insert("security".to_owned(), json!([{}]));
    }
    let method = match route.method {
        Method::Get => "get",
        Method::Post => {
            operation.insert("parameters".to_owned(), parameters());
            operation.insert("requestBody".to_owned(), message());
            "post"
        }
    };
    json!({ method: operation })
}

/// What is known of a message, in header fields.
fn parameters() -> Value {
    let parameter = |(name, about): &(&str, &str)| json!({ "name": name, "in": "header", "description": about, "schema": { "type": "string" } });
    FIELDS.iter().map(parameter).collect()
}

fn message() -> Value {
    let any: Schema = true.into();
    json!({
        "required": true,
        "description": "The message as it came over SMTP: header, empty line, body.",
        "content": { "message/rfc822": { "schema": Value::from(any) } },
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
