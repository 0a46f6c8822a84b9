//! The folder of a new model, which packs and passes its tests as it stands.

mod cargo;
mod crate_name;
mod sdk;
mod written;

use std::fs;
use std::path::{Path, PathBuf};

use switchback::release::ModelName;

use self::cargo::MANIFEST;
use self::written::Written;
use crate::error::PackError;

pub use self::sdk::Sdk;

/// A new model's folder.
///
/// ```no_run
/// use switchback_pack::Scaffold;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// for file in Scaffold::new("newsletters".parse()?).create(".")?.files {
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

/// A folder that was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scaffolded {
    /// The folder.
    pub folder: PathBuf,
    /// Its files, in the order in which to read them.
    pub files: Vec<PathBuf>,
    /// Where the model takes the crate `switchback-guest` from.
    pub sdk: Sdk,
    /// The root of the Cargo workspace that the model's package is a member of. None where the package is a workspace of
    /// its own.
    pub workspace: Option<PathBuf>,
}

/// Every file of the folder: where it goes, and its text with `{{name}}` and the like. The code is the same for every name.
const TEMPLATES: [(&str, &str); 10] = [
    (MANIFEST, include_str!("../templates/Cargo.toml.in")),
    ("README.md", include_str!("../templates/README.md.in")),
    (".gitignore", include_str!("../templates/gitignore.in")),
    (".gitattributes", include_str!("../templates/gitattributes.in")),
    ("src/lib.rs", include_str!("../templates/lib.rs.in")),
    ("src/tests.rs", include_str!("../templates/tests.rs.in")),
    ("switchback.toml", include_str!("../templates/switchback.toml.in")),
    ("words.txt", include_str!("../templates/words.txt.in")),
    ("self-test/wanted.eml", include_str!("../templates/wanted.eml.in")),
    ("self-test/phish.eml", include_str!("../templates/phish.eml.in")),
];

/// What Cargo's manifest ends with where the package is no member of another's workspace.
const OWN_WORKSPACE: &str = include_str!("../templates/workspace.toml.in");

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

    /// Makes the folder, named after the model, inside of `parent`. A folder that exists is taken if there is nothing in it
    /// but a `.git`.
    ///
    /// Whose workspace the package belongs to is asked of cargo, if there is one: where `members` of a workspace around the
    /// folder includes it, it becomes a member, and else a workspace of its own.
    ///
    /// # Errors
    /// If no crate can have the name, the folder exists and is not empty, the SDK cannot be found, cargo cannot work
    /// in that place, or a file cannot be written. Nothing is left behind then.
    pub fn create(&self, parent: impl AsRef<Path>) -> Result<Scaffolded, PackError> {
        let package = crate_name::of(&self.name)?;
        let sdk = self.sdk.located()?;
        let dependency = sdk.dependency()?;
        let folder = parent.as_ref().join(self.name.as_str());
        refuse_unless_empty(&folder)?;
        let fill = |template: &str| {
            let filled = template.replace("{{name}}", self.name.as_str());
            filled.replace("{{package}}", &package).replace("{{sdk}}", &dependency)
        };
        let mut written = Written::default();
        for (path, template) in TEMPLATES {
            written.file(folder.join(path), &fill(template))?;
        }
        let workspace = cargo::workspace_around(&folder)?;
        if workspace.is_none() {
            let manifest = folder.join(MANIFEST);
            let text = fill(TEMPLATES[0].1) + OWN_WORKSPACE;
            fs::write(&manifest, text).map_err(PackError::write(&manifest))?;
        }
        Ok(Scaffolded { folder, files: written.keep(), sdk, workspace })
    }
}

fn refuse_unless_empty(folder: &Path) -> Result<(), PackError> {
    if let Some(parent) = folder.parent().filter(|parent| parent.exists() && !parent.is_dir()) {
        return Err(PackError::scaffold(format!("{} is not a folder; choose another place", parent.display())));
    }
    let is_git = |entry: std::io::Result<fs::DirEntry>| entry.is_ok_and(|entry| entry.file_name() == ".git");
    let why = match fs::read_dir(folder).map(|mut entries| entries.all(is_git)) {
        Ok(false) => "exists and is not empty",
        Err(_) if folder.symlink_metadata().is_ok() => "exists and is not a folder that can be read",
        _ => return Ok(()),
    };
    Err(PackError::scaffold(format!("{} {why}; choose another name or place", folder.display())))
}

#[cfg(test)]
mod tests;
