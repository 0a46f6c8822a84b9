//! What each input is made of: by its binding or, without one, by its name and shape.

mod declared;

use std::ops::RangeInclusive;

use switchback_features::Fact;
use switchback_onnx_graph as graph;
use switchback_onnx_graph::{Field, Kind, Source, Text};

pub(crate) use self::declared::{Declared, Numbers};
use crate::binding::{Bindings, Facts, Form, Input};
use crate::error::Error;
use crate::limits::{ROWS_MAX, TEXT_BYTES_MAX};

/// The bits of a hash that may count: 2 to the power of 24 floats are 64 MiB.
const BITS: RangeInclusive<u32> = 1..=24;

/// The most bytes of a text that a host hands out.
const TEXT_BYTES_CAP: u32 = 256 << 10;

/// What an input is made of.
pub(crate) fn source(input: &Declared, bindings: &Bindings) -> Result<Source, Error> {
    let bound = bindings.inputs.get(&input.name);
    let source = match bound {
        Some(bound) => bound_source(input, bound)?,
        None => by_name(input).ok_or_else(|| input.refusal(unbound(input)))?,
    };
    check_length(input, &source)?;
    Ok(source)
}

/// Refuses bindings of inputs that are not there.
pub(crate) fn check_names(inputs: &[Declared], bindings: &Bindings) -> Result<(), Error> {
    match bindings.inputs.keys().find(|name| inputs.iter().all(|input| input.name != **name)) {
        Some(name) => {
            let known: Vec<_> = inputs.iter().map(|input| format!("`{}`", input.name)).collect();
            let why = format!("the file has no input of this name; it has {}", known.join(", "));
            Err(Error::Input { input: name.clone(), form: "bound".into(), why })
        }
        None => Ok(()),
    }
}

/// What to write for an input that nothing binds: what it could be made of, and no more.
fn unbound(input: &Declared) -> String {
    let choices: &[&str] = match input.numbers {
        Numbers::Strings => &["text = [\"subject\", \"body\"]"],
        Numbers::Integers => {
            &["features = [\"words\"]", "facts = [\"size\", \"links\"]", "tokens = \"tokenizer.json\""]
        }
        Numbers::Floats => &["facts = [\"size\", \"links\"]", "features = [\"words\"]"],
    };
    let either = if choices.len() > 1 { ", with one of these lines" } else { "" };
    format!(
        "nothing says what it is made of; say so in the switchback.toml beside the file, which begins with a table [release] of `name` and \
         `version`{either}:\n\n    [onnx.inputs.NAME]\n    {}\n\ndocs/onnx.md has what each of them takes",
        choices.join("\n    ")
    )
}

fn bound_source(input: &Declared, bound: &Input) -> Result<Source, Error> {
    match (&bound.features, &bound.facts, &bound.text) {
        (Some(kinds), None, None) => features(input, kinds, bound),
        (None, Some(facts), None) => {
            let names = match facts {
                Facts::All(_) => Fact::ALL.map(|fact| fact.name().to_owned()).to_vec(),
                Facts::Some(names) => names.clone(),
            };
            match names.iter().find(|name| fact(name).is_none()) {
                Some(name) => {
                    let known = Fact::ALL.map(Fact::name).join(", ");
                    Err(input.refusal(format!("there is no fact `{name}`; the facts are {known}")))
                }
                None => Ok(Source::Facts(names)),
            }
        }
        (None, None, Some(fields)) => {
            let bytes_max = bound.bytes_max.unwrap_or(TEXT_BYTES_MAX);
            if fields.is_empty() || bytes_max == 0 || bytes_max > TEXT_BYTES_CAP {
                return Err(input
                    .refusal(format!("`text` names at least one text, of 1 to {TEXT_BYTES_CAP} bytes (`bytes_max`)")));
            }
            Ok(Source::Text { fields: fields.clone(), bytes_max })
        }
        _ => Err(input.refusal("its binding has to have exactly one of `features`, `facts` and `text`".into())),
    }
}

