//! Nodes of an ONNX file in the making, in the place of one that is not computed as it stands.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

/// Nodes in the place of another one, and what is constant for them.
pub(crate) struct Making<'a> {
    /// What names begin with.
    base: String,
    /// The nodes, in order.
    pub(crate) nodes: Vec<NodeProto>,
    pub(crate) constants: &'a mut Vec<TensorProto>,
}

impl<'a> Making<'a> {
    /// Nodes in the place of this one.
    pub(crate) fn of(node: &NodeProto, constants: &'a mut Vec<TensorProto>) -> Self {
        Self { base: node.output.first().cloned().unwrap_or_default(), nodes: Vec::new(), constants }
    }

    fn name(&self) -> String {
        format!("{}.{}.{}", self.base, self.nodes.len(), self.constants.len())
    }

    /// Adds an operator with integer attributes. Returns the name of its value.
    pub(crate) fn op(&mut self, operator: &str, inputs: &[&str], attributes: &[(&str, i64)]) -> String {
        let name = self.name();
        let attribute = |&(name, i): &(&str, i64)| AttributeProto {
            name: name.into(),
            i,
            r#type: AttributeType::Int as i32,
            ..Default::default()
        };
        self.nodes.push(NodeProto {
            op_type: operator.into(),
            name: name.clone(),
            input: inputs.iter().map(|&input| input.into()).collect(),
            output: vec![name.clone()],
            attribute: attributes.iter().map(attribute).collect(),
            ..Default::default()
        });
        name
    }

    pub(crate) fn cast(&mut self, value: &str, to: DataType) -> String {
        self.op("Cast", &[value], &[("to", to as i64)])
    }

    /// A constant number.
    pub(crate) fn float(&mut self, number: f32) -> String {
        self.floats(&[], vec![number])
    }

    /// Constant numbers.
    pub(crate) fn floats(&mut self, dims: &[i64], float_data: Vec<f32>) -> String {
        let (name, dims) = (self.name(), dims.to_vec());
        let data_type = DataType::Float as i32;
        self.constants.push(TensorProto { name: name.clone(), data_type, dims, float_data, ..Default::default() });
        name
    }

    /// Constant integers, in a shape of one axis.
    pub(crate) fn integers(&mut self, numbers: &[i64]) -> String {
        let name = self.name();
        self.constants.push(TensorProto {
            name: name.clone(),
            data_type: DataType::Int64 as i32,
            dims: vec![numbers.len() as i64],
            int64_data: numbers.to_vec(),
            ..Default::default()
        });
        name
    }

    /// Gives a value the name that others know it by.
    pub(crate) fn call(&mut self, value: &str, name: &str) {
        if let Some(node) = self.nodes.iter_mut().find(|node| node.output.iter().any(|output| output == value)) {
            node.output = vec![name.to_owned()];
        }
        self.nodes.iter_mut().flat_map(|node| &mut node.input).filter(|input| *input == value).for_each(|input| {
            input.clear();
            input.push_str(name);
        });
    }
}

/// The numbers of a constant of bytes or of integers of 32 bits.
pub(crate) fn small_integers(constant: &TensorProto) -> Option<Vec<i32>> {
    let raw = &constant.raw_data;
    match DataType::try_from(constant.data_type).ok()? {
        DataType::Int8 | DataType::Uint8 | DataType::Int32 if raw.is_empty() => Some(constant.int32_data.clone()),
        DataType::Int8 => Some(raw.iter().map(|byte| i32::from(*byte as i8)).collect()),
        DataType::Uint8 => Some(raw.iter().map(|byte| i32::from(*byte)).collect()),
        DataType::Int32 => Some(raw.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect()),
        _ => None,
    }
}
