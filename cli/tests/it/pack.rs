//! `switchback pack` with a compiler: what a release is made of, and that nothing else shows in it.

pub(crate) mod guest;

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use self::guest::{Guest, Packed};
use crate::run::ran;

#[test]
fn a_model_is_built_as_its_project_says_wherever_it_is_packed_from() {
    let guest = Guest::new();
    let plain = guest.pack("plain.wasm");
    assert_eq!(plain.built("rustflags"), &json!([]));
    guest.append("tiny/.cargo/config.toml", "[target.wasm32-unknown-unknown]\nrustflags = [\"--cfg\", \"fancy\"]\n");
    guest.change("tiny/switchback.toml", "score = 0.25", "score = 0.5");
    let outside = guest.pack("outside.wasm");
    assert!(outside.bytes != plain.bytes);
    assert_eq!(outside.built("rustflags"), &json!(["--cfg", "fancy"]));
    assert!(outside.said.contains("flags for the model from cargo's configuration: --cfg fancy"), "{}", outside.said);

    guest.link("tiny", "link");
    for (dir, model) in [("tiny", "."), ("tiny/src", "../switchback.toml"), ("", "link"), ("", "link/switchback.toml")]
    {
        let args = ["pack", model, "--json", "-o", guest.path("again.wasm").to_str().unwrap()].map(str::to_owned);
        let packed = Packed::of(guest.run(dir, args), &guest.path("again.wasm"));
        assert!(packed.bytes == outside.bytes, "{dir} {model}");
    }
    let shown = guest.run("", ["inspect", "outside.wasm"]).fine();
    for line in
        ["  compiler     rustc ", "  profile      release (", "  flags        --cfg fancy", "  lock file    sha256:"]
    {
        assert!(shown.lines().any(|found| found.starts_with(line)), "{line:?} is not in\n{shown}");
    }
}

