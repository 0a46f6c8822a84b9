use tempfile::tempdir;

use super::*;

fn scaffold(name: &str) -> Scaffold {
    Scaffold::new(name.parse().unwrap())
}

/// What a refusal says.
fn refusal(scaffold: &Scaffold, parent: &Path) -> String {
    scaffold.create(parent).unwrap_err().to_string()
}

#[test]
fn every_placeholder_is_filled() {
    let parent = tempdir().unwrap();
    for language in Language::ALL {
        assert_eq!(language.name().parse(), Ok(language));
        let place = parent.path().join(language.name());
        let made = scaffold("bad-links").language(language).create(place).unwrap();
        assert!(made.files.len() >= 10, "{made:?}");
        for file in made.files {
            let text = fs::read_to_string(&file).unwrap();
            for place in ["{{name}}", "{{package}}", "{{sdk}}"] {
                assert!(!text.contains(place), "{}: {text}", file.display());
            }
        }
    }
}

/// Names that are in scope of a model's code, or of what its macros write, and others that mean something to Rust or cargo.
const MEANINGFUL: &str = "assessment attachment attachments auth-result authentication build category client cmp content \
    counts default defects deps envelope err error examples export features fmt header-field header-fields incremental io \
    iterator level libm link links log macro-rules mailbox main message message-builder model none ok option outcome prelude \
    proc-macro2 raw reason recipient ref-cast result safe score scorer some string switchback switchback-pack target tests to-string \
    u8 union vec wit-bindgen words";

#[test]
fn the_code_is_the_same_for_every_name() {
    let parent = tempdir().unwrap();
    let long = "a".repeat(64);
    let odd = ["a", "a-", "a--b", "a-1", "x---y--", &long];
    let names = MEANINGFUL.split_whitespace().chain(odd);
    let mut codes = std::collections::BTreeSet::new();
    for name in names {
        let made = scaffold(name).create(parent.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read = |path: &str| fs::read_to_string(made.folder.join(path)).unwrap();
        codes.insert([read("src/lib.rs"), read("src/tests.rs"), read("words.txt")]);
        let cargo: toml_edit::DocumentMut = read("Cargo.toml").parse().unwrap();
        let package = cargo["package"]["name"].as_str().unwrap().to_owned();
        assert!(!package.contains("--") && package.replace('-', "") == name.replace('-', ""), "{package}");
        let source = crate::Source::read(&made.folder).unwrap();
        assert_eq!(source.name().as_str(), name);
    }
    assert_eq!(codes.len(), 1);
}

/// Every name of up to six of a few characters, with which keywords and other crates' names can be written, too.
#[test]
fn every_name_is_that_of_a_crate_or_refused() {
    let mut names = vec![String::new()];
    for from in [0, 1, 7, 43, 259, 1_555] {
        let longer: Vec<_> =
            names[from..].iter().flat_map(|name| "fnstd-".chars().map(move |c| format!("{name}{c}"))).collect();
        names.extend(longer);
    }
    let known = crate_name::KEYWORDS.iter().chain(&crate_name::WITH_THE_COMPILER);
    names.extend(known.flat_map(|name| [format!("{name}-"), format!("{name}2"), (*name).to_owned()]));
    let (mut taken, mut refused) = (0, 0);
    for name in names.iter().filter_map(|name| name.parse::<ModelName>().ok()) {
        let Ok(package) = crate_name::of(&name) else {
            refused += 1;
            continue;
        };
        taken += 1;
        let parts: Vec<_> = package.trim_end_matches('-').split('-').collect();
        assert!(
            parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric())),
            "{package}"
        );
        assert!(package.starts_with(|first: char| first.is_ascii_lowercase()), "{package}");
        let name_of_crate = package.replace('-', "_");
        assert!(name_of_crate.parse::<u64>().is_err() && !crate_name::KEYWORDS.contains(&&*name_of_crate), "{package}");
        assert!(
            !["std", "core", "alloc", "test", "proc_macro", "switchback_guest"].contains(&&*name_of_crate),
            "{package}"
        );
    }
    assert!(taken > 40_000 && refused >= crate_name::KEYWORDS.len(), "{taken} taken, {refused} refused");
    // The code does not depend on the name.
    for (path, template) in Language::Rust.templates().iter().filter(|(path, _)| path.ends_with(".rs")) {
        let code = template.lines().filter(|line| !line.trim_start().starts_with("//"));
        assert!(code.into_iter().all(|line| !line.contains("{{")), "{path}");
    }
}

