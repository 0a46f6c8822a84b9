//! Small ONNX files, written by hand.

use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto, tensor_proto, tensor_proto::DataType,
    tensor_shape_proto, type_proto,
};

/// An ONNX file in the making.
#[derive(Clone)]
pub(crate) struct File {
    graph: GraphProto,
    opset: i64,
}

impl Default for File {
    fn default() -> Self {
        Self { graph: GraphProto::default(), opset: 17 }
    }
}

impl File {
    /// A file whose input is a vector of `int64` indices of any length.
    pub(crate) fn of_indices() -> Self {
        Self::default().input("indices", DataType::Int64, &[None])
    }

    /// Adds an input; a dimension without a number is free.
    pub(crate) fn input(mut self, name: &str, kind: DataType, shape: &[Option<i64>]) -> Self {
        self.graph.input.push(value_info(name, kind, shape));
        self
    }

    /// Names the value that is an output.
    pub(crate) fn output(mut self, name: &str) -> Self {
        self.graph.output.push(ValueInfoProto { name: name.into(), ..Default::default() });
        self
    }

    /// Tells the shape of a value.
    pub(crate) fn value(mut self, name: &str, kind: DataType, shape: &[Option<i64>]) -> Self {
        self.graph.value_info.push(value_info(name, kind, shape));
        self
    }

    /// Names the value that is an output, with its type.
    pub(crate) fn output_of(mut self, name: &str, kind: DataType) -> Self {
        self.graph.output.push(value_info(name, kind, &[]));
        self
    }

    /// Adds weights.
    pub(crate) fn floats(mut self, name: &str, dims: &[i64], float_data: Vec<f32>) -> Self {
        let tensor = TensorProto { float_data, ..tensor(name, DataType::Float, dims) };
        self.graph.initializer.push(tensor);
        self
    }

    /// Adds weights of one byte.
    pub(crate) fn small(mut self, name: &str, dims: &[i64], values: &[i8]) -> Self {
        let int32_data = values.iter().map(|value| i32::from(*value)).collect();
        self.graph.initializer.push(TensorProto { int32_data, ..tensor(name, DataType::Int8, dims) });
        self
    }

    /// Adds a vector of integers.
    pub(crate) fn integers(mut self, name: &str, int64_data: &[i64]) -> Self {
        let tensor = tensor(name, DataType::Int64, &[int64_data.len() as i64]);
        self.graph.initializer.push(TensorProto { int64_data: int64_data.to_vec(), ..tensor });
        self
    }

