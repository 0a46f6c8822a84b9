//! Values as people write them.

use std::time::Duration;

use serde::{Deserialize as _, Deserializer, de};
use switchback::control::Lasting;

/// A length of time: `30s`, `5 min`, `30d`.
pub(super) fn lasting<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(|Lasting(time)| time).map_err(de::Error::custom)
}
