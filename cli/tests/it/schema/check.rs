//! Checks a value against the part of JSON Schema (draft 2020-12) that our schemas use. What else is in a schema fails, and so
//! does a field that no part of the schema describes: others may read of it, we have to.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Keywords that say nothing about what is valid, or whose texts nobody here reads.
const SILENT: [&str; 11] = [
    "$schema",
    "$id",
    "$defs",
    "title",
    "description",
    "format",
    "default",
    "pattern",
    "examples",
    "deprecated",
    "contentEncoding",
];

/// What is wrong with a value; none if nothing is.
pub(crate) fn violation(schema: &Value, value: &Value) -> Option<String> {
    Checker(schema).whole(schema, value).err()
}

/// The fields of a value that were described.
type Described<'a> = BTreeSet<&'a str>;

struct Checker<'s>(&'s Value);

impl Checker<'_> {
    /// A value of which every field has to be described.
    fn whole(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let described = self.part(schema, value)?;
        let mut fields = value.as_object().into_iter().flat_map(Map::keys);
        match fields.find(|field| !described.contains(field.as_str())) {
            Some(field) => Err(format!("`{field}` is not described")),
            None => Ok(()),
        }
    }

    /// What one schema says of a value, of which others may say more.
    fn part<'v>(&self, schema: &Value, value: &'v Value) -> Result<Described<'v>, String> {
        let mut described = Described::new();
        let keywords = match schema {
            Value::Bool(true) => {
                described.extend(value.as_object().into_iter().flat_map(Map::keys).map(String::as_str));
                return Ok(described);
            }
            Value::Object(keywords) => keywords,
            _ => return Err(format!("nothing may be here, and there is {value}")),
        };
        for (keyword, says) in keywords {
            match keyword.as_str() {
                "$ref" => described.extend(self.part(self.definition(says), value)?),
                "anyOf" | "oneOf" | "allOf" => described.extend(self.branches(keyword, list(says), value)?),
                "properties" | "additionalProperties" | "patternProperties" | "required" => {
                    described.extend(self.fields(keyword, says, keywords, value)?);
                }
                "items" | "prefixItems" => self.items(keyword, says, keywords, value)?,
                _ if SILENT.contains(&keyword.as_str()) => {}
                _ => plain(keyword, says, value)?,
            }
        }
        Ok(described)
    }

    fn definition(&self, reference: &Value) -> &Value {
        let path = reference.as_str().unwrap().strip_prefix('#').unwrap();
        self.0.pointer(path).unwrap_or_else(|| panic!("there is no {path}"))
    }

    fn branches<'v>(&self, keyword: &str, branches: &[Value], value: &'v Value) -> Result<Described<'v>, String> {
        let (mut described, mut valid, mut wrong) = (Described::new(), 0, Vec::new());
        for branch in branches {
            match self.part(branch, value) {
                Ok(more) => {
                    described.extend(more);
                    valid += 1;
                }
                Err(why) => wrong.push(why),
            }
        }
        let is_valid = match keyword {
            "allOf" => wrong.is_empty(),
            "oneOf" => valid == 1,
            _ => valid > 0,
        };
        is_valid.then_some(described).ok_or_else(|| format!("{keyword}: {valid} fit; {}", wrong.join("; or ")))
    }

    fn fields<'v>(
        &self,
        keyword: &str,
        says: &Value,
        beside: &Map<String, Value>,
        value: &'v Value,
    ) -> Result<Described<'v>, String> {
        let mut described = Described::new();
        let Value::Object(fields) = value else { return Ok(described) };
        if keyword == "required" {
            let missing = list(says).iter().find(|name| !fields.contains_key(name.as_str().unwrap()));
            return missing.map_or(Ok(described), |name| Err(format!("{name} is missing")));
        }
        let named = |name: &str| beside.get("properties").and_then(|named| named.get(name));
        for (name, value) in fields {
            let schema = match keyword {
                "properties" => says.get(name),
                // The patterns are those of keys that are numbers.
                "patternProperties" => says.as_object().unwrap().values().next().filter(|_| named(name).is_none()),
                _ => Some(says).filter(|_| named(name).is_none()),
            };
            if let Some(schema) = schema {
                self.whole(schema, value).map_err(|why| format!("{name}: {why}"))?;
                described.insert(name);
            }
        }
        Ok(described)
    }

    fn items(&self, keyword: &str, says: &Value, beside: &Map<String, Value>, value: &Value) -> Result<(), String> {
        let Value::Array(items) = value else { return Ok(()) };
        let first = beside.get("prefixItems").map_or(0, |first| list(first).len());
        for (index, item) in items.iter().enumerate() {
            let schema = match keyword {
                "prefixItems" => list(says).get(index),
                _ => Some(says).filter(|_| index >= first),
            };
            if let Some(schema) = schema {
                self.whole(schema, item).map_err(|why| format!("[{index}]: {why}"))?;
            }
        }
        Ok(())
    }
}

/// Keywords that look at a value alone.
fn plain(keyword: &str, says: &Value, value: &Value) -> Result<(), String> {
    let (number, length) = (value.as_f64(), value.as_array().map(|items| items.len() as f64));
    let bound = || says.as_f64().unwrap();
    let holds = match keyword {
        "type" if says.is_string() => is_a(says.as_str().unwrap(), value),
        "type" => list(says).iter().any(|one| is_a(one.as_str().unwrap(), value)),
        "const" => says == value,
        "enum" => list(says).contains(value),
        "minimum" => number.is_none_or(|number| number >= bound()),
        "maximum" => number.is_none_or(|number| number <= bound()),
        "minItems" => length.is_none_or(|length| length >= bound()),
        "maxItems" => length.is_none_or(|length| length <= bound()),
        "uniqueItems" => value
            .as_array()
            .is_none_or(|items| items.iter().map(Value::to_string).collect::<BTreeSet<_>>().len() == items.len()),
        _ => panic!("this test does not know the keyword {keyword}"),
    };
    holds.then_some(()).ok_or_else(|| format!("{value} is not {keyword} {says}"))
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("there is no type {kind}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap()
}

#[test]
fn what_is_not_as_the_schema_says_is_found() {
    let schema = serde_json::json!({
        "anyOf": [{ "$ref": "#/$defs/Named" }, { "type": "object", "properties": { "count": { "type": "integer" } }, "required": ["count"] }],
        "$defs": { "Named": {
            "type": "object",
            "properties": { "name": { "type": ["string", "null"] }, "of": { "type": "array", "items": { "enum": ["a", "b"] } } },
            "required": ["name"]
        } }
    });
    let is_valid = |value: Value| violation(&schema, &value).is_none();
    for good in [r#"{"name": null}"#, r#"{"name": "x", "of": ["a", "b"]}"#, r#"{"count": 1}"#] {
        assert!(is_valid(serde_json::from_str(good).unwrap()), "{good}");
    }
    for bad in [
        r#"{}"#,
        "7",
        r#"{"name": 7}"#,
        r#"{"name": "x", "of": ["c"]}"#,
        r#"{"count": 1.5}"#,
        r#"{"count": 1, "more": 2}"#,
    ] {
        assert!(!is_valid(serde_json::from_str(bad).unwrap()), "{bad}");
    }
}
