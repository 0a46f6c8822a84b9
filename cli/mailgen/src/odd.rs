//! Messages at the ends of what mail can be: what a model meets one day.

use std::fmt::Write as _;

/// Bytes of the large ones.
const LARGE_BYTES: usize = 1 << 20;

/// What the others begin with.
const HEADER: &str = "From: Ada <ada@example.org>\r\nTo: <home@example.net>\r\nSubject: odd\r\nDate: Thu, 24 Apr 2025 06:00:00 +0000\r\n";

/// Messages that are empty, broken, large, or have more of something than any other mail, each with its name; the same at each call.
/// Some 10 MiB in all.
///
/// For tests of whatever reads mail, beside the mail of a [`Generator`](crate::Generator), which is well-formed. Receiving servers
/// let most of them through.
#[must_use]
pub fn odd() -> Vec<(&'static str, Vec<u8>)> {
    let with = |more: &str, body: &str| format!("{HEADER}{more}\r\n{body}").into_bytes();
    let html = |body: &str| with("MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n", body);
    vec![
        ("empty", Vec::new()),
        ("header-alone", HEADER.into()),
        ("no-header", b"\r\nA body, and nothing before it.\r\n".to_vec()),
        ("no-text", with("", "")),
        ("nul-bytes", with("X-Nul: a\0b\r\n", "text\0with\0nul\0bytes\r\n")),
        ("no-utf-8", [&with("X-Raw: ", "")[..], b"\xff\xfe\xe4\r\n\r\n\x80\x81 caf\xe9\r\n"].concat()),
        ("many-scripts", with("Content-Type: text/plain; charset=utf-8\r\n", &scripts())),
        ("long-subject", with(&format!("Subject: {}\r\n", "urgent ".repeat(2_000)), "text\r\n")),
        ("many-fields", with(&numbered(2_000, |n| format!("X-Field-{n}: value {n}\r\n")), "text\r\n")),
        (
            "many-senders",
            with(&format!("From: {}\r\n", numbered(1_000, |n| format!("<a{n}@example.org>,\r\n "))), "text\r\n"),
        ),
        ("long-line", with("", &"x".repeat(LARGE_BYTES))),
        ("long-text", with("", &numbered(LARGE_BYTES / 12, |n| format!("word{n:07} ")))),
        ("long-words", with("", &format!("{} ", "a".repeat(4_096)).repeat(LARGE_BYTES / 4_097))),
        (
            "many-links",
            html(&numbered(10_000, |n| format!("<a href=\"https://h{n}.example/\">https://bank.example/{n}</a>\n"))),
        ),
        ("deep-html", html(&format!("{}text{}", "<div>".repeat(50_000), "</div>".repeat(50_000)))),
        ("no-end-of-html", html(&format!("text <a href=\"{}", "<!-- ".repeat(100_000)))),
        ("many-parts", with(&multipart("b"), &numbered(1_000, attachment))),
        (
            "deep-parts",
            with(&multipart("b0"), &numbered(200, |n| format!("--b{n}\r\n{}\r\n", multipart(&format!("b{}", n + 1))))),
        ),
        ("broken-base64", with("MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n", &"A=B!".repeat(50_000))),
    ]
}

fn numbered(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

fn multipart(boundary: &str) -> String {
    format!("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary={boundary}\r\n")
}

fn attachment(number: usize) -> String {
    format!(
        "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=f{number}.bin\r\n\r\n{number}\r\n"
    )
}

/// A character of every block of 64 that has one: scripts of all directions, marks that combine, symbols, and what is not assigned.
fn scripts() -> String {
    let mut text = String::new();
    for code in (0x20..=0x0010_FFFF).step_by(64) {
        if let Some(character) = char::from_u32(code) {
            let _ = write!(text, "{character}{}", if code % 1_024 == 0 { "\r\n" } else { " " });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_and_is_odd_in_its_way() {
        let odd = odd();
        let names: BTreeSet<_> = odd.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), odd.len());
        let bytes = |name: &str| &odd.iter().find(|(of, _)| *of == name).unwrap().1;
        assert!(bytes("empty").is_empty() && bytes("nul-bytes").contains(&0));
        assert!(std::str::from_utf8(bytes("no-utf-8")).is_err());
        assert!(["long-line", "long-text", "long-words"].iter().all(|name| bytes(name).len() > LARGE_BYTES - 8_192));
        let parts = |name| String::from_utf8_lossy(bytes(name)).matches("\r\n--b").count();
        assert_eq!((parts("many-parts"), parts("deep-parts")), (1_000, 200));
        let all: usize = odd.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!((5 << 20..12 << 20).contains(&all), "{all} bytes");
    }
}
