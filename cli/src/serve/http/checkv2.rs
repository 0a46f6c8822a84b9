//! `POST /checkv2`: a verdict in the form that programs expect which speak with Rspamd.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use switchback_gateway::{Disposition, Field, HeaderChange};

use super::HttpDoor;
use super::problem::{Problem, json};
use super::score::Hearing;
use crate::serve::opinion::Opinion;

/// A verdict in Rspamd's form.
#[derive(JsonSchema, Serialize)]
pub(super) struct Checked<'a> {
    /// Whether the message was not scored: mail in a direction that is not.
    is_skipped: bool,
    /// Ten times the probability that it is unwanted. It agrees with the action, whoever decided.
    score: f64,
    /// Ten times the lowest threshold from which on a message is flagged.
    required_score: f64,
    /// `no action`, `add header`, `quarantine`, `soft reject` or `reject`.
    action: &'static str,
    /// From how many points on an action is taken.
    thresholds: BTreeMap<&'static str, f64>,
    /// Who decided and what kind of mail it is, and the reasons, by their names.
    symbols: BTreeMap<String, Symbol<'a>>,
    /// `smtp_message`: what the client is told of a message that is refused.
    messages: BTreeMap<&'static str, &'a str>,
    /// The Message-ID without its angle brackets, or `undef`.
    #[serde(rename = "message-id")]
    message_id: &'a str,
    /// How long it took, in seconds.
    time_real: f64,
    /// What changes in the header.
    milter: Milter<'a>,
}

/// A reason.
#[derive(JsonSchema, Serialize)]
struct Symbol<'a> {
    /// Its name.
    name: String,
    /// What it adds, on the scale of the release.
    score: f64,
    /// The same.
    metric_score: f64,
    /// A sentence of the model's; may be empty.
    description: &'a str,
}

/// What changes in the header.
#[derive(Debug, Default, PartialEq, JsonSchema, Serialize)]
struct Milter<'a> {
    /// Fields that are added at the top, by name.
    add_headers: BTreeMap<&'a str, Vec<Added<'a>>>,
    /// Fields of which every instance is removed, by name: the value is always 0. Clients remove all of a name, so one of which
    /// some are to stay is not here.
    remove_headers: BTreeMap<String, u32>,
}

/// A field that is added.
#[derive(Debug, PartialEq, JsonSchema, Serialize)]
struct Added<'a> {
    value: &'a str,
    /// Its place: 0 is the top.
    order: u32,
}

pub(super) async fn handle(State(door): State<Arc<HttpDoor>>, request: Request) -> Result<Response, Problem> {
    let start = Instant::now();
    let mail = door.mail(request, Hearing::Advice).await?;
    let mut fields = Field::all_of(mail.text.bytes());
    fields.by_ref().for_each(drop);
    let header = mail.text.bytes()[..fields.length()].to_vec();
    let opinion = Opinion::of(&door.gateway, mail).await;
    let id = message_id(&header);
    let mut checked = checked(&opinion, &header, &id);
    checked.time_real = start.elapsed().as_secs_f64();
    Ok(json(StatusCode::OK, &checked))
}

fn checked<'a>(opinion: &'a Opinion, header: &[u8], message_id: &'a str) -> Checked<'a> {
    let points = opinion.points;
    let symbol = |of: crate::serve::opinion::Symbol<'a>| {
        let symbol = Symbol { name: of.name.clone(), score: of.weight, metric_score: of.weight, description: of.note };
        (of.name, symbol)
    };
    let told = match &opinion.decision.disposition {
        Disposition::Reject(reply) | Disposition::Tempfail(reply) => Some(("smtp_message", reply.text())),
        _ => None,
    };
    Checked {
        is_skipped: opinion.verdict().is_none(),
        score: points.score(),
        required_score: points.required(),
        action: opinion.action(),
        thresholds: BTreeMap::from([("add header", points.required()), ("reject", points.reject())]),
        symbols: opinion.symbols().into_iter().map(symbol).collect(),
        messages: told.into_iter().collect(),
        message_id,
        time_real: 0.0,
        milter: Milter::of(&opinion.decision.changes, header),
    }
}

impl<'a> Milter<'a> {
    fn of(changes: &'a [HeaderChange], header: &[u8]) -> Self {
        let mut milter = Self::default();
        let mut removed = BTreeMap::<String, isize>::new();
        for change in changes {
            match change {
                HeaderChange::Insert { name, value } => {
                    milter.add_headers.entry(name).or_default().push(Added { value, order: 0 });
                }
                HeaderChange::Remove { name, .. } => *removed.entry(name.to_ascii_lowercase()).or_default() += 1,
            }
        }
        for field in Field::all_of(header) {
            let name = String::from_utf8_lossy(field.name().trim_ascii_end()).to_ascii_lowercase();
            removed.entry(name).and_modify(|left| *left -= 1);
        }
        milter.remove_headers = removed.into_iter().filter(|(_, left)| *left == 0).map(|(name, _)| (name, 0)).collect();
        milter
    }
}

fn message_id(header: &[u8]) -> String {
    let id =
        Field::all_of(header).find(|field| field.is("Message-ID")).map(|field| String::from_utf8_lossy(field.value()));
    let id = id.as_deref().map(|id| id.trim().trim_start_matches('<').trim_end_matches('>'));
    id.filter(|id| !id.is_empty()).unwrap_or("undef").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remove(name: &str, index: u32) -> HeaderChange {
        HeaderChange::Remove { name: name.to_owned(), index }
    }

    // Haraka removes every field of a name that it is told to remove (haraka-plugin-rspamd, do_milter_headers).
    #[test]
    fn a_name_of_which_some_fields_stay_is_not_removed() {
        let message =
            b"X-Spam: 1\r\nAuthentication-Results: ours\r\nx-spam: 2\r\nauthentication-results: theirs\r\n\r\n";
        let changes = [remove("Authentication-Results", 1), remove("x-spam", 2), remove("X-Spam", 1)];
        let milter = Milter::of(&changes, message);
        assert_eq!(milter.remove_headers, BTreeMap::from([("x-spam".to_owned(), 0)]));
    }

    #[test]
    fn fields_of_one_name_are_all_added() {
        let insert = |value: &str| HeaderChange::Insert { name: "A".to_owned(), value: value.to_owned() };
        let changes = [insert("1"), insert("2")];
        let added = Milter::of(&changes, b"").add_headers;
        assert_eq!(added["A"].iter().map(|added| added.value).collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn a_message_id_has_no_brackets() {
        for (message, id) in
            [("Message-ID: <1@b.example>\r\n", "1@b.example"), ("Message-Id: x\r\n", "x"), ("", "undef")]
        {
            assert_eq!(message_id(message.as_bytes()), id);
        }
    }
}