#[test]
fn a_name_that_no_crate_can_have_is_refused_before_anything_is_written() {
    let parent = tempdir().unwrap();
    for name in
        ["fn", "gen", "self", "try", "std", "core", "test", "proc-macro", "switchback-guest", "switchback--guest"]
    {
        let said = refusal(&scaffold(name), parent.path());
        assert!(said.starts_with(&format!("new: `{name}` is ")) && said.ends_with("choose another name"), "{said}");
    }
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let parent = tempdir().unwrap();
    let folder = parent.path().join("mine");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("precious"), "x").unwrap();
    assert!(refusal(&scaffold("mine"), parent.path()).contains("exists and is not empty"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // What is no folder.
    assert!(refusal(&scaffold("mine"), &folder.join("precious")).contains("precious is not a folder; choose"));
    assert!(refusal(&scaffold("precious"), &folder).contains("is not a folder"));
    std::os::unix::fs::symlink("/nowhere/at/all", parent.path().join("dangling")).unwrap();
    assert!(refusal(&scaffold("dangling"), parent.path()).contains("is not a folder"));
}

#[test]
fn an_empty_folder_a_clone_and_a_link_to_one_are_filled() {
    let parent = tempdir().unwrap();
    fs::create_dir_all(parent.path().join("cloned/.git")).unwrap();
    fs::create_dir(parent.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", parent.path().join("linked")).unwrap();
    for name in ["cloned", "linked"] {
        scaffold(name).create(parent.path()).unwrap();
    }
    assert!(parent.path().join("elsewhere/src/lib.rs").is_file());
    assert!(parent.path().join("cloned/.git").is_dir());
}

#[test]
fn nothing_is_left_behind_where_it_fails() {
    let parent = tempdir().unwrap();
    fs::write(parent.path().join("Cargo.toml"), "[workspace]\nmembers = [\"models/*\"]\n[unfinished").unwrap();
    let said = refusal(&scaffold("mine"), &parent.path().join("models"));
    assert!(said.starts_with("new: cargo cannot work in ") && said.contains("unfinished"), "{said}");
    assert!(!parent.path().join("models").exists());
    // What was there stays.
    fs::create_dir_all(parent.path().join("models/mine/.git")).unwrap();
    refusal(&scaffold("mine"), &parent.path().join("models"));
    let left: Vec<_> =
        fs::read_dir(parent.path().join("models/mine")).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, [".git"]);
}

/// The folder of the crate in this checkout.
fn crate_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk").canonicalize().unwrap()
}

/// A package of some name.
fn package(folder: &Path, name: &str) {
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/lib.rs"), "").unwrap();
    fs::write(folder.join(MANIFEST), format!("[package]\nname = \"{name}\"\n")).unwrap();
}

#[test]
fn the_sdk_is_found_by_whatever_people_have() {
    let sdk = crate_folder();
    let checkout = sdk.parent().unwrap();
    for given in
        [sdk.clone(), sdk.join(MANIFEST), checkout.to_owned(), checkout.join(MANIFEST), checkout.join("pack/..")]
    {
        assert_eq!(Sdk::Path(given.clone()).located().unwrap(), Sdk::Path(sdk.clone()), "{}", given.display());
    }
    assert_eq!(Sdk::nearest(), Sdk::Path(sdk));

    // Paths that TOML has to quote.
    let parent = tempdir().unwrap();
    let odd = parent.path().join("a \"b\" 'c' \\d é");
    package(&odd.join("guest-sdk"), "switchback-guest");
    let made = scaffold("mine").sdk(Sdk::Path(odd)).create(parent.path()).unwrap();
    let Some(Sdk::Path(found)) = &made.sdk else { panic!("{made:?}") };
    let manifest: toml_edit::DocumentMut = fs::read_to_string(made.folder.join(MANIFEST)).unwrap().parse().unwrap();
    assert_eq!(manifest["dependencies"]["switchback-guest"]["path"].as_str(), found.to_str());
}

