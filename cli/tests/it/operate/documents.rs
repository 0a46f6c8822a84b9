//! `switchback completions` and `switchback man`.

use tempfile::tempdir;

use crate::run::{commands, switchback};

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = switchback(["completions", shell]).fine();
        for word in commands().iter().flat_map(|command| command.split(' ')) {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        assert!(script.contains("dry-run") && !script.contains("demo-worker"), "{shell}");
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let page = switchback(["man"]).fine();
    for command in commands().iter().filter(|command| !command.contains(' ')) {
        assert!(page.contains(&format!("switchback\\-{command}(1)")), "{command} is not in\n{page}");
    }
    let dir = tempdir().unwrap();
    let pages = dir.path().join("man1");
    assert_eq!(switchback(["man", pages.to_str().unwrap()]).fine(), "");
    for command in commands() {
        let name = format!("switchback-{}.1", command.replace(' ', "-"));
        let page = std::fs::read_to_string(pages.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(page.contains("Exit codes:"), "{name} has no exit codes");
    }
    assert!(pages.join("switchback.1").is_file() && !pages.join("switchback-demo-worker.1").exists());
}
