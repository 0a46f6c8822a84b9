use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

/// A folder that is looked at.
struct Folder {
    dir: TempDir,
    before: Tree,
}

impl Folder {
    fn new() -> Self {
        let mut folder = Self { dir: tempfile::tempdir().unwrap(), before: Tree::default() };
        fs::create_dir(folder.at("model")).unwrap();
        folder.write("model/a", "1");
        folder.changes();
        folder
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    /// What changed since it was looked at last.
    fn changes(&mut self) -> Vec<String> {
        self.changes_of(Counts::Content)
    }

    fn changes_of(&mut self, counts: Counts) -> Vec<String> {
        let now = Tree::look(&[self.at("model")], counts, &self.before);
        let changes = now.changes_since(&self.before);
        self.before = now;
        changes.iter().map(|path| path.strip_prefix(self.at("model")).unwrap().display().to_string()).collect()
    }
}

#[test]
fn however_a_file_is_saved_its_content_tells() {
    let mut folder = Folder::new();
    assert_eq!(folder.changes(), [""; 0]);
    folder.write("model/a", "2");
    assert_eq!(folder.changes(), ["a"], "truncated and written");
    folder.write("model/.a.new", "3");
    fs::rename(folder.at("model/.a.new"), folder.at("model/a")).unwrap();
    assert_eq!(folder.changes(), ["a"], "replaced");
    fs::remove_file(folder.at("model/a")).unwrap();
    folder.write("model/a", "3");
    assert_eq!(folder.changes(), [""; 0], "removed, and written again as it was");
    fs::rename(folder.at("model"), folder.at("elsewhere")).unwrap();
    assert_eq!(folder.changes(), ["a"], "gone with its folder");
    folder.write("model/a", "4");
    assert_eq!(folder.changes(), ["a"], "and made again");
}

#[test]
fn a_file_with_the_times_and_the_size_of_another_is_not_taken_for_it() {
    let mut folder = Folder::new();
    let times = fs::metadata(folder.at("model/a")).unwrap().modified().unwrap();
    for text in ["2", "3", "4"] {
        folder.write("model/a", text);
        File::options().write(true).open(folder.at("model/a")).unwrap().set_modified(times).unwrap();
        assert_eq!(folder.changes(), ["a"], "{text}");
    }
    let long_ago = SystemTime::now() - Duration::from_secs(7 * 86_400);
    File::options().write(true).open(folder.at("model/a")).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(folder.changes(), [""; 0], "touched alone");
}

#[test]
fn what_builds_and_editors_write_is_left_out() {
    let mut folder = Folder::new();
    folder.write("model/built/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
    for file in ["built/x.wasm", ".git/index", ".a.swp", "a~", "#a#", ".#a", "___jb_tmp___"] {
        folder.write(&format!("model/{file}"), "x");
    }
    assert_eq!(folder.changes(), [""; 0]);
    folder.write("model/.cargo/config.toml", "x");
    folder.write("model/src/lib.rs", "x");
    assert_eq!(folder.changes(), [".cargo/config.toml", "src/lib.rs"]);
    assert!(!folder.before.folders().any(|kept| kept.ends_with("built") || kept.ends_with(".git")));
    folder.write("model/cur/1", "x");
    folder.write("model/.Junk/cur/1", "x");
    folder.write("model/dovecot.index.log", "x");
    let mail = folder.changes_of(Counts::Stamps);
    assert!(mail.contains(&".Junk/cur/1".to_owned()) && !mail.iter().any(|name| name.contains("dovecot")), "{mail:?}");
}

#[test]
fn links_are_followed_and_watched_where_they_lead() {
    let mut folder = Folder::new();
    folder.write("weights/one", "1");
    folder.write("shared/b", "1");
    symlink("../weights/one", folder.at("model/data")).unwrap();
    symlink("../shared", folder.at("model/shared")).unwrap();
    symlink(".", folder.at("shared/loop")).unwrap();
    symlink("nowhere", folder.at("model/dangling")).unwrap();
    assert_eq!(folder.changes(), ["data", "shared/b"]);
    let folders: Vec<_> = folder.before.folders().map(|kept| kept.canonicalize().unwrap()).collect();
    for kept in ["weights", "shared", "model"] {
        assert!(folders.contains(&folder.at(kept).canonicalize().unwrap()), "{kept}: {folders:?}");
    }
    folder.write("weights/one", "2");
    folder.write("shared/b", "2");
    assert_eq!(folder.changes(), ["data", "shared/b"]);
    fs::remove_file(folder.at("model/data")).unwrap();
    folder.write("weights/two", "3");
    symlink("../weights/two", folder.at("model/data")).unwrap();
    assert_eq!(folder.changes(), ["data"], "another target");
}

#[test]
fn a_pipe_among_the_files_stops_nobody() {
    let mut folder = Folder::new();
    assert!(Command::new("mkfifo").arg(folder.at("model/pipe")).status().unwrap().success());
    folder.write("model/a", "2");
    assert_eq!(folder.changes(), ["a"]);
}

#[test]
fn a_file_that_is_named_is_watched_where_it_is_and_where_it_leads_or_will_be() {
    let folder = Folder::new();
    folder.write("weights/one", "1");
    symlink("../weights/one", folder.at("model/data")).unwrap();
    let roots = ["model/data", "absent/x"].map(|name| folder.at(name));
    let tree = Tree::look(&roots, Counts::Content, &Tree::default());
    let folders: Vec<_> = tree.folders().map(|kept| kept.canonicalize().unwrap_or(kept.to_owned())).collect();
    for kept in ["model", "weights", "absent"] {
        let kept = folder.at(kept);
        assert!(folders.contains(&kept.canonicalize().unwrap_or(kept.clone())), "{kept:?}: {folders:?}");
    }
}

#[test]
fn what_was_seen_before_stays_where_something_is_added() {
    let mut folder = Folder::new();
    let seen = std::mem::take(&mut folder.before);
    folder.write("model/a", "2");
    let mut all = seen;
    all.add(Tree::look(&[folder.at("model")], Counts::Content, &Tree::default()));
    folder.before = all;
    assert_eq!(folder.changes(), ["a"]);
}
