//! The arguments that the user gives for cargo: which of its commands know them, and which make no sense for a model.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::error::PackError;
use crate::target::TARGET;

/// Arguments for `cargo build`, sorted by which other commands of cargo know them. Paths in them are absolute.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    /// What every command knows.
    configuration: Vec<OsString>,
    /// What `cargo metadata` knows too: features, and how dependencies are found.
    resolution: Vec<OsString>,
    /// What only a build knows.
    build: Vec<OsString>,
    /// Where cargo puts what it builds.
    target_dir: Option<OsString>,
}

/// An argument of `cargo build`.
struct Known {
    names: &'static [&'static str],
    takes: Takes,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    Path,
    /// A file, or a setting.
    Configuration,
}

#[derive(Clone, Copy)]
enum Role {
    Configuration,
    Resolution,
    Build,
    TargetDir,
    /// Only for the target that models are built for.
    Target,
    /// It says what is so anyway.
    Given,
    /// It cannot be given, for this reason.
    Refused(&'static str),
}

const ONE_PACKAGE: &str = "a release is made of the package that `build.crate` in switchback.toml names; change that";
const ONE_LIBRARY: &str = "a release is made of the library of its package, and of no other target";
const OWN_PROFILE: &str = "the profile is `build.profile` in switchback.toml, or the one that packing is asked for (`switchback pack --profile NAME`)";
const OWN_MESSAGES: &str = "packing reads what cargo prints, in one format";

const KNOWN: [Known; 15] = [
    Known { names: &["--config"], takes: Takes::Configuration, role: Role::Configuration },
    Known { names: &["-Z"], takes: Takes::Value, role: Role::Configuration },
    // What cargo prints is read, and not shown as it comes.
    Known { names: &["--color"], takes: Takes::Value, role: Role::Given },
    Known { names: &["--locked", "--offline", "--frozen"], takes: Takes::Nothing, role: Role::Resolution },
    Known { names: &["--all-features", "--no-default-features"], takes: Takes::Nothing, role: Role::Resolution },
    Known { names: &["--features", "-F"], takes: Takes::Value, role: Role::Resolution },
    Known { names: &["--lockfile-path"], takes: Takes::Path, role: Role::Resolution },
    Known { names: &["--artifact-dir"], takes: Takes::Path, role: Role::Build },
    Known { names: &["--jobs", "-j"], takes: Takes::Value, role: Role::Build },
    Known { names: &["--target-dir"], takes: Takes::Path, role: Role::TargetDir },
    Known { names: &["--target"], takes: Takes::Value, role: Role::Target },
    Known { names: &["--lib"], takes: Takes::Nothing, role: Role::Given },
    Known {
        names: &["--manifest-path", "--package", "-p", "--workspace", "--all", "--exclude"],
        takes: Takes::Nothing,
        role: Role::Refused(ONE_PACKAGE),
    },
    Known {
        names: &[
            "--bins",
            "--bin",
            "--examples",
            "--example",
            "--tests",
            "--test",
            "--benches",
            "--bench",
            "--all-targets",
        ],
        takes: Takes::Nothing,
        role: Role::Refused(ONE_LIBRARY),
    },
    Known { names: &["--profile", "--release", "-r"], takes: Takes::Nothing, role: Role::Refused(OWN_PROFILE) },
];

impl Arguments {
    /// Sorts arguments. Relative paths in them begin at `caller_dir`.
    pub(super) fn read(arguments: &[OsString], caller_dir: &Path) -> Result<Self, PackError> {
        let mut sorted = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let text = argument.to_string_lossy();
            let Some((known, attached)) = known(&text) else {
                refuse_strange(&text)?;
                sorted.build.push(argument.clone());
                continue;
            };
            let value = match (known.takes, attached) {
                (Takes::Nothing, _) => None,
                (_, Some(attached)) => Some(OsString::from(attached)),
                (_, None) => Some(rest.next().cloned().ok_or_else(|| refused(argument, "it needs a value"))?),
            };
            sorted.take(argument, known, value, caller_dir)?;
        }
        Ok(sorted)
    }

