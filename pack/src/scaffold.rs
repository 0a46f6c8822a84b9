//! The folder of a new model, which packs and passes its tests as it stands.

use std::fs;
use std::path::{Path, PathBuf};

use switchback::ModelName;

use crate::error::PackError;

/// A new model's folder.
///
/// ```no_run
/// use switchback_pack::Scaffold;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// for file in Scaffold::new("newsletters".parse()?).create(".")? {
///     println!("{}", file.display());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Scaffold {
    name: ModelName,
    sdk: Sdk,
}

/// Where the new package finds the crate `switchback-guest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// The registry.
    Registry,
    /// A folder: a checkout of the crate.
    Path(PathBuf),
}

/// Every file of the folder: where it goes, and its text with `{{name}}` and the like.
const TEMPLATES: [(&str, &str); 9] = [
    ("Cargo.toml", include_str!("../templates/Cargo.toml.in")),
    ("README.md", include_str!("../templates/README.md.in")),
    (".gitignore", include_str!("../templates/gitignore.in")),
    ("src/lib.rs", include_str!("../templates/lib.rs.in")),
    ("src/tests.rs", include_str!("../templates/tests.rs.in")),
    ("switchback.toml", include_str!("../templates/switchback.toml.in")),
    ("words.txt", include_str!("../templates/words.txt.in")),
    ("self-test/wanted.eml", include_str!("../templates/wanted.eml.in")),
    ("self-test/phish.eml", include_str!("../templates/phish.eml.in")),
];

impl Sdk {
    /// The checkout that this crate was built from, if it is still there, else the registry.
    pub fn nearest() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk");
        match checkout.join("Cargo.toml").canonicalize() {
            Ok(manifest) => Self::Path(manifest.parent().map_or(checkout, Path::to_owned)),
            Err(_) => Self::Registry,
        }
    }

    /// The value of the dependency in `Cargo.toml`.
    fn dependency(&self) -> Result<String, PackError> {
        match self {
            Self::Registry => Ok(format!("\"{}\"", env!("CARGO_PKG_VERSION"))),
            Self::Path(path) => {
                let missing = || PackError::Scaffold {
                    why: format!("{} does not hold the crate switchback-guest", path.display()),
                };
                if !path.join("Cargo.toml").is_file() {
                    return Err(missing());
                }
                let absolute = path.canonicalize().map_err(|_| missing())?;
                let text = toml_edit::Value::from(absolute.to_string_lossy().as_ref());
                Ok(format!("{{ path = {text} }}"))
            }
        }
    }
}

impl Scaffold {
    /// A model of this name. Uses [`Sdk::nearest`].
    pub fn new(name: ModelName) -> Self {
        Self { name, sdk: Sdk::nearest() }
    }

    /// Takes the guest SDK from elsewhere.
    pub fn sdk(mut self, sdk: Sdk) -> Self {
        self.sdk = sdk;
        self
    }

    /// Makes the folder, named after the model, inside of `parent`. Returns the files, in the order in which
    /// to read them.
    ///
    /// # Errors
    /// If the folder exists and is not empty, the SDK's folder does not hold it, or a file cannot be written.
    pub fn create(&self, parent: impl AsRef<Path>) -> Result<Vec<PathBuf>, PackError> {
        let folder = parent.as_ref().join(self.name.as_str());
        if fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
            let why = format!("{} exists and is not empty; choose another name or place", folder.display());
            return Err(PackError::Scaffold { why });
        }
        let dependency = self.sdk.dependency()?;
        TEMPLATES.iter().map(|(path, template)| write(&folder.join(path), &self.fill(template, &dependency))).collect()
    }

    fn fill(&self, template: &str, dependency: &str) -> String {
        template
            .replace("{{name}}", self.name.as_str())
            .replace("{{crate}}", &self.name.as_str().replace('-', "_"))
            .replace("{{Type}}", &type_name(self.name.as_str()))
            .replace("{{sdk}}", dependency)
    }
}

fn write(path: &Path, text: &str) -> Result<PathBuf, PackError> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(PackError::write(dir))?;
    }
    fs::write(path, text).map_err(PackError::write(path))?;
    Ok(path.to_owned())
}

/// `bad-links` becomes `BadLinks`.
fn type_name(name: &str) -> String {
    let capitalised = |part: &str| {
        let mut characters = part.chars();
        characters.next().map(|first| format!("{}{}", first.to_ascii_uppercase(), characters.as_str()))
    };
    name.split('-').filter_map(capitalised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_named_after_the_model() {
        assert_eq!(type_name("bad-links"), "BadLinks");
        assert_eq!(type_name("a--b2-"), "AB2");
    }

    #[test]
    fn every_placeholder_is_filled() {
        let scaffold = Scaffold::new("bad-links".parse().unwrap());
        for (path, template) in TEMPLATES {
            let text = scaffold.fill(template, "\"1\"");
            assert!(!text.contains("{{") && !text.contains("}}"), "{path}: {text}");
        }
    }

    #[test]
    fn a_folder_that_is_not_empty_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let scaffold = Scaffold::new("mine".parse().unwrap());
        fs::create_dir(parent.path().join("mine")).unwrap();
        fs::write(parent.path().join("mine/precious"), "x").unwrap();
        assert!(scaffold.create(parent.path()).unwrap_err().to_string().contains("not empty"));
        assert_eq!(fs::read_dir(parent.path().join("mine")).unwrap().count(), 1);
    }
}
