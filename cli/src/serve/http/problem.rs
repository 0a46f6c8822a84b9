//! What is said of a request that is not answered.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// A request that is not answered, and why.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    why: String,
}

/// What is sent of it: what clients of Rspamd take for an error.
#[derive(JsonSchema, Serialize)]
pub(super) struct Said {
    /// What is wrong: a sentence for a person.
    error: String,
}

impl Problem {
    fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }

    pub(super) fn bad(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, why)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "the token is missing or wrong: send `Authorization: Bearer TOKEN`")
    }

    pub(super) fn unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing here: GET /openapi.json lists what there is")
    }

    pub(super) fn other_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "not by this method: GET /openapi.json lists what there is")
    }

    pub(super) fn too_long(bytes_max: u64) -> Self {
        let why = format!("a body of more than {bytes_max} bytes is not read");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, why)
    }

    pub(super) fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the request took too long to arrive")
    }

    pub(super) fn coding(why: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why)
    }

    pub(super) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!("a request cannot be answered: {}", crate::exit::chain(error));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "this is a fault here: the log says more")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        tracing::warn!("a request of HTTP is answered with {}: {}", self.status, self.why);
        let said = Said { error: self.why };
        let mut response = json(self.status, &said);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // What is left of the body is not read for its own sake.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// A response in JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = match serde_json::to_vec(value) {
        Ok(body) => body,
        Err(error) => return Problem::internal(&error).into_response(),
    };
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
