//! What the tools themselves say, and a word of what is advised.

use super::{ADVICE, TOO_OLD, advice};

/// Texts of cargo, rustc, rustup, LLVM's linker, build scripts and crates, as users reported them or as they are here, shortened.
const SAID: &[(&str, &str)] = &[
    ("rust-lld: error: duplicate symbol: prepare\n>>> defined in first.rcgu.o\n", "`switchback_guest::export!`"),
    ("rust-lld: error: duplicate symbol: score\n", "`switchback_guest::export!`"),
    (
        "error: The wasm32-unknown-unknown targets are not supported by default; you may need to enable the \"wasm_js\" configuration \
         flag.\n --> getrandom-0.3.3/src/backends.rs:189:9",
        "`getrandom`",
    ),
    (
        "error: the wasm*-unknown-unknown targets are not supported by default, you may need to enable the \"js\" feature. For more \
         information see: https://docs.rs/getrandom/#webassembly-support",
        "`getrandom`",
    ),
    ("error: failed to write `/t/x.rmeta`: No space left on device (os error 28)", "the disk is full"),
    (
        "error: could not compile `tract` (lib)\n\nCaused by:\n  process didn't exit successfully: `rustc ..` (signal: 9, SIGKILL: kill)",
        "--jobs 1",
    ),
    (
        "error: rustup could not choose a version of cargo to run, because one wasn't specified explicitly, and no default is \
         configured.\nhelp: run 'rustup default stable' to download the latest stable release of Rust and set it as your default toolchain.",
        "rustup default stable",
    ),
    (
        "error: toolchain '1.80.0-x86_64-unknown-linux-gnu' is not installed\nhelp: run `rustup toolchain install 1.80.0` to install it",
        "rust-toolchain.toml",
    ),
    (
        "error: rustc 1.89.0 is not supported by the following package:\n  cargo-platform@0.3.3 requires rustc 1.91\n",
        "rustup update",
    ),
    (
        "error: package `x v0.1.0` cannot be built because it requires rustc 1.95 or newer, while the currently active rustc version is 1.80.0",
        "rustup update",
    ),
    (
        "error: failed to parse manifest at `/m/Cargo.toml`\n\nCaused by:\n  feature `edition2024` is required\n\n  The package requires \
         the Cargo feature called `edition2024`, but that feature is not stabilized in this version of Cargo (1.82.0 (8f40fc59f 2024-08-21)).",
        "rustup update",
    ),
    (
        "Caused by:\n  failed to parse the `edition` key\n\nCaused by:\n  this version of Cargo is older than the `2021` edition, and only \
         supports `2015` and `2018` editions.",
        "rustup update",
    ),
    (
        "error: failed to parse lock file at: /m/Cargo.lock\n\nCaused by:\n  lock file version `4` was found, but this version of Cargo \
         does not understand this lock file, perhaps Cargo needs to be updated?",
        "rustup update",
    ),
    (
        "error: no matching package named `serde` found\nlocation searched: crates.io index\nAs a reminder, you're using offline mode \
         (--offline) which can sometimes cause surprising resolution failures, if this error is too confusing you may wish to retry without `--offline`.",
        "cargo fetch",
    ),
    (
        "error: failed to download `memchr v2.7.4`\n\nCaused by:\n  attempting to make an HTTP request, but --offline was specified",
        "cargo fetch",
    ),
    (
        "error: cannot update the lock file /m/Cargo.lock because --locked was passed to prevent this",
        "cargo update --workspace",
    ),
    (
        "error: the lock file /m/Cargo.lock needs to be updated but --locked was passed to prevent this",
        "cargo update --workspace",
    ),
    (
        "warning: spurious network error (3 tries remaining): [6] Could not resolve hostname (Could not resolve host: index.crates.io)",
        "HTTPS_PROXY",
    ),
    ("  [6] Couldn't resolve host name (Could not resolve host: index.crates.io)", "HTTPS_PROXY"),
    ("  [7] Couldn't connect to server (Failed to connect to index.crates.io port 443 after 1 ms)", "HTTPS_PROXY"),
    (
        "  [60] SSL peer certificate or SSH remote key was not OK (SSL certificate problem: self-signed certificate)",
        "http.cainfo",
    ),
    (
        "error: failed to get `switchback-guest` as a dependency of package `x v0.1.0 (/m)`\n\nCaused by:\n  failed to load source for \
         dependency `switchback-guest`\n\nCaused by:\n  unable to update /nowhere\n\nCaused by:\n  failed to read \
         `/nowhere/Cargo.toml`\n\nCaused by:\n  No such file or directory (os error 2)",
        "guest-sdk",
    ),
    ("error: no matching package named `switchback-guest` found\nlocation searched: crates.io index", "guest-sdk"),
    ("error: profile `guest` is not defined", "[profile.NAME]"),
    ("error: linker `rust-lld` not found\n  |\n  = note: No such file or directory (os error 2)", "lld"),
    ("error: linker `cc` not found\n  |\n  = note: No such file or directory (os error 2)", "gcc"),
    ("/usr/bin/ld: cannot find Scrt1.o: No such file or directory", "libc6-dev"),
    ("error: This wasm target is unsupported by mio. If using Tokio, disable the net feature.", "sockets"),
    ("error: Only features sync,macros,io-util,rt,time are supported on wasm.", "sockets"),
    ("error occurred in cc-rs: failed to find tool \"clang\": No such file or directory (os error 2)", "C code"),
    (
        "warning: /opt/homebrew/Cellar/llvm/16.0.6/lib/clang/16/include/inttypes.h:21:15: fatal error: 'inttypes.h' file not found",
        "C code",
    ),
    (
        "error: linker `lld` not found\n  |\n  = note: No such file or directory (os error 2)",
        "package of LLVM's linker",
    ),
    (
        "  [7] Could not connect to server (Failed to connect to index.crates.io port 443 after 1 ms: Could not connect to server)",
        "HTTPS_PROXY",
    ),
    ("  failed to connect to github.com: Connection refused; class=Os (2)", "HTTPS_PROXY"),
    (
        "warning: spurious network error (3 tries remaining): [28] Timeout was reached (Operation too slow. Less than 10 bytes/sec \
         transferred the last 30 seconds)",
        "HTTPS_PROXY",
    ),
    (
        "Could not find directory of OpenSSL installation, and this `-sys` crate cannot proceed without this knowledge.",
        "TLS",
    ),
    ("Could not find openssl via pkg-config:\npkg-config has not been configured to support cross-compilation.", "TLS"),
    (
        "error: linking with `rust-lld` failed: exit status: 1\n  = note: rust-lld: error: m.o: undefined symbol: sqlite3_open\n",
        "`extern \"C\"`",
    ),
    ("wasm-ld: error: m.o: undefined symbol: sqlite3_open\n", "`extern \"C\"`"),
    (
        "Unable to find libclang: \"couldn't find any valid shared libraries matching: ['libclang.so', 'libclang-*.so']\"",
        "C code",
    ),
];