fn features(input: &Declared, kinds: &[Kind], bound: &Input) -> Result<Source, Error> {
    let default = if input.numbers == Numbers::Integers { Form::Rows } else { Form::Counts };
    let form = bound.form.unwrap_or(default);
    let by_length = || input.length().filter(|length| length.is_power_of_two()).map(usize::ilog2);
    let bits = bound.bits.or_else(by_length).filter(|bits| BITS.contains(bits));
    let bits = bits.ok_or_else(|| {
        let (least, most) = (BITS.start(), BITS.end());
        input.refusal(format!("how many bits of each hash count has to be said: `bits`, {least} to {most}"))
    })?;
    if kinds.is_empty() || bound.fields.as_ref().is_some_and(Vec::is_empty) {
        return Err(input.refusal("`features` and `fields` each name at least one".into()));
    }
    Ok(Source::Features {
        kinds: kinds.to_vec(),
        fields: bound.fields.clone().unwrap_or_else(|| FIELDS.to_vec()),
        bits,
        form: match form {
            Form::Rows => graph::Form::Rows { max: bound.max.unwrap_or(ROWS_MAX) },
            Form::Counts => graph::Form::Counts,
            Form::Flags => graph::Form::Flags,
        },
    })
}

/// The fields, the body last: it is a long body's end that is left out where there are too many features.
const FIELDS: [Field; 4] = [Field::Subject, Field::Sender, Field::Links, Field::Body];

fn fact(name: &str) -> Option<Fact> {
    Fact::ALL.into_iter().find(|fact| fact.name() == name)
}

/// What an input is made of that nothing binds.
fn by_name(input: &Declared) -> Option<Source> {
    let name = input.name.to_lowercase().replace('_', "-");
    if input.numbers == Numbers::Strings {
        let fields = match &*name {
            "subject" => vec![Text::Subject],
            "body" => vec![Text::Body],
            "sender" | "from" => vec![Text::Sender],
            "links" | "urls" => vec![Text::Links],
            "attachments" => vec![Text::Attachments],
            "text" | "message" | "x" | "input" => vec![Text::Subject, Text::Body],
            _ => return None,
        };
        return Some(Source::Text { fields, bytes_max: TEXT_BYTES_MAX });
    }
    let length = input.length()?;
    if let (1, Some(fact)) = (length, fact(&name)) {
        return Some(Source::Facts(vec![fact.name().to_owned()]));
    }
    if input.numbers == Numbers::Floats && length == Fact::COUNT {
        return Some(Source::Facts(Fact::ALL.map(|fact| fact.name().to_owned()).to_vec()));
    }
    // A vocabulary of fewer would hardly be one.
    let is_table = input.numbers == Numbers::Floats && length.is_power_of_two() && (256..=1 << 24).contains(&length);
    is_table.then(|| Source::Features {
        kinds: vec![Kind::Words],
        fields: FIELDS.to_vec(),
        bits: length.ilog2(),
        form: graph::Form::Counts,
    })
}

/// Refuses a source that makes other numbers than the input takes, or more or fewer.
fn check_length(input: &Declared, source: &Source) -> Result<(), Error> {
    let (made, needed) = match source {
        Source::Text { .. } => (None, Numbers::Strings),
        Source::Facts(names) => (Some(names.len()), Numbers::Floats),
        Source::Features { form: graph::Form::Rows { .. }, .. } => (None, Numbers::Integers),
        Source::Features { bits, .. } => (Some(1 << bits), Numbers::Floats),
    };
    let is_of_type = input.numbers == needed || (needed == Numbers::Floats && input.numbers == Numbers::Integers);
    if !is_of_type {
        return Err(input.refusal(format!("it is bound to {}, which it cannot take", needed.name())));
    }
    match (made, input.length()) {
        (Some(made), Some(length)) if made != length => {
            Err(input.refusal(format!("it takes {length} numbers, and what it is bound to has {made}")))
        }
        (None, Some(length)) if needed == Numbers::Integers => Err(input.refusal(format!(
            "it takes {length} rows, and messages have more and fewer: export it with a free length"
        ))),
        _ => Ok(()),
    }
}
