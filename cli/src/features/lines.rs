//! Features as JSON, one object for each message.

use std::io::Write;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use switchback::Message;
use switchback::message::{Fact, FeatureKind, Features};

use crate::schema::json_line;

/// Writes the line of a message.
pub(super) fn write(name: &str, message: &Message, kinds: &[FeatureKind], out: &mut impl Write) -> anyhow::Result<()> {
    Ok(json_line(&Line { name, message, kinds }, out)?)
}

struct Line<'a> {
    name: &'a str,
    message: &'a Message,
    kinds: &'a [FeatureKind],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("message", self.name)?;
        map.serialize_entry("sha256", &self.message.sha256_hex())?;
        let structure = self.message.structure();
        let is_truncated = self.kinds.iter().any(|kind| self.message.features(*kind).is_truncated());
        map.serialize_entry("truncated", &(is_truncated || structure.is_truncated()))?;
        for kind in self.kinds {
            map.serialize_entry(kind.name(), &Fields(self.message.features(*kind)))?;
        }
        map.serialize_entry("structure", &**structure.features())?;
        map.serialize_entry("facts", &ByName(self.message))?;
        map.end()
    }
}

/// Each field by its name.
struct Fields<'a>(&'a Features);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Features::FIELDS.into_iter().zip(self.0.fields()))
    }
}

/// Each fact by its name.
struct ByName<'a>(&'a Message);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let facts = self.0.facts();
        serializer.collect_map(Fact::ALL.map(|fact| (fact.name(), facts.get(fact))))
    }
}
