//! The whole way: ONNX file in, the guest's data out.

use std::path::{Path, PathBuf};

use switchback_model::contain::contained;
use switchback_model::release::{Reads, Scale};
use switchback_onnx_graph as graph;
use switchback_onnx_graph::{Feed, Given, Model, Ready, Source, Text};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{GraphProto, ModelProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto};
use tract_onnx::prelude::InferenceModelExt as _;
use tract_onnx::tract_core::internal::{OutletId, TypedModel};

use crate::binding::Bindings;
use crate::error::Error;
use crate::inputs::{Declared, Numbers, check_names, source};
use crate::output::MARGINS;
use crate::prune::Labels;
use crate::text::Counted;
use crate::tokens::Tokens;
use crate::{file, fuse, integers, ml, operators, output, prune, recurrent, rewrite, scan, text, translate};

/// An ONNX file with all of its weights.
#[derive(Debug, Clone)]
pub struct OnnxFile {
    proto: ModelProto,
    /// Where a tokenizer may be.
    folder: Option<PathBuf>,
}

/// What an ONNX file has become.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Converted {
    /// What the guest loads.
    pub model: Model,
    /// The names of the inputs, in the order of the model's sources.
    pub inputs: Vec<String>,
    /// What of a message the model reads.
    pub reads: Reads,
    /// The scale of its scores.
    pub scale: Scale,
}

impl Converted {
    /// The bytes that the guest's `prepare` takes.
    ///
    /// # Errors
    /// [`Error::Graph`], if the model cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.model.to_bytes()?)
    }
}

impl OnnxFile {
    /// Reads a file, and weights that are in files beside it.
    ///
    /// # Errors
    /// If a file cannot be read, is too large or none of ONNX's, or weights are elsewhere.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let proto = file::read(path)?;
        Ok(Self { proto, folder: Some(path.parent().unwrap_or(Path::new("")).to_owned()) })
    }

    /// Reads a file that is all there is.
    ///
    /// # Errors
    /// If it is none of ONNX's, or has weights in other files.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        file::parse_whole(bytes).map(|proto| Self { proto, folder: None })
    }

    /// Converts it, and runs it once, on a message of nothing.
    ///
    /// # Errors
    /// If the file needs what is not known here, or an input or the output is not bound to what it can take.
    pub fn convert(&self, bindings: &Bindings) -> Result<Converted, Error> {
        contained(|| self.converted(bindings)).unwrap_or_else(|said| Err(Error::Panicked(said)))
    }

    fn converted(&self, bindings: &Bindings) -> Result<Converted, Error> {
        let mut proto = self.proto.clone();
        let Some(graph) = &mut proto.graph else { return Err(Error::NotOnnx("it has no graph".into())) };
        let chosen = output::choose(graph, &bindings.output)?;
        let declared = graph.input.iter().map(Declared::of).collect::<Result<Vec<_>, _>>();
        let labels = Labels::take(graph);
        prune::keep_only(graph, &chosen.value, &labels)?;
        operators::check(&proto)?;
        let Some(graph) = &mut proto.graph else { return Err(Error::NotOnnx("it has no graph".into())) };
        let meaning = output::meaning(graph, &chosen, &bindings.output)?;
        let names = output::class_names(graph);
        let declared: Vec<_> =
            declared?.into_iter().filter(|input| graph.input.iter().any(|kept| kept.name == input.name)).collect();
        check_names(&declared, bindings)?;
        let mut tokens = Tokens::find(&declared, bindings, self.folder.as_deref())?;
        let sources = Sources::of(&declared, bindings, tokens.as_mut())?;
        rewrite::rewrite(graph)?;
        let counted = text::take_out(graph)?;
        let counts = counted.iter().map(|counted| (&counted.name, [Some(1), Some(counted.words.grams.width)]));
        graph.input.extend(counts.map(|(name, shape)| value_info(name, DataType::Float, &shape)));
        prune::keep_only(graph, &chosen.value, &labels)?;
        let pinned = pin(graph, &declared, tokens.as_ref())?;

        let simplified = simplify(&proto)?;
        let (feeds, to_integers) = feeds(&simplified, &pinned, &counted, &sources, tokens.as_ref())?;
        let (mut graph, bodies) = translate::translate(&simplified, &to_integers)?;
        let shape = simplified.output_outlets()?.first().map(|outlet| simplified.outlet_fact(*outlet)).transpose()?;
        let shape = shape.and_then(translate::lengths).unwrap_or_default();
        let output = output::finish(&mut graph, &shape, meaning, &bindings.output, &names)?;
        let graph = fuse::fused(graph);
        let scale = match output {
            graph::Output::LogOdds => Scale::LogOdds,
            graph::Output::Classes(_) => Scale::Probability,
        };
        let (inputs, sources): (Vec<_>, Vec<_>) = sources.0.into_iter().unzip();
        let reads = sources.iter().map(reads).fold(Reads::default(), |all, one| all | one);
        let tokenized = tokens.map(|tokens| tokens.tokenized);
        let model = Model { sources, tokenized, feeds, graph, bodies, output };
        try_out(&model)?;
        Ok(Converted { model, inputs, reads, scale })
    }
}

/// What is taken of a message, by the names of the inputs that take it.
struct Sources(Vec<(String, Source)>);

