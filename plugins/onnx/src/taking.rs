//! What a model takes of a message.

use switchback_guest::features::{Fact, FeatureKind};
use switchback_guest::{Features, Message};
use switchback_onnx_graph::{Field, Form, Given, Kind, Source, Tensor, Text};

/// The most links of a message that a text has.
const LINKS_MAX: u32 = 512;

/// One of a model's sources, ready to be asked.
#[derive(Debug)]
pub(crate) enum Taker {
    Features { kinds: Vec<FeatureKind>, fields: Vec<Field>, bits: u32, form: Form },
    Facts(Vec<Fact>),
    Text { fields: Vec<Text>, bytes_max: u32 },
}

impl Taker {
    /// # Errors
    /// If a fact has no such name.
    pub(crate) fn of(source: &Source) -> Result<Self, String> {
        Ok(match source {
            Source::Features { kinds, fields, bits, form } => Self::Features {
                kinds: kinds.iter().map(|kind| feature_kind(*kind)).collect(),
                fields: fields.clone(),
                bits: *bits,
                form: *form,
            },
            Source::Facts(names) => Self::Facts(names.iter().map(|name| fact(name)).collect::<Result<_, _>>()?),
            Source::Text { fields, bytes_max } => Self::Text { fields: fields.clone(), bytes_max: *bytes_max },
        })
    }

    /// What there is of it in a message.
    pub(crate) fn take(&self, message: &Message) -> Given {
        match self {
            Self::Features { kinds, fields, bits, form } => {
                Given::Numbers(hashed(message, kinds, fields, *bits, *form))
            }
            Self::Facts(facts) => {
                let all = message.facts();
                Given::Numbers(Tensor::floats(&[facts.len()], facts.iter().map(|fact| all.get(*fact)).collect()))
            }
            Self::Text { fields, bytes_max } => {
                let texts: Vec<_> = fields.iter().map(|field| text(message, *field, *bytes_max)).collect();
                Given::Text(texts.join("\n"))
            }
        }
    }
}

fn feature_kind(kind: Kind) -> FeatureKind {
    match kind {
        Kind::Words => FeatureKind::Words,
        Kind::Pairs => FeatureKind::Pairs,
        Kind::Grams => FeatureKind::Grams,
    }
}

fn fact(name: &str) -> Result<Fact, String> {
    let found = Fact::ALL.into_iter().find(|fact| fact.name() == name);
    found.ok_or_else(|| format!("there is no fact `{name}`"))
}

fn hashed(message: &Message, kinds: &[FeatureKind], fields: &[Field], bits: u32, form: Form) -> Tensor {
    let shift = u32::BITS - bits;
    match form {
        Form::Rows { max } => {
            // Row 0 is there for a message without a word: an empty list is one that ONNX's operators do not agree on.
            let mut rows = Vec::with_capacity(max);
            rows.push(0);
            each(message, kinds, fields, |found| {
                let some = &found[..found.len().min(max.saturating_sub(rows.len()))];
                rows.extend(some.iter().map(|hash| i64::from(hash >> shift) + 1));
            });
            Tensor::integers(&[rows.len()], rows)
        }
        Form::Counts | Form::Flags => {
            let mut counts = vec![0.0; 1 << bits];
            each(message, kinds, fields, |found| {
                for hash in found {
                    let count = &mut counts[(hash >> shift) as usize];
                    *count = if form == Form::Flags { 1.0 } else { *count + 1.0 };
                }
            });
            Tensor::floats(&[counts.len()], counts)
        }
    }
}

/// Calls `visit` with the features of each field of each kind.
fn each(message: &Message, kinds: &[FeatureKind], fields: &[Field], mut visit: impl FnMut(&[u32])) {
    for kind in kinds {
        let features = message.features(*kind);
        for field in fields {
            visit(of_field(&features, *field));
        }
    }
}

fn of_field(features: &Features, field: Field) -> &[u32] {
    match field {
        Field::Subject => &features.subject,
        Field::Sender => &features.sender,
        Field::Body => &features.body,
        Field::Links => &features.links,
    }
}

