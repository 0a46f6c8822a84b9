//! What a model can ask for of a message, and what its manifest says of that.

use switchback::release::Reads;
use wasmparser::{ComponentAlias, Parser, Payload};

/// What a model of contract 1.0 can ask for, if it asks for all.
const ALL_OF_1_0: [Reads; 13] = [
    Reads::ENVELOPE,
    Reads::CLIENT,
    Reads::AUTHENTICATION,
    Reads::SUBJECT,
    Reads::SENDER,
    Reads::DATE,
    Reads::SIZE,
    Reads::HEADERS,
    Reads::TEXT,
    Reads::HTML,
    Reads::LINKS,
    Reads::ATTACHMENTS,
    Reads::RAW,
];

/// How a method of the contract's `message` is named.
const METHOD: &str = "[method]message.";

/// What a module or component asks for whose imports have these names.
pub(crate) fn of_imports<'a>(names: impl Iterator<Item = &'a str>) -> Reads {
    names.filter_map(|name| group(name.strip_prefix(METHOD)?)).fold(Reads::default(), |all, one| all | one)
}

/// What a release can ask for: the functions that it takes from the contract. What is never called is no import after linking,
/// unless bindings import it all the same.
pub(crate) fn of_release(release: &[u8]) -> Reads {
    let aliases = Parser::new(0).parse_all(release).filter_map(|payload| match payload {
        Ok(Payload::ComponentAliasSection(section)) => Some(section),
        _ => None,
    });
    of_imports(aliases.flatten().filter_map(|alias| match alias {
        Ok(ComponentAlias::InstanceExport { name, .. }) => Some(name),
        _ => None,
    }))
}

/// Whether these are all that there were in contract 1.0: bindings of some languages import the contract as a whole, whatever is called.
pub(crate) fn are_all(reads: Reads) -> bool {
    ALL_OF_1_0.into_iter().all(|one| reads.contains(one))
}

/// The group that a method of `message` belongs to, as the contract says.
fn group(method: &str) -> Option<Reads> {
    Reads::from_name(match method {
        "from" | "reply-to" => "sender",
        "counts" | "defects" => "size",
        "header" => "headers",
        method => method,
    })
}

/// How what a model declares to read differs from what it can ask for, which no self-test may come across.
pub(crate) fn remarks(declared: Reads, asks: Reads) -> Vec<String> {
    let without = |all: Reads, known: Reads| {
        let of = |name| Reads::from_name(name).is_some_and(|one| !known.contains(one));
        all.names().filter(|name| of(*name)).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let is_granted = declared.contains(Reads::RECIPIENTS);
    let needed = if is_granted { asks | Reads::RECIPIENTS } else { asks };
    let mut remarks = Vec::new();
    let (undeclared, idle) = (without(asks, declared), without(declared, needed));
    if !undeclared.is_empty() {
        remarks.push(format!(
            "the model can ask for {undeclared}, which `reads` does not declare: a message for which it does is a failure"
        ));
    }
    if !idle.is_empty() {
        remarks.push(format!("`reads` declares {idle}, which the model never asks for"));
    }
    if is_granted {
        remarks.push(
            "`reads` declares `recipients`: their addresses are shown only where an operator grants it, and not in self-tests; \
             `switchback score --grant-recipients` tries it"
                .to_owned(),
        );
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_imported_is_told_by_group() {
        let asked = of_imports(
            ["[method]message.reply-to", "[method]message.counts", "[resource-drop]message", "log"].into_iter(),
        );
        assert_eq!(asked.names().collect::<Vec<_>>(), ["sender", "size"]);
        assert!(!are_all(asked) && are_all(ALL_OF_1_0.into_iter().fold(Reads::default(), |all, one| all | one)));
    }
}
