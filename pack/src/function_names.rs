//! What a core module calls itself and its functions.

use std::collections::HashMap;

use wasmparser::{BinaryReader, Name, NameSectionReader, Parser, Payload};

/// The custom section's name: <https://webassembly.github.io/spec/core/appendix/custom.html#name-section>.
pub(crate) const NAME_SECTION: &str = "name";

/// The names in a module's name section, as far as it can be read: nothing depends on it.
#[derive(Debug, Default)]
pub(crate) struct FunctionNames<'a> {
    /// What the module is called.
    pub(crate) module: Option<&'a str>,
    functions: HashMap<u32, &'a str>,
}

impl<'a> FunctionNames<'a> {
    pub(crate) fn of_section(section: &'a [u8]) -> Self {
        let mut names = Self::default();
        for name in NameSectionReader::new(BinaryReader::new(section, 0)) {
            match name {
                Ok(Name::Module { name, .. }) => names.module = Some(name),
                Ok(Name::Function(functions)) => {
                    names
                        .functions
                        .extend(functions.into_iter().map_while(Result::ok).map(|one| (one.index, one.name)));
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        names
    }

    /// What a function is called, by its number among all, imported ones first.
    pub(crate) fn of(&self, function: u32) -> Option<&'a str> {
        self.functions.get(&function).copied()
    }
}

/// A module without its name section, and else as it is, byte for byte.
pub(crate) fn without_names(module: &[u8]) -> Vec<u8> {
    let (mut kept, mut copied, mut end) = (Vec::new(), 0, 0);
    for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
        let range = match &payload {
            Payload::Version { range, .. } => range.clone(),
            other => match other.as_section() {
                Some((_, range)) => range,
                None => continue,
            },
        };
        if matches!(&payload, Payload::CustomSection(section) if section.name() == NAME_SECTION) {
            kept.extend_from_slice(&module[copied..end]);
            copied = range.end;
        }
        end = range.end;
    }
    kept.extend_from_slice(&module[copied..]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_and_all_else_stays_byte_for_byte() {
        let with = |names: &str| {
            let text = format!("(module {names} (func {names} (export \"f\")) (@custom \"note\" \"x\"))");
            wat::parse_str(text).unwrap()
        };
        let (plain, named) = (with(""), with("$m"));
        assert!(named.len() > plain.len(), "it has names");
        assert_eq!(without_names(&named), plain);
        assert_eq!(without_names(&plain), plain);
        // A section whose length is padded, as linkers write it.
        let padded = [&plain[..8], b"\x00\x85\x80\x80\x80\x00\x04note", b"\x00\x05\x04name"].concat();
        assert_eq!(without_names(&padded), padded[..padded.len() - 7]);
    }
}
