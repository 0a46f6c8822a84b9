//! What comes with the message.

use crate::mail::Mail;
use crate::rule::{Rule, rule};
use switchback_guest::Attachment;
use switchback_guest::Category::{Malware, Phish};

/// What Windows runs when it is opened, and containers that mail filters often do not look into.
const EXECUTABLE: &[&str] = &[
    "bat", "chm", "cmd", "com", "cpl", "exe", "hta", "img", "iso", "jar", "js", "jse", "lnk", "msi", "pif", "ps1",
    "reg", "scr", "vbe", "vbs", "vhd", "wsf", "xll",
];

/// What people expect to be harmless.
const DOCUMENT: &[&str] =
    &["doc", "docx", "gif", "htm", "html", "jpg", "jpeg", "pdf", "png", "rtf", "txt", "xls", "xlsx", "zip"];

/// Office documents that contain programs.
const MACROS: &[&str] = &["docm", "dotm", "pptm", "xlam", "xlsb", "xlsm"];

pub(super) const RULES: &[Rule] = &[
    rule("ATTACHMENT_EXECUTABLE", 2.5, Malware, "an attachment is a program", |mail| {
        any(mail, |file| EXECUTABLE.contains(&extension(&file.name).as_str()))
    }),
    rule("ATTACHMENT_DOUBLE", 2.5, Malware, "a program pretends to be a document", |mail| any(mail, is_double)),
    rule("ATTACHMENT_REVERSED", 4.0, Malware, "a file name is written backwards in part", |mail| {
        any(mail, |file| file.name.contains(['\u{202E}', '\u{202D}', '\u{2067}']))
    }),
    rule("ATTACHMENT_MACROS", 1.5, Malware, "an attached document contains programs", |mail| {
        any(mail, |file| MACROS.contains(&extension(&file.name).as_str()))
    }),
    rule("ATTACHMENT_TYPE_LIES", 1.5, Malware, "an attachment is declared as a program but not named so", |mail| {
        any(mail, |file| is_program(&file.media_type) && DOCUMENT.contains(&extension(&file.name).as_str()))
    }),
    rule("ATTACHMENT_PAGE", 1.2, Phish, "a web page is attached", |mail| {
        any(mail, |file| matches!(extension(&file.name).as_str(), "htm" | "html" | "shtml" | "svg" | "xhtml"))
    }),
];

fn any(mail: &Mail, test: impl Fn(&Attachment) -> bool) -> bool {
    mail.attachments.iter().any(test)
}

/// What follows the last dot, in lower case.
fn extension(name: &str) -> String {
    name.trim_end().rsplit_once('.').map_or_else(String::new, |(_, extension)| extension.to_ascii_lowercase())
}

/// `invoice.pdf.exe`, also with spaces between: `invoice.pdf         .exe`.
fn is_double(file: &Attachment) -> bool {
    let Some((stem, last)) = file.name.trim_end().rsplit_once('.') else { return false };
    let last = last.to_ascii_lowercase();
    EXECUTABLE.contains(&last.as_str()) && DOCUMENT.contains(&extension(stem).as_str())
}

fn is_program(media_type: &str) -> bool {
    matches!(media_type, "application/x-msdownload" | "application/x-dosexec" | "application/x-msdos-program")
}

#[cfg(test)]
mod tests {
    use crate::rule::tests::applies;
    use switchback_guest::{Attachment, Message};

    fn check(rule: &str, yes: &[&str], no: &[&str]) {
        let with = |name: &str| {
            let file = Attachment { name: name.to_owned(), ..Attachment::default() };
            applies(rule, Message::builder().attachment(file))
        };
        yes.iter().for_each(|name| assert!(with(name), "{rule}: {name:?}"));
        no.iter().for_each(|name| assert!(!with(name), "{rule}: {name:?}"));
    }

    #[test]
    fn the_name_of_an_attachment() {
        check("ATTACHMENT_EXECUTABLE", &["a.exe", "A.SCR", "x.pdf.js "], &["a.pdf", "exe", "a.exe.txt"]);
        check("ATTACHMENT_DOUBLE", &["invoice.pdf.exe", "a.DOC      .scr"], &["invoice.pdf", "setup.exe", "a.b.exe"]);
        check("ATTACHMENT_REVERSED", &["annex\u{202E}fdp.exe"], &["annex.pdf"]);
        check("ATTACHMENT_MACROS", &["offer.xlsm"], &["offer.xlsx"]);
        check("ATTACHMENT_PAGE", &["login.HTML"], &["html", "a.txt"]);
    }

    #[test]
    fn a_declared_type_that_the_name_denies() {
        let file = |name: &str| Attachment {
            name: name.to_owned(),
            media_type: "application/x-msdownload".to_owned(),
            ..Attachment::default()
        };
        assert!(applies("ATTACHMENT_TYPE_LIES", Message::builder().attachment(file("photo.jpg"))));
        assert!(!applies("ATTACHMENT_TYPE_LIES", Message::builder().attachment(file("setup.exe"))));
    }
}
