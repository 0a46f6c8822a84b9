//! The page in a real browser. Without one these tests say so and pass; `cargo xtask test` installs it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::tempdir;

use super::page::page;

/// Where this browser looks for updates and the time, whatever page it shows.
const BROWSERS_OWN: [&str; 2] = [".google.com", ".googleapis.com"];

/// A proxy that answers nobody, and hears who would have been asked.
struct Proxy {
    port: u16,
    asked: mpsc::Receiver<String>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, asked) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut line = String::new();
                let _ = BufReader::new(stream.unwrap()).read_line(&mut line);
                if heard.send(line).is_err() {
                    return;
                }
            }
        });
        Self { port, asked }
    }

    /// What was asked for, but for the browser's own sake.
    fn asked(&self) -> Vec<String> {
        let heard = std::iter::from_fn(|| self.asked.recv_timeout(Duration::from_millis(200)).ok());
        heard.filter(|line| !BROWSERS_OWN.iter().any(|host| line.contains(host))).collect()
    }
}

/// Opens a page; none, and a word about it, without a browser.
fn open(page: &Path, proxy: &Proxy, options: &[&str]) -> Option<Output> {
    if Command::new("chromium").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: there is no chromium; install Debian's package, as `cargo xtask test` does for root");
        return None;
    }
    let profile = tempdir().unwrap();
    let mut browser = Command::new("chromium");
    browser
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"])
        .args(["--enable-logging=stderr", "--hide-scrollbars", "--window-size=1000,1400"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        // Also for addresses of this machine, which would go around it.
        .arg(format!("--proxy-server=127.0.0.1:{}", proxy.port))
        .arg("--proxy-bypass-list=<-loopback>")
        .args(options)
        .arg(format!("file://{}", page.display()));
    Some(browser.output().unwrap())
}

/// What the browser makes of a page, what its console says, and whom it asked.
fn rendered(page: &Path) -> Option<(String, String, Vec<String>)> {
    let proxy = Proxy::start();
    let output = open(page, &proxy, &["--dump-dom"])?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let console = text(output.stderr).lines().filter(|line| line.contains("CONSOLE")).collect::<Vec<_>>().join("\n");
    Some((text(output.stdout), console, proxy.asked()))
}

#[test]
fn a_browser_shows_the_page_and_asks_nobody() {
    let (_dir, path) = page();
    let Some((dom, console, asked)) = rendered(&path) else { return };
    assert!(dom.contains("<title>linear@1.1.0 compared with linear@1.0.0</title>"), "{dom}");
    assert_eq!(dom.matches("<svg ").count(), 4, "{dom}");
    assert!(dom.contains("&lt;script&gt;document.title="), "a subject is text: {dom}");
    assert_eq!((console.as_str(), asked), ("", Vec::new()));
}

#[test]
fn a_browser_refuses_what_somebody_puts_into_the_page() {
    let (dir, path) = page();
    let page = fs::read_to_string(&path).unwrap();
    let added = "<style>h1 { display: none }</style><script>document.title='taken'</script>\
                 <img src='http://images.example/p'></main>";
    let tampered = dir.path().join("tampered.html");
    fs::write(&tampered, page.replace("</main>", added)).unwrap();
    let Some((dom, console, asked)) = rendered(&tampered) else { return };
    assert!(dom.contains("compared with") && !dom.contains("<title>taken"), "{dom}");
    assert!(console.contains("Content Security Policy"), "{console}");
    assert_eq!(asked, Vec::<String>::new());
}

#[test]
fn without_the_policy_this_test_would_hear_of_a_request() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("asks.html");
    fs::write(&path, "<img src='http://images.example/p'>").unwrap();
    let Some((_, _, asked)) = rendered(&path) else { return };
    assert!(asked.iter().any(|line| line.contains("http://images.example/p")), "{asked:?}");
}

#[test]
fn a_picture_of_the_page_is_not_blank() {
    let (dir, path) = page();
    let blank = dir.path().join("blank.html");
    fs::write(&blank, "<!DOCTYPE html><title>blank</title>").unwrap();
    let bytes = |page: &Path| {
        let picture = page.with_extension("png");
        let screenshot = format!("--screenshot={}", picture.display());
        open(page, &Proxy::start(), &[&screenshot])?;
        Some(fs::metadata(picture).unwrap().len())
    };
    let Some((shown, empty)) = bytes(&path).zip(bytes(&blank)) else { return };
    assert!(shown > 5 * empty, "{shown} bytes, where a blank page has {empty}");
}
