//! What one command prints.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// What a command prints with `--json`.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    name: &'static str,
    version: u32,
    form: Form,
    kinds: &'static [Kind],
}

#[derive(Clone, Copy)]
enum Form {
    Document,
    Lines,
}

/// Describes one kind of object, together with the types that it is made of.
type Kind = fn(&mut SchemaGenerator) -> Schema;

/// Objects of this type.
pub(crate) fn kind<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Output {
    /// One object, of one of these kinds.
    pub(crate) const fn document(name: &'static str, kinds: &'static [Kind]) -> Self {
        Self { name, version: 1, form: Form::Document, kinds }
    }

    /// An object on each line, of one of these kinds.
    pub(crate) const fn lines(name: &'static str, kinds: &'static [Kind]) -> Self {
        Self { name, version: 1, form: Form::Lines, kinds }
    }

    /// The name and the version of its schema.
    pub(crate) fn id(&self) -> String {
        format!("switchback:schema/{}/{}", self.name, self.version)
    }

    /// How the objects are printed.
    pub(crate) fn form(&self) -> &'static str {
        match self.form {
            Form::Document => "one object",
            Form::Lines => "one object per line",
        }
    }

    /// The schema of one object: JSON Schema, draft 2020-12.
    pub(crate) fn schema(&self) -> Value {
        let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let kinds: Vec<_> = self.kinds.iter().map(|kind| Value::from(kind(&mut generator))).collect();
        let mut definitions = Value::Object(generator.take_definitions(true));
        settle(&mut definitions);
        let mut schema = Map::new();
        schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("$id".to_owned(), json!(self.id()));
        schema.insert("title".to_owned(), json!(format!("{}, {}", self.name, self.form())));
        schema.insert("anyOf".to_owned(), Value::Array(kinds));
        schema.insert("$defs".to_owned(), definitions);
        Value::Object(schema)
    }
}

/// Makes of what the types say what holds for whoever reads the output: types that refuse unknown fields where they are read do
/// not promise that none is added to what is printed, and links to other types lead nowhere.
fn settle(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for closed in ["additionalProperties", "unevaluatedProperties"] {
                if fields.get(closed) == Some(&Value::Bool(false)) {
                    fields.remove(closed);
                }
            }
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = without_links(text);
            }
            fields.values_mut().for_each(settle);
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}

/// ``[`Message::text`](crate::Message::text)`` as `` `Message::text` ``.
fn without_links(text: &str) -> String {
    let mut parts = text.split("[`");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        let Some((name, rest)) = part.split_once("`]") else { return plain + "[`" + part };
        let target = rest.strip_prefix('(').and_then(|target| target.split_once(')'));
        format!("{plain}`{name}`{}", target.map_or(rest, |(_, rest)| rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_no_links_into_the_code() {
        for (text, plain) in [
            ("as [`a::B`](crate::a::B) has it, [`C`] (too) or [`D`](d).", "as `a::B` has it, `C` (too) or `D`."),
            ("`[a]` and [`unclosed", "`[a]` and [`unclosed"),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }
}
