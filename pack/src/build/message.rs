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
    level: String,
    spans: Vec<serde::de::IgnoredAny>,
    pub(super) rendered: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub(super) name: String,
}

impl Diagnostic {
    pub(super) fn is_error(&self) -> bool {
        self.level.starts_with("error")
    }

    /// Whether it says something of the source, and does not count what was said.
    pub(super) fn is_warning(&self) -> bool {
        let counts = self.rendered.as_deref().is_some_and(|text| text.trim_end().ends_with("emitted"));
        self.level == "warning" && !(counts && self.spans.is_empty())
    }
}

/// Whether the compiler says that it has no standard library for the target.
pub(super) fn says_target_is_missing(output: &str) -> bool {
    output.contains("target may not be installed")
}

/// The warnings among what cargo itself writes: not what it is doing, and not how many warnings there were.
pub(super) fn warnings_of_cargo(stderr: &str) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    let mut is_warning = false;
    for line in stderr.lines() {
        if line.starts_with("warning: ") {
            is_warning = !line.contains(" generated ");
            if is_warning {
                warnings.push(line.to_owned());
            }
        } else if is_status(line) || line.starts_with("error") {
            is_warning = false;
        } else if let (true, Some(warning)) = (is_warning, warnings.last_mut()) {
            *warning = format!("{warning}\n{line}");
        }
    }
    warnings.iter().map(|warning| warning.trim_end().to_owned()).collect()
}

/// `   Compiling x v1.0.0`: a verb that ends in column 12.
fn is_status(line: &str) -> bool {
    let verb = line.split_at_checked(12).filter(|(_, rest)| rest.starts_with(' ')).map(|(verb, _)| verb.trim_start());
    verb.is_some_and(|verb| verb.starts_with(char::is_uppercase) && verb.chars().all(char::is_alphabetic))
}

/// What the compiler renders, without the command line of the linker, which is longer than what the linker says.
pub(super) fn without_linker_arguments(rendered: &str) -> String {
    let is_long_note = |line: &str| {
        let note = line.trim_start().strip_prefix("= note:").map(str::trim_start);
        note.is_some_and(|note| note.starts_with('"') || note.starts_with("some arguments are omitted"))
    };
    rendered.split_inclusive('\n').filter(|line| !is_long_note(line)).collect()
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
    fn what_the_linker_says_is_kept_and_how_it_was_called_is_not() {
        let rendered = "error: linking with `rust-lld` failed: exit status: 1\n  |\n  = note:  \"rust-lld\" \"-flavor\" \"wasm\" \"x.o\"\n  \
            = note: some arguments are omitted. use `--verbose` to show all linker arguments\n  = note: rust-lld: error: x.o: undefined \
            symbol: open\n          >>> referenced by x.o\n";
        let kept = "error: linking with `rust-lld` failed: exit status: 1\n  |\n  = note: rust-lld: error: x.o: undefined symbol: open\n          \
            >>> referenced by x.o\n";
        assert_eq!(without_linker_arguments(rendered), kept);
        let other = "error[E0382]: use of moved value\n  = note: move occurs because it has type `String`\n";
        assert_eq!(without_linker_arguments(other), other);
    }

    #[test]
    fn messages_of_other_kinds_are_passed_over() {
        let line = r#"{"reason":"build-finished","success":true}"#;
        assert!(matches!(serde_json::from_str(line).unwrap(), Message::Other));
    }

    #[test]
    fn a_count_of_warnings_is_none() {
        let warning = |spans: &str, rendered: &str| {
            let json = format!(r#"{{"level": "warning", "spans": {spans}, "rendered": "{rendered}"}}"#);
            serde_json::from_str::<Diagnostic>(&json).unwrap().is_warning()
        };
        assert!(warning(r#"[{"file_name": "src/lib.rs"}]"#, "warning: unused variable: `x`"));
        assert!(warning("[]", "warning: unstable feature"));
        assert!(!warning("[]", "warning: 2 warnings emitted\\n\\n"));
    }

    #[test]
    fn of_what_cargo_writes_only_warnings_are_passed_on() {
        let stderr = "warning: /x/Cargo.toml: unused manifest key: lib.colour\n   Compiling x v0.1.0 (/x)\n\
            warning: unused key\n --> Cargo.toml:3:1\n  |\n3 | colour = 1\n  | ^^^^^^\n\
            warning: `x` (lib) generated 1 warning\n    Finished `release` profile [optimized] target(s) in 0.1s\n";
        assert_eq!(
            warnings_of_cargo(stderr),
            [
                "warning: /x/Cargo.toml: unused manifest key: lib.colour",
                "warning: unused key\n --> Cargo.toml:3:1\n  |\n3 | colour = 1\n  | ^^^^^^"
            ]
        );
    }
}