    fn take(
        &mut self,
        argument: &OsStr,
        known: &Known,
        value: Option<OsString>,
        caller_dir: &Path,
    ) -> Result<(), PackError> {
        let value = value.map(|value| match known.takes {
            Takes::Path => caller_dir.join(value).into(),
            Takes::Configuration => absolute_configuration(&value, caller_dir),
            Takes::Nothing | Takes::Value => value,
        });
        let list = match known.role {
            Role::Configuration => &mut self.configuration,
            Role::Resolution => &mut self.resolution,
            Role::Build => &mut self.build,
            Role::TargetDir => {
                self.target_dir = value;
                return Ok(());
            }
            Role::Target if value.as_deref().is_none_or(|target| target == TARGET) => return Ok(()),
            Role::Given => return Ok(()),
            Role::Target => return Err(refused(argument, &format!("models are built for {TARGET}; leave it out"))),
            Role::Refused(why) => return Err(refused(argument, why)),
        };
        match known.takes {
            Takes::Nothing => list.push(argument.to_owned()),
            _ => list.extend(std::iter::once(known.names[0].into()).chain(value)),
        }
        Ok(())
    }

    /// Those for `cargo config`.
    pub(super) fn for_configuration(&self) -> impl Iterator<Item = &OsString> {
        self.configuration.iter()
    }

    /// Those for `cargo metadata`.
    pub(super) fn for_resolution(&self) -> impl Iterator<Item = &OsString> {
        self.configuration.iter().chain(&self.resolution)
    }

    /// Those for `cargo build`.
    pub(super) fn for_build(&self) -> impl Iterator<Item = &OsString> {
        self.for_resolution().chain(&self.build)
    }

    /// Where cargo puts what it builds, if the arguments say so.
    pub(super) fn target_dir(&self) -> Option<&OsStr> {
        self.target_dir.as_deref()
    }

    /// The values that were given for an option, such as `--features`.
    pub(super) fn values_of(&self, option: &'static str) -> impl Iterator<Item = &OsStr> {
        let pairs = self.for_resolution().zip(self.for_resolution().skip(1));
        pairs.filter(move |(name, _)| *name == option).map(|(_, value)| value.as_os_str())
    }

    /// Whether a flag, such as `--all-features`, was given.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.for_resolution().any(|argument| argument == flag)
    }
}

/// What an argument is, and the value that is attached to it: `--x=y`, `-xy` or `-x=y`.
fn known(text: &str) -> Option<(&'static Known, Option<&str>)> {
    let (name, attached) = if text.starts_with("--") {
        text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)))
    } else {
        let (name, value) = text.split_at_checked(2)?;
        (name, Some(value).filter(|value| !value.is_empty()))
    };
    let known = KNOWN.iter().find(|known| known.names.contains(&name))?;
    Some((known, attached.map(|value| if name.len() == 2 { value.strip_prefix('=').unwrap_or(value) } else { value })))
}

/// What is no argument for `cargo build` in this place, or would change what it prints.
fn refuse_strange(text: &str) -> Result<(), PackError> {
    let name = text.split('=').next().unwrap_or_default();
    let why = match name {
        "--message-format" | "--unit-graph" | "--build-plan" => OWN_MESSAGES,
        "-h" | "--help" | "-V" | "--version" => "it builds nothing; `cargo build --help` lists what can be given",
        _ if name.starts_with('+') => {
            "a toolchain is named by a rust-toolchain.toml in the package's folder, or by RUSTUP_TOOLCHAIN"
        }
        _ => return Ok(()),
    };
    Err(refused(OsStr::new(text), why))
}

fn refused(argument: &OsStr, why: &str) -> PackError {
    PackError::CargoArgument { argument: argument.to_string_lossy().into_owned(), why: why.to_owned() }
}

/// A file for `--config`, if there is such a file, or a setting: as cargo takes it.
fn absolute_configuration(value: &OsStr, caller_dir: &Path) -> OsString {
    let file = caller_dir.join(value);
    if file.exists() {
        return file.into();
    }
    let setting = value.to_str().and_then(|text| text.parse::<DocumentMut>().ok());
    let Some(mut setting) = setting else { return value.to_owned() };
    make_absolute(setting.as_table_mut(), &mut Vec::new(), caller_dir);
    setting.to_string().trim_end().into()
}

/// Makes the paths in a setting absolute that cargo would take as relative to where it runs.
fn make_absolute(table: &mut dyn TableLike, way: &mut Vec<String>, caller_dir: &Path) {
    for (key, item) in table.iter_mut() {
        way.push(key.get().to_owned());
        if let Some(inner) = item.as_table_like_mut() {
            make_absolute(inner, way, caller_dir);
        } else if is_path(&way.iter().map(String::as_str).collect::<Vec<_>>()) {
            match item {
                Item::Value(Value::Array(paths)) => paths.iter_mut().for_each(|path| join(path, caller_dir)),
                Item::Value(path) => join(path, caller_dir),
                _ => {}
            }
        }
        way.pop();
    }
}