fn text(message: &Message, field: Text, bytes_max: u32) -> String {
    let lines = |lines: Vec<String>| lines.join("\n");
    let mut text = match field {
        Text::Subject => message.subject(),
        Text::Sender => lines(message.from().iter().map(|one| format!("{} {}", one.name, one.address)).collect()),
        Text::Body => message.text(bytes_max).value,
        Text::Links => lines(message.links(LINKS_MAX).items.into_iter().map(|link| link.url).collect()),
        Text::Attachments => lines(message.attachments().items.into_iter().map(|attachment| attachment.name).collect()),
    };
    text.truncate(text.floor_char_boundary(bytes_max as usize));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(source: &Source, message: &Message) -> Given {
        Taker::of(source).unwrap().take(message)
    }

    fn words(form: Form) -> Source {
        let fields = vec![Field::Subject, Field::Sender, Field::Links, Field::Body];
        Source::Features { kinds: vec![Kind::Words], fields, bits: 15, form }
    }

    fn rows(message: &Message) -> Vec<i64> {
        let Given::Numbers(rows) = take(&words(Form::Rows { max: 2048 }), message) else {
            unreachable!("rows are numbers")
        };
        rows.as_integers().unwrap().to_vec()
    }

    #[test]
    fn rows_are_the_top_of_each_feature_and_row_0() {
        assert_eq!(rows(&Message::builder().build()), [0]);
        let message = Message::builder().text("word").build();
        let feature = message.features(FeatureKind::Words).body[0];
        assert_eq!(rows(&message), [0, i64::from(feature >> 17) + 1]);
    }

    #[test]
    fn of_a_long_message_the_end_of_the_last_field_is_left_out() {
        let letter = |i: usize| char::from(b'a' + (i % 26) as u8);
        let words = (0..4000).map(|i| String::from_iter([letter(i), letter(i / 26), letter(i / 26 / 26)]));
        let body = words.collect::<Vec<_>>().join(" ");
        let long = rows(&Message::builder().subject("the subject").text(&body).build());
        let short = rows(&Message::builder().subject("the subject").build());
        assert_eq!((long.len(), &long[..short.len()]), (2048, &*short));
    }

    #[test]
    fn counts_add_up_what_meets_in_one_place_and_flags_do_not() {
        let message = Message::builder().subject("word").text("word other").build();
        for (form, sum) in [(Form::Counts, 3.0), (Form::Flags, 3.0)] {
            let Given::Numbers(numbers) = take(&words(form), &message) else { unreachable!("counts are numbers") };
            assert_eq!(numbers.as_floats().unwrap().iter().sum::<f32>(), sum, "{form:?}");
        }
        let one_place = |form| Source::Features { kinds: vec![Kind::Words], fields: vec![Field::Body], bits: 1, form };
        let total = |form| match take(&one_place(form), &Message::builder().text("a b c d e f g h").build()) {
            Given::Numbers(numbers) => numbers.as_floats().unwrap().iter().sum::<f32>(),
            Given::Text(text) => unreachable!("{text}"),
        };
        assert_eq!((total(Form::Counts), total(Form::Flags)), (8.0, 2.0));
    }

    #[test]
    fn facts_and_texts_are_those_that_are_named() {
        let message = Message::builder().subject("Subject").from("Ann", "ann@a.example").text("äBody").build();
        let facts = Source::Facts(vec!["from-mailboxes".into(), "subject-capitals".into()]);
        assert_eq!(take(&facts, &message), Given::Numbers(Tensor::floats(&[2], vec![1.0, 1.0 / 7.0])));
        let text = |fields: Vec<Text>, bytes_max| take(&Source::Text { fields, bytes_max }, &message);
        let all = text(vec![Text::Subject, Text::Sender, Text::Body, Text::Links], 100);
        assert_eq!(all, Given::Text("Subject\nAnn ann@a.example\näBody\n".into()));
        assert_eq!(text(vec![Text::Subject, Text::Body], 3), Given::Text("Sub\näB".into()));
        assert!(Taker::of(&Source::Facts(vec!["sighs".into()])).is_err());
    }
}
