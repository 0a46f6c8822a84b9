//! What a release is made from, for whoever wants to know when that changes.

use std::path::{Path, PathBuf};

use switchback_onnx::{Bindings, weights_beside};

use super::onnx::MODEL_FILE;
use super::{Source, manifest_in};
use crate::error::PackError;

impl Source {
    /// What a release is made from, as far as its manifest says: the manifest itself, the files that it names, and the folder of the
    /// package, where cargo builds one. Nothing but the manifest is read, so what is not there yet is among them; and an ONNX file,
    /// which may name files with its weights.
    ///
    /// `path` is the manifest, or the folder that holds a `switchback.toml`.
    ///
    /// # Errors
    /// If the manifest cannot be read, or is not as it should be.
    pub fn inputs(path: impl AsRef<Path>) -> Result<Vec<PathBuf>, PackError> {
        let path = path.as_ref();
        let path = if path.is_dir() { manifest_in(path)? } else { path.to_owned() };
        let (path, file) = Self::parse(&path)?;
        let build = file.build();
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        let model = match &file.onnx {
            Some(bindings) => of_onnx(&dir, bindings),
            None => vec![build.package_dir],
        };
        let named = model.into_iter().chain(build.data).chain(file.self_test.into_iter().map(|test| test.message));
        let named: Vec<_> = named.map(|named| dir.join(named)).collect();
        Ok([path].into_iter().chain(named).collect())
    }
}

/// The ONNX file, and what lies beside it: tokenizers, and weights in files of their own.
fn of_onnx(dir: &Path, bindings: &Bindings) -> Vec<PathBuf> {
    let model = bindings.model.clone().unwrap_or_else(|| MODEL_FILE.into());
    let weights = weights_beside(&dir.join(&model));
    let beside = bindings.tokenizers().map(Path::to_owned).chain(weights).map(|file| model.with_file_name(file));
    let beside: Vec<_> = beside.collect();
    [model].into_iter().chain(beside).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::source::MANIFEST_FILE;

    fn inputs(of: &str) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let release = "[release]\nname = \"m\"\nversion = \"1.0.0\"\n";
        let test = "[[self_test]]\nmessage = \"../a.eml\"\n";
        fs::write(dir.path().join(MANIFEST_FILE), format!("{release}{of}{test}")).unwrap();
        let found = Source::inputs(dir.path()).unwrap().into_iter();
        found.map(|path| path.strip_prefix(dir.path()).unwrap().display().to_string()).collect()
    }

    #[test]
    fn all_that_a_manifest_names_goes_into_the_release_also_what_is_missing() {
        let package = inputs("[build]\ncrate = \"guest\"\ndata = \"weights.bin\"\n");
        assert_eq!(package, [MANIFEST_FILE, "guest", "weights.bin", "../a.eml"]);
        assert_eq!(inputs(""), [MANIFEST_FILE, "", "../a.eml"]);
        assert_eq!(inputs("[onnx]\n"), [MANIFEST_FILE, "model.onnx", "tokenizer.json", "../a.eml"]);
        let elsewhere = inputs("[onnx]\nmodel = \"y/x.onnx\"\n[onnx.inputs.input_ids]\ntokens = \"t.json\"\n");
        assert_eq!(elsewhere, [MANIFEST_FILE, "y/x.onnx", "y/t.json", "../a.eml"]);
    }
}
