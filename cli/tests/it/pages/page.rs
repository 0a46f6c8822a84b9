//! What a page asks its reader to do.

use std::fs;
use std::path::Path;

/// A step of a page.
#[derive(Debug)]
pub(super) enum Step {
    /// A command to type.
    Type(Typed),
    /// To look at what a command prints that was typed before and goes on.
    Look(Typed),
    /// A change of a file, as `diff` shows it.
    Change { path: String, before: String, after: String },
}

/// A command, and what the page shows below it.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    /// Without the comment behind it.
    pub(super) command: String,
    pub(super) shown: Vec<String>,
}

/// The code block below a heading of a page that begins with this text.
#[track_caller]
pub(crate) fn block(page: &str, heading: &str, beginning: &str) -> String {
    let (_, section) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    // A comment in a block is no heading.
    let section =
        ["\n## ", "\n### "].iter().fold(section, |section, next| section.split(next).next().unwrap_or(section));
    let blocks = section.split("\n```").skip(1).step_by(2).filter_map(|block| Some(block.split_once('\n')?.1));
    let mut found = blocks.filter(|block| block.starts_with(beginning));
    let block = found.next().unwrap_or_else(|| panic!("`{heading}` has no block that begins with `{beginning}`"));
    assert!(found.next().is_none(), "`{heading}` has several blocks that begin with `{beginning}`");
    format!("{block}\n")
}

/// The steps of a page: each line of its `sh` blocks, each `$ ` line of its `console` blocks with what comes below it, what comes above
/// the first of them, and each `diff` block.
pub(super) fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```").filter(|language| !language.is_empty()) else { continue };
        let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        match language {
            "sh" => steps.extend(block.iter().map(|line| Step::Type(Typed::of(line)))),
            "console" => steps.extend(console(&block)),
            "diff" => steps.push(change(&block)),
            _ => {}
        }
    }
    steps
}

fn console(block: &[&str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step::Type(Typed::of(command))),
            (None, Some(Step::Type(last) | Step::Look(last))) => last.shown.push((*line).to_owned()),
            (None, _) => steps.push(Step::Look(Typed { command: String::new(), shown: vec![(*line).to_owned()] })),
        }
    }
    steps
}

/// A block that begins with `--- FILE` and `+++ FILE`.
fn change(block: &[&str]) -> Step {
    let path = block[0].strip_prefix("--- ").unwrap_or_else(|| panic!("`{}` names no file", block[0])).to_owned();
    let side = |sign: char| -> String {
        let of_side = block[2..].iter().filter_map(|line| match line.chars().next() {
            Some(first) if first == ' ' || first == sign => Some(&line[1..]),
            None => Some(""),
            _ => None,
        });
        of_side.map(|line| format!("{line}\n")).collect()
    };
    Step::Change { path, before: side('-'), after: side('+') }
}

/// Makes a change in a folder.
pub(super) fn apply(folder: &Path, path: &str, before: &str, after: &str) {
    let file = folder.join(path);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(text.matches(before).count(), 1, "{path} does not have once\n{before}\nbut is\n{text}");
    fs::write(&file, text.replace(before, after)).unwrap();
}

impl Typed {
    fn of(line: &str) -> Self {
        let command = line.split_once(" # ").map_or(line, |(command, _)| command);
        Self { command: command.trim().to_owned(), shown: Vec::new() }
    }

    /// Whether the page shows that the command fails.
    pub(super) fn fails(&self) -> bool {
        self.shown.iter().any(|line| line.starts_with("switchback: ") && !is_progress(line))
    }

    /// Whether output is as shown: line by line, where `...` is any text of a line, and alone on a line any lines.
    pub(super) fn is_as_shown(&self, output: &str) -> bool {
        let shown: Vec<_> = self.shown.iter().map(|line| line.trim_end()).collect();
        let lines: Vec<_> = output.lines().map(str::trim_end).filter(|line| !is_progress(line)).collect();
        shown.is_empty() || are_alike(&shown, &lines)
    }
}

/// A line that says how far a command is: what it is at, or how long a step has taken.
fn is_progress(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("switchback: ") else { return false };
    let is_step = match rest.split_whitespace().collect::<Vec<_>>()[..] {
        [_, time, unit] => time.parse::<f64>().is_ok() && ["us", "ms", "s", "min"].contains(&unit),
        _ => false,
    };
    is_step || rest.ends_with(" ...")
}

fn are_alike(shown: &[&str], lines: &[&str]) -> bool {
    match shown {
        [] => lines.is_empty(),
        ["...", rest @ ..] => (0..=lines.len()).any(|skipped| are_alike(rest, &lines[skipped..])),
        [first, rest @ ..] => {
            lines.split_first().is_some_and(|(line, others)| is_like(first, line) && are_alike(rest, others))
        }
    }
}

fn is_like(shown: &str, line: &str) -> bool {
    let mut parts = shown.split("...");
    let Some(rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let ends_open = shown.ends_with("...");
    let rest = parts.try_fold(rest, |rest, part| rest.split_once(part).map(|(_, rest)| rest));
    rest.is_some_and(|rest| rest.is_empty() || ends_open)
}

#[test]
fn a_page_is_read_as_people_read_it() {
    let page = "text\n```sh\nls -l   # all of it\n```\n```rust\nfn x() {}\n```\n```console\n$ echo a\na\n...\n$ true\n```\n\
                ```console\nb\nc\n```\n```diff\n--- a.txt\n+++ a.txt\n one\n-two\n+three\n```\n";
    let steps = steps(page);
    let [Step::Type(list), Step::Type(echo), Step::Type(_), Step::Look(look), Step::Change { path, before, after }] =
        &steps[..]
    else {
        panic!("{steps:?}");
    };
    assert_eq!((list.command.as_str(), echo.command.as_str(), path.as_str()), ("ls -l", "echo a", "a.txt"));
    assert_eq!((before.as_str(), after.as_str()), ("one\ntwo\n", "one\nthree\n"));
    assert_eq!(look.shown, ["b", "c"]);
    assert!(echo.is_as_shown("a\nb\nc\n") && echo.is_as_shown("a\n") && !echo.is_as_shown("b\na\n"));
    assert!(
        is_like("after ... ms", "after 4.3 ms")
            && !is_like("after ... ms", "after 4.3 s")
            && !is_like("after", "after 4")
    );
}