impl Sources {
    /// Those of each input; all that a tokenizer makes have one.
    fn of(declared: &[Declared], bindings: &Bindings, tokens: Option<&mut Tokens>) -> Result<Self, Error> {
        let is_other = |input: &&Declared| tokens.as_ref().is_none_or(|tokens| tokens.part(&input.name).is_none());
        let named = declared.iter().filter(is_other).map(|input| Ok((input.name.clone(), source(input, bindings)?)));
        let mut sources = named.collect::<Result<Vec<_>, Error>>()?;
        if let Some(tokens) = tokens {
            tokens.tokenized.source = sources.len();
            sources.push((tokens.input.clone(), tokens.source.clone()));
        }
        Ok(Self(sources))
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| known == name)
    }
}

/// Gives inputs the shape that one message has. Returns their names, in order.
fn pin(graph: &mut GraphProto, declared: &[Declared], tokens: Option<&Tokens>) -> Result<Vec<String>, Error> {
    for input in &mut graph.input {
        let Some(declared) = declared.iter().find(|declared| declared.name == input.name) else { continue };
        if declared.numbers == Numbers::Strings {
            let why = "its text goes to an operator that takes none here; texts are encoded, or counted by a TfIdfVectorizer (scikit-learn's \
                       CountVectorizer or TfidfVectorizer)";
            return Err(declared.refusal(why.to_owned()));
        }
        declared.check_shape()?;
        let mut shape = declared.message_shape();
        if let Some(tokens) = tokens.filter(|tokens| tokens.part(&input.name).is_some()) {
            shape.iter_mut().for_each(|length| *length = length.or(Some(tokens.length())));
        }
        *input = value_info(&input.name, declared.kind(), &shape);
    }
    Ok(graph.input.iter().map(|input| input.name.clone()).collect())
}

fn value_info(name: &str, kind: DataType, shape: &[Option<usize>]) -> ValueInfoProto {
    let dimension = |length: &Option<usize>| Dimension {
        value: Some(match length {
            Some(length) => dimension::Value::DimValue(*length as i64),
            None => dimension::Value::DimParam("n".into()),
        }),
        ..Default::default()
    };
    let shape = TensorShapeProto { dim: shape.iter().map(dimension).collect() };
    let tensor = type_proto::Tensor { elem_type: kind as i32, shape: Some(shape) };
    let declared = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..Default::default() };
    ValueInfoProto { name: name.to_owned(), r#type: Some(declared), ..Default::default() }
}

/// What tract makes of the file.
fn simplify(proto: &ModelProto) -> Result<TypedModel, Error> {
    let mut onnx = tract_onnx::onnx();
    ml::register(&mut onnx);
    integers::register(&mut onnx);
    recurrent::register(&mut onnx);
    let parsed = onnx.parse(proto, None)?;
    Ok(scan::keep(parsed.model.into_typed()?)?.into_decluttered()?)
}

/// What each input of the simplified graph is made of, and whether it has to be made integers.
fn feeds(
    model: &TypedModel,
    inputs: &[String],
    counted: &[Counted],
    sources: &Sources,
    tokens: Option<&Tokens>,
) -> Result<(Vec<Feed>, Vec<bool>), Error> {
    let feed = |(name, outlet): (&String, OutletId)| -> Result<(Feed, bool), Error> {
        let from_nowhere = || Error::NotOnnx(format!("nothing makes the value `{name}`"));
        if let Some(counted) = counted.iter().find(|counted| counted.name == *name) {
            let source = sources.place(&counted.text).ok_or_else(from_nowhere)?;
            return Ok((Feed::Words { source, words: counted.words.clone() }, false));
        }
        if let Some(part) = tokens.and_then(|tokens| tokens.part(name)) {
            return Ok((Feed::Tokens(part), false));
        }
        let source = sources.place(name).ok_or_else(from_nowhere)?;
        let fact = model.outlet_fact(outlet)?;
        let shape = translate::lengths(fact).ok_or_else(from_nowhere)?;
        let is_float = fact.datum_type.is_float();
        let gives_floats = !matches!(sources.0[source].1, Source::Features { form: graph::Form::Rows { .. }, .. });
        Ok((Feed::Numbers { source, shape }, gives_floats && !is_float))
    };
    inputs
        .iter()
        .zip(model.input_outlets()?.iter().copied())
        .map(feed)
        .collect::<Result<Vec<_>, Error>>()
        .map(|all| all.into_iter().unzip())
}

/// What of a message a source reads.
fn reads(source: &Source) -> Reads {
    match source {
        Source::Features { .. } => Reads::FEATURES,
        Source::Facts(_) => Reads::FACTS,
        Source::Text { fields, .. } => {
            let one = |text: &Text| match text {
                Text::Subject => Reads::SUBJECT,
                Text::Sender => Reads::SENDER,
                Text::Body => Reads::TEXT,
                Text::Links => Reads::LINKS,
                Text::Attachments => Reads::ATTACHMENTS,
            };
            fields.iter().map(one).fold(Reads::default(), |all, one| all | one)
        }
    }
}

/// Runs a model on a message of nothing, as the guest does when it is prepared.
fn try_out(model: &Model) -> Result<(), Error> {
    let nothing = model.sources.iter().map(Given::nothing).collect::<Vec<_>>();
    match Ready::new(model.clone())?.answer(&nothing) {
        Ok(_) => Ok(()),
        Err(error @ graph::Error::Answer(_)) => {
            Err(Error::Output(format!("of a message of nothing, {error}; {MARGINS}")))
        }
        Err(error) => Err(error.into()),
    }
}