#[test]
fn tables_of_the_configuration_and_its_variable_hold_for_models() {
    let guest = Guest::new();
    let tables = "[target.'cfg(target_family = \"wasm\")']\nrustflags = \"--cfg family\"\n\
        [target.'cfg(unix)']\nrustflags = \"--cfg unix_only\"\n[build]\nrustflags = [\"--cfg\", \"for_all\"]\n";
    guest.append("tiny/.cargo/config.toml", tables);
    let variables = [("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "--cfg variable")];
    let arguments = ["--config", "target.wasm32-unknown-unknown.rustflags = ['--cfg', 'argument']"];
    let packed = guest.pack_with("a.wasm", &variables, &arguments);
    let flags = ["--cfg", "argument", "--cfg", "variable", "--cfg", "family"];
    assert_eq!(packed.built("rustflags"), &json!(flags));
    assert!(packed.said.contains("`build.rustflags` in cargo's configuration (--cfg for_all)"), "{}", packed.said);
}

#[test]
fn what_the_environment_has_for_this_machine_is_left_out_and_said() {
    let guest = Guest::new();
    let plain = guest.pack("plain.wasm");
    assert!(!plain.said.contains("not used"), "{}", plain.said);
    let variables = [
        ("RUSTFLAGS", "-C target-cpu=native -C link-arg=-fuse-ld=lld"),
        ("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}fancy"),
        ("CARGO_BUILD_RUSTFLAGS", "--cfg fancy"),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
        ("CARGO_INCREMENTAL", "1"),
    ];
    for variable in variables {
        let packed = guest.pack_with("a.wasm", &[variable], &[]);
        assert!(packed.bytes == plain.bytes, "{variable:?}");
        let said =
            format!("not used for the model, because it is meant for programs of this machine: {}; ", variable.0);
        assert!(packed.said.contains(&said) && packed.said.contains(".cargo/config.toml"), "{}", packed.said);
    }
    assert!(!guest.pack_with("a.wasm", &[("RUSTFLAGS", "")], &[]).said.contains("not used"));
}

#[test]
fn where_things_lie_does_not_show() {
    let guest = Guest::new();
    let here = guest.pack("here.wasm");
    let elsewhere = Guest::new();
    fs::remove_dir_all(elsewhere.path("tiny/vendor/distant")).unwrap();
    elsewhere.vendor("tiny", "distant-1.0.0");
    let home = elsewhere.path("home").display().to_string();
    let rustup = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let rustup = rustup.unwrap_or_else(|| std::env::home_dir().unwrap().join(".rustup")).display().to_string();
    let build_dir = elsewhere.path("build").display().to_string();
    for variables in [
        &[][..],
        &[("CARGO_BUILD_BUILD_DIR", &*build_dir)],
        &[("CARGO_TARGET_DIR", "relative")],
        &[("HOME", &*home), ("CARGO_HOME", &*home), ("RUSTUP_HOME", &*rustup)],
    ] {
        let there = elsewhere.pack_with("there.wasm", variables, &["--offline"]);
        assert!(there.bytes == here.bytes, "{variables:?}");
        assert!(!there.mentions(elsewhere.path("").to_str().unwrap()), "{variables:?}");
        assert!(!there.said.contains("names a folder"), "{}", there.said);
    }
    assert!(elsewhere.path("relative/wasm32-unknown-unknown").is_dir(), "relative to the caller");
    for name in ["/target/", "/dep/distant-1.0.0/src/lib.rs"] {
        assert!(here.mentions(name), "{name}");
    }

    guest.change("tiny/src/lib.rs", ", \"large\")", ", concat!(\"large\", env!(\"CARGO_MANIFEST_DIR\")))");
    let said = guest.pack("a.wasm").said;
    assert!(said.contains(&format!("the release names a folder of this machine, {},", guest.path("tiny").display())));
}

#[test]
fn arguments_for_cargo_reach_each_of_its_commands() {
    let guest = Guest::new();
    let plain = guest.pack("plain.wasm");
    // Nothing finds the dependency without the argument.
    fs::rename(guest.path("tiny/.cargo/config.toml"), guest.path("sources.toml")).unwrap();
    guest.change("sources.toml", "\"vendor\"", "\"tiny/vendor\"");
    fs::create_dir(guest.path("config")).unwrap();
    fs::rename(guest.path("sources.toml"), guest.path("config/sources.toml")).unwrap();
    let setting = ["--config=source.crates-io.replace-with='v'", "--config", "source.v.directory='tiny/vendor'"];
    for sources in [&["--config", "config/sources.toml"][..], &["--config=config/sources.toml"], &setting] {
        let arguments = [sources, &["--offline", "--target-dir", "t", "--target", "wasm32-unknown-unknown"]].concat();
        assert!(guest.pack_with("a.wasm", &[], &arguments).bytes == plain.bytes, "{sources:?}");
    }
    assert!(guest.path("t/wasm32-unknown-unknown").is_dir(), "relative to the caller");

    guest.change("tiny/switchback.toml", "score = 0.25", "score = 0.5");
    let large =
        guest.pack_with("a.wasm", &[], &["--config", "config/sources.toml", "-Flarge", "--no-default-features"]);
    assert_eq!(large.built("features"), &json!(["large", "--no-default-features"]));

    let ran = guest.run("", ["pack", "tiny", "--", "--target", "wasm32-wasip2"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("`--target` cannot be given to cargo: models are built for wasm32-unknown-unknown"),
        "{ran:?}"
    );
}

#[test]
fn what_the_compiler_and_cargo_say_is_shown_with_places_that_exist() {
    let guest = Guest::new();
    guest.append("tiny/src/lib.rs", "fn forgotten() {}\n");
    guest.append("tiny/Cargo.toml", "[badges]\n[package.colour]\n");
    let said = guest.pack_with("a.wasm", &[("CARGO_TERM_COLOR", "always")], &["--color", "always"]).said;
    assert!(said.contains("warning: function `forgotten` is never used"), "{said}");
    assert!(said.contains("--> tiny/src/lib.rs:"), "{said}");
    assert!(said.contains("warning: ") && said.contains("unused manifest key: package.colour"), "{said}");
    assert!(!said.contains("generated 1 warning"), "{said}");

    guest.change("tiny/src/lib.rs", "fn forgotten() {}", "fn forgotten() -> u8 {}");
    for (dir, model, place) in
        [("", "tiny", "tiny/src/lib.rs:"), ("tiny", ".", "src/lib.rs:"), ("tiny/src", "..", "lib.rs:")]
    {
        let ran = guest.run(dir, ["pack", model]);
        assert!(ran.code == 1 && ran.err.contains(&format!("--> {place}")), "{ran:?}");
    }
    guest.append("tiny/Cargo.toml", "[");
    let ran = guest.run("", ["pack", "tiny"]);
    assert!(ran.code == 1 && ran.err.contains("--> tiny/Cargo.toml:"), "{ran:?}");
}

#[test]
fn packages_are_found_as_cargo_finds_them() {
    let guest = Guest::new();
    let plain = guest.pack("plain.wasm");
    fs::rename(guest.path("tiny/Cargo.toml"), guest.path("shared.toml")).unwrap();
    guest.link("../shared.toml", "tiny/Cargo.toml");
    assert!(guest.pack("linked.wasm").bytes == plain.bytes);

    // A member of a workspace that is a link: what it inherits is found above the link alone.
    guest.change("shared.toml", "version = \"0.1.0\"", "version.workspace = true");
    guest.write("work/Cargo.toml", "[workspace]\nmembers = [\"member\"]\n[workspace.package]\nversion = \"0.1.0\"\n");
    fs::rename(guest.path("tiny/.cargo"), guest.path("work/.cargo")).unwrap();
    fs::rename(guest.path("tiny/vendor"), guest.path("work/vendor")).unwrap();
    guest.link("../tiny", "work/member");
    let ran = guest.run("work", ["pack", "member", "--json", "-o", "member.wasm"]);
    Packed::of(ran, &guest.path("work/member.wasm"));
    assert!(guest.path("work/target").is_dir());

    fs::copy(guest.path("tiny/switchback.toml"), guest.path("work/switchback.toml")).unwrap();
    fs::copy(guest.path("tiny/a.eml"), guest.path("work/a.eml")).unwrap();
    let ran = guest.run("work", ["pack", "."]);
    assert!(ran.code == 1 && ran.err.contains("is a workspace without a package of its own"), "{ran:?}");
    assert!(ran.err.contains("members: `member`"), "{ran:?}");

    guest.change("shared.toml", "[lib]", "[[example]]\nname = \"other\"\npath = \"src/lib.rs\"");
    guest.write("tiny/src/lib.rs", "");
    let ran = guest.run("work", ["pack", "member"]);
    assert!(ran.code == 1 && ran.err.contains("the library of package `tiny` is no `cdylib`"), "{ran:?}");
}

#[test]
fn what_takes_the_room_is_told_and_changes_nothing() {
    let guest = Guest::new();
    let plain = guest.pack("plain.wasm");
    assert_eq!(plain.json["sizes"], json!(null));
    let sized =
        Packed::of(guest.run("", ["pack", "tiny", "--size", "--json", "-o", "sized.wasm"]), &guest.path("sized.wasm"));
    assert!(sized.bytes == plain.bytes, "asking for sizes changed the release");
    let sizes = &sized.json["sizes"];
    let bytes = |field: &str| sizes[field].as_u64().unwrap();
    let parts = ["code_bytes", "memory_bytes", "manifest_bytes", "other_bytes"].map(bytes);
    assert_eq!(parts.iter().sum::<u64>(), bytes("release_bytes"));
    assert!(parts.iter().all(|part| *part > 0) && bytes("compiled_bytes") > bytes("code_bytes"), "{sizes}");
    let owners = sizes["owners"].as_array().unwrap();
    let names: Vec<_> = owners.iter().map(|of| of["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"core") && names.contains(&"no crate"), "{names:?}");
    let functions: u64 = owners.iter().map(|of| of["functions"].as_u64().unwrap()).sum();
    assert_eq!(functions, bytes("functions"));

    // Whatever the profile strips, names are kept until the release is packed.
    guest.append("tiny/Cargo.toml", "[profile.release]\nstrip = true\n");
    let shown = guest.run("", ["pack", "tiny", "--size", "-o", "stripped.wasm"]).out;
    for line in ["  made of    code ", "  snapshot   ", "  compiled   ", "  functions  ", "  code of  ", "  largest  "]
    {
        assert!(shown.lines().any(|found| found.starts_with(line)), "{line:?} is not in\n{shown}");
    }
    assert!(shown.contains("%  core ("), "{shown}");
}

#[test]
fn sizes_are_told_of_what_a_host_does_not_accept() {
    let guest = Guest::new();
    guest.change("tiny/switchback.toml", "reads = []", "reads = []\n[limits]\nreasons_max = 65");
    let refused = guest.run("", ["pack", "tiny", "--size"]);
    assert!(refused.code == 1 && refused.err.contains("made of    code "), "{refused:?}");
    assert!(refused.err.contains("compiled   not accepted by a host"), "{refused:?}");
}

#[test]
fn a_release_is_verified_or_what_differs_is_said() {
    let guest = Guest::new();
    let packed = guest.pack("tiny.wasm");
    let same = guest.run("", ["pack", "tiny", "--verify", "tiny.wasm"]);
    assert!(same.code == 0 && same.out.contains("is what tiny@0.1.0 is packed to here"), "{same:?}");
    let json = ran(guest.command("").args(["pack", "tiny", "--json", "--verify", "tiny.wasm"]));
    assert!(json.code == 0 && json.out.contains("\"same\": true"), "{json:?}");
    assert!(guest.path("tiny/target").is_dir() && !guest.path("tiny/target/releases").exists(), "nothing is written");

    guest.append("tiny/Cargo.toml", "[profile.release]\npanic = \"abort\"\n");
    guest.append("tiny/.cargo/config.toml", "[target.wasm32-unknown-unknown]\nrustflags = \"--cfg fancy\"\n");
    guest.change("tiny/vendor/distant/Cargo.toml", "1.0.0", "1.0.1");
    fs::remove_file(guest.path("tiny/Cargo.lock")).unwrap();
    guest.change("tiny/switchback.toml", "[[self_test]]", "[card]\nsummary = \"new\"\n[[self_test]]");
    let ran = guest.run("", ["pack", "tiny", "--verify", "tiny.wasm"]);
    let named = [
        "the cargo profile, `panic`: unwind in the release, abort here",
        "the compiler's flags: none in the release, --cfg fancy here",
        "Cargo.lock: sha256:",
        "switchback.toml, `card.summary`: ",
        "the memory",
    ];
    for name in named {
        assert!(ran.code == 1 && ran.out.contains(name), "{name}: {ran:?}");
    }
    let json = guest.run("", ["pack", "tiny", "--verify", "tiny.wasm", "--json"]);
    assert!(json.code == 1 && json.out.contains("\"part\": \"lock-file\""), "{json:?}");

    guest.change("tiny/switchback.toml", "version = \"0.1.0\"", "version = \"0.2.0\"");
    let other = guest.run("", ["pack", "tiny", "--verify", "tiny.wasm"]);
    assert!(
        other.code == 1 && other.err.contains("tiny.wasm is tiny@0.1.0, and the manifest is that of tiny@0.2.0"),
        "{other:?}"
    );
    let mut damaged = packed.bytes.clone();
    damaged[100] ^= 1;
    guest.write("tiny.wasm", damaged);
    let damaged = guest.run("", ["pack", "tiny", "--verify", "tiny.wasm"]);
    assert!(damaged.code == 1 && damaged.err.contains("is no release that is as it was packed"), "{damaged:?}");
}