#[test]
fn what_is_no_sdk_is_named_and_nothing_is_written() {
    use std::os::unix::ffi::OsStrExt as _;
    let parent = tempdir().unwrap();
    let dir = |name: &str| parent.path().join(name);
    package(&dir("other"), "serde");
    fs::create_dir(dir("empty")).unwrap();
    fs::write(dir("model.wasm"), "").unwrap();
    for (folder, manifest) in [("virtual", "[workspace]\n"), ("broken", "[package\n"), ("nameless", "[package]\n")] {
        fs::create_dir(dir(folder)).unwrap();
        fs::write(dir(folder).join(MANIFEST), manifest).unwrap();
    }
    // Taken out of its workspace, from which it inherits.
    fs::create_dir_all(dir("alone/src")).unwrap();
    fs::write(dir("alone/src/lib.rs"), "").unwrap();
    fs::copy(crate_folder().join(MANIFEST), dir("alone").join(MANIFEST)).unwrap();
    let bytes = dir(".").join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    package(&bytes, "switchback-guest");

    let there = fs::read_dir(parent.path()).unwrap().count();
    let cases = [
        ("other", "holds the crate `serde`"),
        ("other/Cargo.toml", "holds the crate `serde`"),
        ("empty", "holds no Cargo.toml"),
        ("model.wasm", "is a file"),
        ("nowhere", "cannot be read: "),
        ("virtual", "holds a workspace without that crate"),
        ("broken", "holds a Cargo.toml that cannot be read: "),
        ("nameless", "missing field `name`"),
        ("alone", "holds it, but cargo cannot use it there: "),
    ];
    for (given, expected) in cases {
        let said = refusal(&scaffold("mine").sdk(Sdk::Path(dir(given))), parent.path());
        assert!(said.contains(expected) && said.contains("a checkout of Switchback"), "{given}: {said}");
    }
    let said = refusal(&scaffold("mine").sdk(Sdk::Path(bytes)), parent.path());
    assert!(said.contains("UTF-8"), "{said}");
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), there);
}

/// The workspace of a model that is made inside of a folder with this manifest.
fn made_below(root: &Path, manifest: &str, below: &str) -> Scaffolded {
    fs::write(root.join(MANIFEST), manifest).unwrap();
    scaffold("mine").create(root.join(below)).unwrap()
}

/// What cargo says of a package.
fn cargo_reads(folder: &Path) -> String {
    cargo::read(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display())).unwrap().display().to_string()
}

#[test]
fn a_workspace_that_includes_the_folder_gets_a_member_and_any_other_is_none_of_its() {
    let other = |manifest: &str, below: &str, is_member: bool| {
        let root = tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for name in ["app", "plugins/first"] {
            package(&root.join(name), &name.replace('/', "-"));
        }
        let made = made_below(&root, manifest, below);
        assert_eq!(made.workspace.is_some(), is_member, "{manifest}: {made:?}");
        let text = fs::read_to_string(made.folder.join(MANIFEST)).unwrap();
        assert_eq!(text.contains("[workspace]") && text.contains("[profile.release]"), !is_member, "{text}");
        // Cargo goes on with both.
        let of_model = cargo_reads(&made.folder);
        assert_eq!(of_model == root.display().to_string(), is_member, "{of_model}");
        cargo_reads(&root.join("app"));
    };
    other("[workspace]\nmembers = [\"app\", \"plugins/*\"]\n", "plugins", true);
    other("[workspace]\nmembers = [\"app\", \"plugins/*\"]\n", "elsewhere", false);
    other("[workspace]\nmembers = [\"app\", \"plugins/*\"]\nexclude = [\"plugins/mine\"]\n", "plugins", false);
    other("[workspace]\nmembers = [\"app\"]\n", ".", false);
    other("[workspace]\nmembers = [\"app\", \"mine\"]\n", ".", true);
    other("[package]\nname = \"outer\"\nversion = \"0.1.0\"\n[lib]\npath = \"app/src/lib.rs\"\n", "plugins", false);
}

#[test]
fn a_second_package_of_a_name_in_a_workspace_is_refused() {
    let root = tempdir().unwrap();
    package(&root.path().join("models/first"), "mine");
    fs::write(root.path().join(MANIFEST), "[workspace]\nmembers = [\"models/*\"]\n").unwrap();
    let said = refusal(&scaffold("mine"), &root.path().join("models"));
    assert!(said.contains("two packages named `mine`"), "{said}");
    assert!(!root.path().join("models/mine").exists());
}
