//! Drops what a release does not need: names, producers, target features and other custom sections of
//! the component and of the modules in it.

use std::mem;

use wasm_encoder::{Component, ComponentSectionId, Encode as _, Module, RawSection, Section as _};
use wasmparser::{BinaryReaderError, Encoding, Parser, Payload};

/// The component without custom sections, at any depth. Everything else stays byte for byte.
pub(crate) fn strip(component: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut parents = Vec::new();
    let mut output = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } => output.extend_from_slice(header(*encoding)),
            // The nested header comes next, and fills a new output.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => parents.push(mem::take(&mut output)),
            Payload::End(_) => match parents.pop() {
                Some(parent) => output = append_nested(parent, &output),
                None => break,
            },
            Payload::CustomSection(_) => {}
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    RawSection { id, data: &component[range] }.append_to(&mut output);
                }
            }
        }
    }
    Ok(output)
}

fn header(encoding: Encoding) -> &'static [u8] {
    match encoding {
        Encoding::Module => &Module::HEADER,
        Encoding::Component => &Component::HEADER,
    }
}

fn append_nested(mut parent: Vec<u8>, nested: &[u8]) -> Vec<u8> {
    let is_module = nested.starts_with(&Module::HEADER);
    parent.push(if is_module { ComponentSectionId::CoreModule } else { ComponentSectionId::Component } as u8);
    nested.encode(&mut parent);
    parent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_sections_go_at_every_depth_and_nothing_else_does() {
        let source = r#"(component
            (@custom "author" "me")
            (core module (func $named (export "f")) (@custom "note" "x"))
            (component (@custom "inner" "y")))"#;
        let component = wat::parse_str(source).unwrap();
        let stripped = strip(&component).unwrap();
        let customs =
            Parser::new(0).parse_all(&stripped).filter(|p| matches!(p, Ok(Payload::CustomSection(_)))).count();
        let modules =
            Parser::new(0).parse_all(&stripped).filter(|p| matches!(p, Ok(Payload::ModuleSection { .. }))).count();
        assert_eq!((customs, modules), (0, 1));
        wasmparser::validate(&stripped).unwrap();
        assert_eq!(strip(&stripped).unwrap(), stripped);
    }
}
