//! Type and shape of an input, as the file declares them.

use tract_onnx::pb::ValueInfoProto;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension::Value;
use tract_onnx::pb::type_proto::Value::TensorType;

use crate::error::Error;

/// An input of the file.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) numbers: Numbers,
    /// The type as ONNX has it.
    kind: DataType,
    /// The length of each axis; `None` where it is free.
    shape: Vec<Option<usize>>,
}

/// What an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    Floats,
    Integers,
    Strings,
}

impl Numbers {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floats => "floats",
            Self::Integers => "integers",
            Self::Strings => "a text",
        }
    }
}

impl Declared {
    pub(crate) fn of(input: &ValueInfoProto) -> Result<Self, Error> {
        let Some(TensorType(tensor)) = input.r#type.as_ref().and_then(|declared| declared.value.as_ref()) else {
            let why = "it is no tensor; export the model with tensors as inputs".to_owned();
            return Err(Error::Input { input: input.name.clone(), form: "no tensor".into(), why });
        };
        let length = |value: &Option<Value>| match value {
            Some(Value::DimValue(length)) => usize::try_from(*length).ok().filter(|length| *length > 0),
            _ => None,
        };
        let shape: Vec<_> = tensor.shape.iter().flat_map(|shape| &shape.dim).map(|dim| length(&dim.value)).collect();
        let kind = DataType::try_from(tensor.elem_type).unwrap_or(DataType::Undefined);
        let numbers = match kind {
            DataType::Float => Some(Numbers::Floats),
            DataType::Int64 | DataType::Int32 => Some(Numbers::Integers),
            DataType::String => Some(Numbers::Strings),
            _ => None,
        };
        let declared = Self { name: input.name.clone(), numbers: numbers.unwrap_or(Numbers::Floats), kind, shape };
        match numbers {
            Some(_) => Ok(declared),
            None => Err(declared
                .refusal("inputs of float, int64, int32 and string are known: export it with one of these (from numpy, `X.astype(\"float32\")`)".into())),
        }
    }

    /// The type as ONNX has it.
    pub(crate) fn kind(&self) -> DataType {
        self.kind
    }

    /// How many numbers a message has to have; `None` if any number will do.
    pub(crate) fn length(&self) -> Option<usize> {
        self.message_shape().into_iter().try_fold(1_usize, |product, length| product.checked_mul(length?))
    }

    /// The shape of one message: the first axis of several is that of the messages.
    pub(crate) fn message_shape(&self) -> Vec<Option<usize>> {
        match &*self.shape {
            [only] => vec![*only],
            [_, rest @ ..] => [&[Some(1)][..], rest].concat(),
            [] => Vec::new(),
        }
    }

    /// Refuses a shape that is free in more than what one message has.
    pub(crate) fn check_shape(&self) -> Result<(), Error> {
        let free = self.message_shape().iter().filter(|length| length.is_none()).count();
        let is_batch_of_several = self.shape.len() > 1 && self.shape[0].is_some_and(|length| length > 1);
        if is_batch_of_several {
            return Err(self.refusal("it takes several messages at once: export it with a free first axis".into()));
        }
        if free > 1 {
            return Err(self.refusal(
                "more than one of its axes is free beside that of the messages: export it with fixed lengths".into(),
            ));
        }
        Ok(())
    }

    pub(crate) fn refusal(&self, why: String) -> Error {
        let length = |length: &Option<usize>| length.map_or_else(|| "?".to_owned(), |length| length.to_string());
        let shape: Vec<_> = self.shape.iter().map(length).collect();
        let form = format!("{} [{}]", format!("{:?}", self.kind).to_lowercase(), shape.join(", "));
        Error::Input { input: self.name.clone(), form, why: why.replace("NAME", &self.name) }
    }
}
