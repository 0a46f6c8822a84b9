//! Custom sections of a component, apart from those of the modules in it.

use wasmparser::{Parser, Payload};

/// The content of the section of this name. None where there is none, or where several claim to be it.
pub(crate) fn only_section<'a>(component: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut depth = 0_u32;
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name() == name => found.push(section.data()),
            _ => {}
        }
    }
    let [only] = found[..] else { return None };
    Some(only)
}
