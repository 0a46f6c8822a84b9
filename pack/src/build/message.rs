//! The lines of `cargo build --message-format=json` that matter here.
//!
//! <https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>

use std::path::PathBuf;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(tag = "reason")]
pub(super) enum Message {
    /// The compiler said something.
    #[serde(rename = "compiler-message")]
    Said { message: Diagnostic },
    /// A crate is done.
    #[serde(rename = "compiler-artifact")]
    Done { package_id: String, target: Target, filenames: Vec<PathBuf> },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Diagnostic {
    pub(super) level: String,
    pub(super) rendered: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub(super) name: String,
}

/// Whether the compiler says that it has no standard library for the target.
pub(super) fn says_target_is_missing(output: &str) -> bool {
    output.contains("target may not be installed")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What rustc 1.95 says for a target that is not installed, through cargo.
    const NOT_INSTALLED: &str = "error[E0463]: can't find crate for `core`\n  |\n  = note: the `wasm32v1-none` target \
        may not be installed\n  = help: consider downloading the target with `rustup target add wasm32v1-none`\n";

    #[test]
    fn a_missing_target_is_told_from_other_missing_crates() {
        assert!(says_target_is_missing(NOT_INSTALLED));
        assert!(!says_target_is_missing("error[E0463]: can't find crate for `serde`"));
    }

    #[test]
    fn messages_of_other_kinds_are_passed_over() {
        let line = r#"{"reason":"build-finished","success":true}"#;
        assert!(matches!(serde_json::from_str(line).unwrap(), Message::Other));
    }
}
