//! What to do about what cargo, the compiler and the linker say, where their text does not tell it to the author of a model.

/// What a model has not, whatever a dependency asks for.
macro_rules! without {
    ($what:literal, $ways:literal) => {
        concat!("a dependency asks for ", $what, ", which a model does not have: ", $ways, ", or do without it")
    };
}

/// The oldest Rust that the SDK is built with.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

const EXPORTED_TWICE: &str = "two crates of this build have `switchback_guest::export!`: what models share belongs into a library crate without it";
const RANDOMNESS: &str = without!(
    "randomness",
    "switch its default features off (`rand`, `uuid`, `ahash`), choose the `custom` backend of `getrandom` and define its function so \
     that it returns an error"
);
const SOCKETS: &str = without!(
    "sockets or threads",
    "switch those features off (of tokio, `sync`, `macros`, `io-util`, `rt` and `time` are left)"
);
const TLS: &str = without!("TLS", "switch that feature off (`native-tls`, `openssl`)");
const C_LIBRARY: &str = without!("C code", "switch the feature off that builds it (it has a `-sys` crate)");
const C_FUNCTION: &str =
    "a C function is called that nothing defines: find the `-sys` crate or `extern \"C\"` block that declares it";
const NO_WASM_LINKER: &str = "this Rust comes without the linker for WebAssembly: that of https://rustup.rs has it; for a distribution's, install its \
     package of LLVM's linker (Debian: lld). If `cargo` and `rustc` are of two installations, use one of them";
const NO_HOST_LINKER: &str = "build scripts and macros are compiled for this machine, which has no C compiler to link them: install one (Debian: gcc and \
     libc6-dev; macOS: `xcode-select --install`)";
const NO_TOOLCHAIN: &str = "run `rustup default stable`, and then `rustup target add wasm32-unknown-unknown`";
const OTHER_TOOLCHAIN: &str = "the project asks for that toolchain (`rust-toolchain.toml` in its folder or above, or RUSTUP_TOOLCHAIN): run \
     `rustup toolchain install` in its folder; with `targets = [\"wasm32-unknown-unknown\"]` in that file the target comes along";
const OFFLINE: &str = "what is missing is not on this machine, and cargo may not fetch it: run `cargo fetch --target wasm32-unknown-unknown` in the model's folder \
     while there is a network, or keep the dependencies with the model (`cargo vendor`)";
const NETWORK: &str = "cargo did not reach the registry. Behind a proxy, set HTTPS_PROXY, or `http.proxy` in ~/.cargo/config.toml; where a proxy has a certificate \
     of its own, `http.cainfo`; without a network, fetch before (`cargo fetch --target wasm32-unknown-unknown`) and give cargo `--offline`";
const LOCKED: &str = "Cargo.lock does not go with Cargo.toml or with the SDK: run `cargo update --workspace` in the model's folder, and keep the new Cargo.lock \
     with the sources";
const NO_SDK: &str = "the SDK is not where the model's Cargo.toml says: correct `switchback-guest` under [dependencies], the path of the folder guest-sdk in a \
     checkout of Switchback";
const PROFILE: &str = "`build.profile` in switchback.toml names a profile of cargo's: it is made by a table [profile.NAME] with `inherits = \"release\"` in \
     Cargo.toml, in a workspace in that of its root";
const NO_ROOM: &str = "the disk is full: what cargo built before can go (`cargo clean` in the model's folder)";
const KILLED: &str = "the system ended the compiler, most likely because memory ran out: let it compile less at once, with `--jobs 1` for cargo, or \
     `codegen-units = 1` and without `lto` in the profile";

/// Texts, all of which a message has, and what to do then. The first row counts.
const ADVICE: [(&[&str], &str); 33] = [
    (&["duplicate symbol: prepare"], EXPORTED_TWICE),
    (&["duplicate symbol: score"], EXPORTED_TWICE),
    (&["getrandom", "wasm_js"], RANDOMNESS),
    (&["getrandom", "\"js\" feature"], RANDOMNESS),
    (&["No space left on device"], NO_ROOM),
    (&["signal: 9, SIGKILL"], KILLED),
    (&["could not choose a version of", "no default is configured"], NO_TOOLCHAIN),
    (&["toolchain '", "' is not installed"], OTHER_TOOLCHAIN),
    (&["offline mode"], OFFLINE),
    (&["--offline was specified"], OFFLINE),
    (&["--locked was passed"], LOCKED),
    (&["could not resolve host"], NETWORK),
    (&["could not connect to server"], NETWORK),
    (&["couldn't connect to server"], NETWORK),
    (&["failed to connect to"], NETWORK),
    (&["ssl certificate"], NETWORK),
    (&["spurious network error"], NETWORK),
    (&["dependency `switchback-guest`", "no such file or directory"], NO_SDK),
    (&["no matching package named `switchback-guest` found"], NO_SDK),
    (&["profile `", "is not defined"], PROFILE),
    (&["linker `rust-lld` not found"], NO_WASM_LINKER),
    (&["linker `lld` not found"], NO_WASM_LINKER),
    (&["linker `cc` not found"], NO_HOST_LINKER),
    (&["cannot find scrt1.o"], NO_HOST_LINKER),
    (&["wasm target is unsupported by mio"], SOCKETS),
    (&["are supported on wasm"], SOCKETS),
    (&["could not find directory of openssl installation"], TLS),
    (&["could not find openssl via pkg-config"], TLS),
    (&["failed to find tool", "clang"], C_LIBRARY),
    (&["fatal error: '", "' file not found"], C_LIBRARY),
    (&["rust-lld", "undefined symbol: "], C_FUNCTION),
    (&["wasm-ld", "undefined symbol: "], C_FUNCTION),
    (&["unable to find libclang"], C_LIBRARY),
];

/// Texts by which a Rust that is too old is told, of cargo of today and before.
const TOO_OLD: [&[&str]; 5] = [
    &["is not supported by the following package", "requires rustc"],
    &["cannot be built because it requires rustc"],
    &["feature `edition", "is required", "not stabilized in this version of cargo"],
    &["this version of cargo is older than the `", "` edition"],
    &["lock file version", "this version of cargo does not understand"],
];

/// What to do about an error; none where its own text says it.
pub(super) fn advice(output: &str) -> Option<String> {
    let output = output.to_lowercase();
    let says = |texts: &[&str]| texts.iter().all(|text| output.contains(&text.to_lowercase()));
    if TOO_OLD.iter().any(|texts| says(texts)) {
        return Some(format!(
            "this Rust is too old for the model or for one of its dependencies, and Switchback needs {RUST_VERSION}: run `rustup update`; \
             where a rust-toolchain.toml in the model's folder or above names another one, change it there"
        ));
    }
    ADVICE.iter().find(|(texts, _)| says(texts)).map(|(_, advice)| (*advice).to_owned())
}

#[cfg(test)]
mod tests;