#[test]
fn what_the_tools_say_is_told_as_what_to_do() {
    for (said, word) in SAID {
        let advised = advice(said).unwrap_or_else(|| panic!("nothing is advised about: {said}"));
        assert!(advised.contains(word), "{word:?} is not in {advised:?}, which is about: {said}");
    }
}

#[test]
fn every_row_is_about_something_that_is_said() {
    let says = |texts: &[&str], said: &str| texts.iter().all(|text| said.to_lowercase().contains(&text.to_lowercase()));
    let rows: Vec<&[&str]> = ADVICE.iter().map(|(texts, _)| *texts).collect();
    for (place, row) in rows.iter().enumerate() {
        // The first row counts.
        let is_said = |said: &str| rows.iter().position(|row| says(row, said)) == Some(place);
        assert!(SAID.iter().any(|(said, _)| is_said(said)), "{row:?}");
    }
    assert!(TOO_OLD.iter().all(|texts| SAID.iter().any(|(said, _)| says(texts, said))));
}

#[test]
fn what_explains_itself_is_left_alone() {
    for said in [
        "error[E0425]: cannot find value `words` in this scope\n --> src/lib.rs:7:9",
        "error[E0463]: can't find crate for `core`\n  = note: the `wasm32-unknown-unknown` target may not be installed",
        "error: failed to parse manifest at `/m/Cargo.toml`\n\nCaused by:\n  missing field `package.name`",
    ] {
        assert_eq!(advice(said), None, "{said}");
    }
}
