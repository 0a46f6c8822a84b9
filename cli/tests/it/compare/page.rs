//! The page that `compare --html` writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::corpus;
use crate::model::{mail, release};
use crate::run::switchback_in;

/// A subject that would change the page if it were taken as one.
const HOSTILE: &str = r#"</td><script>document.title="taken"</script><img src="http://x.example/p"> & 'quoted' "so""#;

/// A corpus with hostile names, and the page about it.
pub(super) fn page() -> (TempDir, PathBuf) {
    let dir = corpus();
    fs::write(dir.path().join("<i>8<i>"), mail(HOSTILE, "a@hostile.example", 5_500)).unwrap();
    let path = dir.path().join("report.html");
    let (before, after) = (release("1.0.0"), release("1.1.0"));
    let mail = ["1", "2", "3", "4", "5", "6", "7", "<i>8<i>"];
    let args = ["compare", &before, &after, "--html", "report.html"];
    switchback_in(dir.path(), args.iter().chain(&mail)).fine();
    (dir, path)
}

#[test]
fn the_page_stands_alone() {
    let (_dir, path) = page();
    let page = fs::read_to_string(path).unwrap();
    // What is between the tags is text, and may say anything.
    let tags: Vec<_> = page.split('<').filter_map(|tag| Some(tag.split_once('>')?.0.to_lowercase())).collect();
    let elements: BTreeSet<_> = tags.iter().filter_map(|tag| tag.split([' ', '/']).next()).collect();
    for element in ["script", "link", "img", "image", "iframe", "object", "embed", "use", "a", "form", "base"] {
        assert!(!elements.contains(element), "there is a {element} in the page");
    }
    for attribute in ["http:", "https:", "src=", "href=", "srcset=", "xmlns", " style="] {
        assert!(tags.iter().all(|tag| !tag.contains(attribute)), "{attribute} is in the page");
    }
    let handler = |word: &str| word.starts_with("on") && word.contains('=');
    assert!(!tags.iter().any(|tag| tag.split_whitespace().any(handler)), "the page reacts to something");
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"), "{style}");
    assert!(page.contains("Content-Security-Policy\" content=\"default-src 'none'"), "{page}");
    assert_eq!(page.matches("<svg ").count(), 4);
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), 4, "each chart says what it is");
    assert_eq!(page.matches("<h1>").count(), 1);
}

#[test]
fn the_charts_can_be_read_on_a_telephone() {
    const READABLE_PX: f64 = 9.0;
    let (_dir, path) = page();
    let page = fs::read_to_string(path).unwrap();
    let numbers = |before: &str| -> Vec<f64> {
        let after = page.split(before).skip(1);
        let digits =
            |text: &str| text.find(|c: char| !c.is_ascii_digit() && c != '.').map(|end| text[..end].to_owned());
        after.map(|text| digits(text).unwrap().parse().unwrap()).collect()
    };
    // A chart is drawn in units of its own, and no narrower on the screen than the style sheet says: it scrolls sideways.
    let (widths, texts) = (numbers("<svg viewBox=\"0 0 "), numbers("font-size=\""));
    let [narrowest] = numbers("svg { display: block; width: 100%; min-width: ")[..] else { panic!("{page}") };
    assert!(widths.len() == 4 && texts.len() > 20, "{widths:?} {texts:?}");
    let (widest, smallest) = (widths.into_iter().fold(0.0, f64::max), texts.into_iter().fold(f64::MAX, f64::min));
    assert!(smallest * narrowest / widest >= READABLE_PX, "{smallest} units of {widest} on {narrowest} px");
    assert_eq!(page.matches("<figure><svg ").count(), 4);
    assert!(page.contains("figure { margin: 14px 0; overflow-x: auto; }"), "{page}");
}

#[test]
fn what_mail_says_is_text_in_the_page() {
    let (_dir, path) = page();
    let page = fs::read_to_string(path).unwrap();
    assert!(page.contains("&#60;/td&#62;&#60;script&#62;"), "{page}");
    assert!(page.contains("&#60;i&#62;8") && !page.contains("<i>8"), "{page}");
}

#[test]
fn the_first_lines_say_what_changed_and_for_whom() {
    let (_dir, path) = page();
    let page = fs::read_to_string(path).unwrap();
    let summary = page.split("<h2>").next().unwrap();
    assert!(
        summary.contains("Of 8 messages, linear@1.1.0 flags 4 (50.0 %, 95 %: 21-79 %) that linear@1.0.0 does not"),
        "{summary}"
    );
    assert!(summary.contains("bank.example: 2 of its 2 (100.0 %, 95 %: 34-100 %) are newly flagged"), "{summary}");
}

#[test]
fn the_same_messages_make_the_same_page_but_for_the_times() {
    let without_times = |page: String| {
        let (before, after) = page.split_once("Time per message").unwrap();
        let (_, after) = after.split_once("</svg>").unwrap();
        format!("{before}{after}")
    };
    let [(_one, first), (_other, second)] = [page(), page()];
    let [first, second] = [first, second].map(|path| without_times(fs::read_to_string(path).unwrap()));
    assert_eq!(first, second);
}