    /// Adds an operator with integer attributes.
    pub(crate) fn node(mut self, operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, i64)]) -> Self {
        self.graph.node.push(NodeProto {
            op_type: operator.into(),
            name: output.into(),
            input: inputs.iter().map(|&name| name.into()).collect(),
            output: vec![output.into()],
            attribute: attributes.iter().map(|&(name, i)| attribute(name, i)).collect(),
            ..Default::default()
        });
        self
    }

    /// Gives the last operator a list of integers.
    pub(crate) fn list(mut self, name: &str, ints: Vec<i64>) -> Self {
        let r#type = attribute_proto::AttributeType::Ints as i32;
        let attribute = AttributeProto { name: name.into(), ints, r#type, ..Default::default() };
        self.graph.node.last_mut().unwrap().attribute.push(attribute);
        self
    }

    /// Gives the last operator a text.
    pub(crate) fn text(mut self, name: &str, text: &str) -> Self {
        let r#type = attribute_proto::AttributeType::String as i32;
        let attribute = AttributeProto { name: name.into(), s: text.into(), r#type, ..Default::default() };
        self.graph.node.last_mut().unwrap().attribute.push(attribute);
        self
    }

    /// Gives the last operator a list of texts.
    pub(crate) fn texts(mut self, name: &str, texts: &[&str]) -> Self {
        let r#type = attribute_proto::AttributeType::Strings as i32;
        let strings = texts.iter().map(|&text| text.into()).collect();
        let attribute = AttributeProto { name: name.into(), strings, r#type, ..Default::default() };
        self.graph.node.last_mut().unwrap().attribute.push(attribute);
        self
    }

    /// Gives the last operator a list of floats.
    pub(crate) fn numbers(mut self, name: &str, floats: &[f32]) -> Self {
        let r#type = attribute_proto::AttributeType::Floats as i32;
        let attribute = AttributeProto { name: name.into(), floats: floats.to_vec(), r#type, ..Default::default() };
        self.graph.node.last_mut().unwrap().attribute.push(attribute);
        self
    }

    /// Gives the last operator a graph of its own.
    pub(crate) fn body(mut self, name: &str, body: Self) -> Self {
        let r#type = attribute_proto::AttributeType::Graph as i32;
        let attribute = AttributeProto { name: name.into(), g: Some(body.graph), r#type, ..Default::default() };
        self.graph.node.last_mut().unwrap().attribute.push(attribute);
        self
    }

    /// Gives the last operator one more output.
    pub(crate) fn second(mut self, output: &str) -> Self {
        self.graph.node.last_mut().unwrap().output.push(output.into());
        self
    }

    /// Adds an operator of a domain.
    pub(crate) fn node_of(mut self, domain: &str, operator: &str, inputs: &[&str], output: &str) -> Self {
        self = self.node(operator, inputs, output, &[]);
        if let Some(node) = self.graph.node.last_mut() {
            node.domain = domain.into();
        }
        self
    }

    /// Adds floats that are in a file of their own.
    pub(crate) fn external(mut self, name: &str, dims: &[i64], location: &str) -> Self {
        let entry = |key: &str, value: String| StringStringEntryProto { key: key.into(), value };
        let length = 4 * dims.iter().product::<i64>();
        let external_data = vec![entry("location", location.into()), entry("length", length.to_string())];
        let data_location = Some(tensor_proto::DataLocation::External as i32);
        self.graph.initializer.push(TensorProto {
            external_data,
            data_location,
            ..tensor(name, DataType::Float, dims)
        });
        self
    }

    /// Another version of ONNX's operators.
    pub(crate) fn opset(self, opset: i64) -> Self {
        Self { opset, ..self }
    }

    /// The file.
    pub(crate) fn bytes(self) -> Vec<u8> {
        let opset = |domain: &str, version| OperatorSetIdProto { domain: domain.into(), version };
        ModelProto {
            ir_version: 8,
            opset_import: vec![opset("", self.opset), opset("ai.onnx.ml", 1)],
            graph: Some(self.graph),
            ..Default::default()
        }
        .encode_to_vec()
    }
}

fn attribute(name: &str, i: i64) -> AttributeProto {
    let r#type = attribute_proto::AttributeType::Int as i32;
    AttributeProto { name: name.into(), i, r#type, ..Default::default() }
}

fn tensor(name: &str, kind: DataType, dims: &[i64]) -> TensorProto {
    TensorProto { name: name.into(), data_type: kind as i32, dims: dims.to_vec(), ..Default::default() }
}

fn value_info(name: &str, kind: DataType, shape: &[Option<i64>]) -> ValueInfoProto {
    use tensor_shape_proto::{Dimension, dimension::Value};
    let dimension = |length: &Option<i64>| {
        let value = length.map_or_else(|| Value::DimParam("n".into()), Value::DimValue);
        Dimension { value: Some(value), ..Default::default() }
    };
    let shape = TensorShapeProto { dim: shape.iter().map(dimension).collect() };
    let tensor = type_proto::Tensor { elem_type: kind as i32, shape: Some(shape) };
    let value = type_proto::Value::TensorType(tensor);
    let r#type = Some(TypeProto { value: Some(value), ..Default::default() });
    ValueInfoProto { name: name.into(), r#type, ..Default::default() }
}
