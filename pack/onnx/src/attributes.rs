//! The attributes of a node of an ONNX file.

use std::collections::HashSet;

use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto};

/// What of a node is read by name.
pub(crate) trait Attributes {
    /// The attribute of this name.
    fn find(&self, name: &str) -> Option<&AttributeProto>;

    /// A text, or nothing.
    fn text(&self, name: &str) -> String {
        self.find(name).map(|found| String::from_utf8_lossy(&found.s).into_owned()).unwrap_or_default()
    }

    /// Texts; none, if there is no such attribute.
    fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.find(name).into_iter().flat_map(|found| &found.strings);
        texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }

    /// An integer.
    fn integer(&self, name: &str) -> Option<i64> {
        self.find(name).map(|found| found.i)
    }

    /// Integers; none, if there is no such attribute.
    fn integers(&self, name: &str) -> &[i64] {
        self.find(name).map_or(&[], |found| &found.ints)
    }

    /// A float.
    fn float(&self, name: &str) -> Option<f32> {
        self.find(name).map(|found| found.f)
    }

    /// Floats; none, if there is no such attribute.
    fn floats(&self, name: &str) -> &[f32] {
        self.find(name).map_or(&[], |found| &found.floats)
    }
}

impl Attributes for NodeProto {
    fn find(&self, name: &str) -> Option<&AttributeProto> {
        self.attribute.iter().find(|attribute| attribute.name == name)
    }
}

/// What a node is called: its name or, if it has none, that of its first output.
pub(crate) fn name_of(node: &NodeProto) -> &str {
    let made = || node.output.iter().find(|output| !output.is_empty()).map_or("", String::as_str);
    if node.name.is_empty() { made() } else { &node.name }
}

/// The graphs that a node has: the body of a loop, the branches of a condition.
pub(crate) fn bodies(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs))
}

/// The same, to be changed.
pub(crate) fn bodies_mut(node: &mut NodeProto) -> impl Iterator<Item = &mut GraphProto> {
    node.attribute.iter_mut().flat_map(|attribute| attribute.g.iter_mut().chain(&mut attribute.graphs))
}

/// The values that a node takes: its inputs, and what its bodies take of the graph around them.
pub(crate) fn taken(node: &NodeProto) -> HashSet<&str> {
    let mut taken: HashSet<&str> = node.input.iter().map(String::as_str).collect();
    for body in bodies(node) {
        let made = body.node.iter().flat_map(|node| &node.output);
        let given =
            body.input.iter().map(|input| &input.name).chain(body.initializer.iter().map(|weights| &weights.name));
        let own: HashSet<&str> = made.chain(given).map(String::as_str).collect();
        let used = body.node.iter().flat_map(self::taken).chain(body.output.iter().map(|output| &*output.name));
        taken.extend(used.filter(|name| !own.contains(name)));
    }
    taken.remove("");
    taken
}
