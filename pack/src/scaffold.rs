//! The folder of a new model, which packs and passes its tests as it stands.

mod cargo;
mod crate_name;
mod language;
mod sdk;
mod written;

use std::fs;
use std::path::{Path, PathBuf};

use switchback::release::ModelName;

use self::cargo::MANIFEST;
use self::written::Written;
use crate::error::PackError;

pub use self::language::{Language, UnknownLanguage};
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
    language: Language,
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
    /// Where a model in Rust takes the crate `switchback-guest` from.
    pub sdk: Option<Sdk>,
    /// The root of the Cargo workspace that the model's package is a member of. None where the package is a workspace of
    /// its own.
    pub workspace: Option<PathBuf>,
}

/// What Cargo's manifest ends with where the package is no member of another's workspace.
const OWN_WORKSPACE: &str = include_str!("../templates/workspace.toml.in");

impl Scaffold {
    /// A model of this name, in Rust. Uses [`Sdk::nearest`].
    pub fn new(name: ModelName) -> Self {
        Self { name, language: Language::Rust, sdk: Sdk::nearest() }
    }

    /// Chooses another language.
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// Takes the guest SDK from elsewhere. Only a model in Rust has it.
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
        let folder = parent.as_ref().join(self.name.as_str());
        if self.language == Language::Rust {
            return self.create_crate(folder);
        }
        refuse_unless_empty(&folder)?;
        let written = self.written(&folder, &[])?;
        Ok(Scaffolded { folder, files: written.keep(), sdk: None, workspace: None })
    }

    fn create_crate(&self, folder: PathBuf) -> Result<Scaffolded, PackError> {
        let package = crate_name::of(&self.name)?;
        let sdk = self.sdk.located()?;
        let filled = [("{{package}}", package), ("{{sdk}}", sdk.dependency()?)];
        refuse_unless_empty(&folder)?;
        let written = self.written(&folder, &filled)?;
        let workspace = cargo::workspace_around(&folder)?;
        if workspace.is_none() {
            let manifest = folder.join(MANIFEST);
            let text = fs::read_to_string(&manifest).map_err(PackError::read(&manifest))? + OWN_WORKSPACE;
            fs::write(&manifest, text).map_err(PackError::write(&manifest))?;
        }
        Ok(Scaffolded { folder, files: written.keep(), sdk: Some(sdk), workspace })
    }

    /// Writes all files, with the model's name and these in place of what stands for them.
    fn written(&self, folder: &Path, filled: &[(&str, String)]) -> Result<Written, PackError> {
        let mut written = Written::default();
        for (path, template) in self.language.templates() {
            let named = template.replace("{{name}}", self.name.as_str());
            let text = filled.iter().fold(named, |text, (place, value)| text.replace(place, value));
            written.file(folder.join(path), &text)?;
        }
        Ok(written)
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
