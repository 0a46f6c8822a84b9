//! Running the command.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// What a run came to. Lines that only say that it takes long are not in it: that depends on the machine.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Standard output, of a run in which all was well.
    #[track_caller]
    pub(crate) fn fine(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }
}

/// The command, with a store of compiled releases that all tests share.
pub(crate) fn command() -> Command {
    static STORE: OnceLock<TempDir> = OnceLock::new();
    let store = STORE.get_or_init(|| tempfile::tempdir().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchback"));
    command.env("XDG_CACHE_HOME", store.path()).env_remove("SWITCHBACK_STORE").stdin(Stdio::null());
    command.env_remove("SWITCHBACK_CONFIG");
    command
}

/// Runs it.
pub(crate) fn switchback<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    ran(command().args(args))
}

/// Runs it in a folder.
pub(crate) fn switchback_in<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> Ran {
    ran(command().current_dir(dir).args(args))
}

/// Runs it with standard input.
pub(crate) fn switchback_fed<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>, input: &[u8]) -> Ran {
    let mut command = command();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    checked(&command, to_ran(&child.wait_with_output().unwrap()))
}

/// Runs it where there is no terminal to ask at, whoever runs the tests.
pub(crate) fn switchback_alone<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    let mut alone = Command::new("setsid");
    ran(alone.args(["--wait", env!("CARGO_BIN_EXE_switchback")]).args(args).stdin(Stdio::null()))
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    checked(command, to_ran(&output))
}

/// What a command has printed, which is as its schema says where it is JSON.
fn checked(command: &Command, ran: Ran) -> Ran {
    crate::schema::check_output(command.get_args(), &ran.out);
    ran
}

pub(crate) fn to_ran(output: &std::process::Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let err = text(&output.stderr);
    let err = err.split_inclusive('\n').filter(|line| !line.ends_with(" ...\n")).collect();
    Ran { code: output.status.code().unwrap(), out: text(&output.stdout), err }
}

/// Every command, `guard` and `guard status` alike, as the command itself lists them.
pub(crate) fn commands() -> &'static BTreeSet<String> {
    static COMMANDS: OnceLock<BTreeSet<String>> = OnceLock::new();
    COMMANDS.get_or_init(|| {
        let first = below("");
        let second = first.iter().flat_map(|command| below(command));
        first.iter().cloned().chain(second).collect()
    })
}

/// The commands that a command has.
fn below(command: &str) -> Vec<String> {
    let help = switchback(command.split_whitespace().chain(["--help"])).fine();
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let names = list.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
        // Further lines of a description are further in.
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then_some(name)
    });
    names.map(|name| format!("{command} {name}").trim_start().to_owned()).collect()
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for args in [
        &["scor"][..],
        &["score"],
        &["score", "-m"],
        &["demo", "--seconds", "0"],
        &["demo", "--html", "/dev/stdout"],
        &["new", "Big"],
        &["sign", "x.wasm"],
        &["verify"],
        &["status"],
        &["promote", "--store", "x"],
        &["allow", "--store", "x", "--reason", "why"],
        &["allow", "--store", "x", "--reason", "why", "--domain", "a.example", "--sender", "a@a.example"],
        &["allow", "--store", "x", "--reason", "why", "--network", "192.0.2.0/24", "--anyone"],
        &["block", "--store", "x", "--reason", "why", "--domain", "a.example", "--for", "soon"],
        &["allow", "--store", "x", "--reason", "why", "--domain", "a.example", "--for", "1ms"],
        &["block", "--store", "x", "--reason", "why", "--domain", "192.0.2.1"],
        &["block", "--store", "x", "--reason", "why", "--sender", "*@a.example"],
        &["score", "-m", "x.wasm", "--trust-authserv-id", "*", "mail"],
        &["score", "-m", "x.wasm", "--store", "x"],
        &["trust", "revoke", "--store", "x", "xyz"],
        &["journal"],
        &["journal", "--dir", "x", "--since", "yesterday"],
        &["journal", "--dir", "x", "--decided-by", "chance"],
        &["impact", "--dir", "x"],
        &["impact", "m@1.0.0", "--dir", "x", "--json", "--csv"],
        &["explain", "--id", "17", "x.eml"],
        &["guard", "set", "--store", "x", "--floor", "10"],
        &["guard", "simulate", "a.wasm", "b.wasm"],
        &["guard", "simulate", "a.wasm", "b.wasm", "--alpha", "2", "mail"],
        &["guard", "test-alert"],
        &["guard", "test-alert", "--webhook", "https://hooks.example/"],
        &["guard", "test-alert", "--on-alert", " "],
        &["rollout", "m@1.0.0", "--store", "x", "--plan", "5%, 100%"],
        &["revert", "--store", "x", "--segment", "gmail"],
        &["score", "-m", "x.wasm", "--syslog", "mail"],
        &["score", "-m", "x.wasm", "--format", "pst", "mail"],
        &["score", "-m", "x.wasm", "--client-ip", "here", "mail"],
        &["score", "-m", "x.wasm", "--mail-from", "news", "mail"],
        &["score", "-m", "x.wasm", "--rcpt", "a b@home.example", "mail"],
        &["score", "-m", "x.wasm", "--tenant", "", "mail"],
        &["compare", "x.wasm", "y.wasm", "--rcpt", "home.example", "mail"],
        &["compare", "x.wasm", "y.wasm", "--live", "--tenant", "acme"],
        &["revert", "--store", "x", "--segment", "mail.gmail.com"],
        &["score", "-m", "x.wasm", "--recipient-key-file", "/nowhere", "mail"],
    ] {
        let ran = switchback(args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{args:?}: {ran:?}");
    }
}

#[test]
fn every_command_explains_itself_with_examples_and_exit_codes() {
    for command in commands() {
        let help = switchback(command.split(' ').chain(["--help"])).fine();
        assert!(help.contains("Examples:\n  switchback") && help.contains("Exit codes:\n  0  "), "{help}");
    }
    assert!(switchback(["--help"]).fine().contains("Exit codes:"));
}

#[test]
fn the_list_of_commands_says_what_each_is_for() {
    for asked in [&["--help"][..], &["-h"], &["help"]] {
        let help = switchback(asked).fine();
        assert!(help.contains("\n  pack         Pack a model into a release file\n"), "{help}");
    }
}
