//! What the package of a model is called.

use switchback::release::ModelName;

use crate::error::PackError;

/// Keywords of every edition, none of which a crate can be called by others (<https://doc.rust-lang.org/reference/keywords.html>).
pub(super) const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The crates that come with the compiler.
pub(super) const WITH_THE_COMPILER: [&str; 5] = ["alloc", "core", "proc-macro", "std", "test"];

/// The package's name: the model's, with one `-` where that has several, since the compiler warns of `a__b`.
pub(super) fn of(name: &ModelName) -> Result<String, PackError> {
    let mut package = String::new();
    for character in name.as_str().chars() {
        if character != '-' || !package.ends_with('-') {
            package.push(character);
        }
    }
    let why = match package.as_str() {
        keyword if KEYWORDS.contains(&keyword) => "is a keyword of Rust",
        library if WITH_THE_COMPILER.contains(&library) => "is a crate of Rust's own",
        "switchback-guest" => "is the crate that models are written with",
        _ => return Ok(package),
    };
    Err(PackError::scaffold(format!("`{name}` {why}, so no model's crate can be called that; choose another name")))
}