/// Whether cargo's configuration has a path under this key.
fn is_path(key: &[&str]) -> bool {
    matches!(
        key,
        ["paths"]
            | ["build", "target-dir" | "build-dir"]
            | ["source", _, "directory" | "local-registry"]
            | ["patch", _, _, "path"]
    )
}

fn join(path: &mut Value, caller_dir: &Path) {
    if let Some(text) = path.as_str().filter(|text| !text.starts_with('{')) {
        *path = caller_dir.join(text).to_string_lossy().into_owned().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Arguments, PackError> {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        Arguments::read(&arguments, Path::new("/here"))
    }

    fn list<'a>(arguments: impl Iterator<Item = &'a OsString>) -> Vec<&'a str> {
        arguments.map(|argument| argument.to_str().unwrap()).collect()
    }

    #[test]
    fn each_command_of_cargo_gets_the_arguments_that_it_knows() {
        let given = ["--offline", "-Fa", "--features=b c", "-Zbuild-std", "-j", "2", "--keep-going", "--lib", "-v"];
        let read = read(&given).unwrap();
        assert_eq!(list(read.for_configuration()), ["-Z", "build-std"]);
        let resolution = ["-Z", "build-std", "--offline", "--features", "a", "--features", "b c"];
        assert_eq!(list(read.for_resolution()), resolution);
        assert_eq!(list(read.for_build())[resolution.len()..], ["--jobs", "2", "--keep-going", "-v"]);
        assert_eq!(read.values_of("--features").collect::<Vec<_>>(), ["a", "b c"]);
        assert!(read.has("--offline") && !read.has("--locked"));
    }

    #[test]
    fn paths_begin_where_the_caller_is() {
        for given in [&["--target-dir", "t"][..], &["--target-dir=t"]] {
            assert_eq!(read(given).unwrap().target_dir(), Some(OsStr::new("/here/t")));
        }
        let locked = read(&["--lockfile-path=a/Cargo.lock"]).unwrap();
        assert_eq!(list(locked.for_resolution()), ["--lockfile-path", "/here/a/Cargo.lock"]);
        for (given, taken) in [
            (r#"source.vendored.directory="vendor""#, r#"source.vendored.directory="/here/vendor""#),
            (r#"build = { target-dir = "t", jobs = 1 }"#, r#"build = { target-dir ="/here/t", jobs = 1 }"#),
            (r#"build.build-dir="{workspace-root}/b""#, r#"build.build-dir="{workspace-root}/b""#),
            (r#"patch.crates-io.a.path="a""#, r#"patch.crates-io.a.path="/here/a""#),
            (r#"profile.release.lto="fat""#, r#"profile.release.lto="fat""#),
            ("nowhere.toml", "nowhere.toml"),
        ] {
            let taken_as = read(&["--config", given]).unwrap();
            let (name, value) = (list(taken_as.for_configuration())[0], list(taken_as.for_configuration())[1]);
            assert_eq!((name, value.replace(' ', "")), ("--config", taken.replace(' ', "")));
        }
    }

    #[test]
    fn a_file_is_told_from_a_setting() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("v.toml"), "").unwrap();
        let read = Arguments::read(&["--config=v.toml".into()], dir.path()).unwrap();
        assert_eq!(list(read.for_configuration())[1], dir.path().join("v.toml").to_str().unwrap());
    }

    #[test]
    fn what_makes_no_sense_for_a_model_is_refused_with_what_to_do_instead() {
        for (given, instead) in [
            (&["--target", "wasm32-wasip2"][..], TARGET),
            (&["--target=wasm32-wasip1"], TARGET),
            (&["--manifest-path=x/Cargo.toml"], "`build.crate`"),
            (&["-p", "x"], "`build.crate`"),
            (&["-px"], "`build.crate`"),
            (&["--workspace"], "`build.crate`"),
            (&["--release"], "`build.profile`"),
            (&["-r"], "`build.profile`"),
            (&["--profile", "dev"], "`build.profile`"),
            (&["--example", "x"], "the library"),
            (&["--message-format=short"], "one format"),
            (&["+nightly"], "rust-toolchain.toml"),
            (&["--target-dir"], "needs a value"),
        ] {
            let error = read(given).unwrap_err().to_string();
            assert!(error.contains(instead) && error.contains(given[0]), "{error}");
        }
        for fine in [&["--target", TARGET][..], &["--target=wasm32-unknown-unknown"]] {
            assert!(list(read(fine).unwrap().for_build()).is_empty());
        }
    }
}
