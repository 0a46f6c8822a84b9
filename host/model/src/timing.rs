//! How long a verdict took, and where the time went.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long one verdict took. Serialised in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Timing {
    /// Reading the message: finding its parts, and deriving the text, links, attachments and other facts that the model
    /// was the first to ask for. Near zero if another release asked before.
    #[serde(rename = "parse_us", serialize_with = "to_micros", deserialize_with = "from_micros")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub parse: Duration,
    /// Making the instance.
    #[serde(rename = "instantiate_us", serialize_with = "to_micros", deserialize_with = "from_micros")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub instantiate: Duration,
    /// The model's own run, with copying what it asked the host for. Together with `instantiate`, what its deadline bounds.
    #[serde(rename = "guest_us", serialize_with = "to_micros", deserialize_with = "from_micros")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub guest: Duration,
    /// The whole verdict, with everything above and the return of the instance to the pool.
    #[serde(rename = "total_us", serialize_with = "to_micros", deserialize_with = "from_micros")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub total: Duration,
}

fn to_micros<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_nanos() as f64 / 1e3)
}

fn from_micros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let micros = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(micros / 1e6).map_err(serde::de::Error::custom)
}
