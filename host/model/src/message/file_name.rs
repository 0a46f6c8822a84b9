//! The name of an attachment: the one that a mail program would save it under.
//!
//! A sender can give several: `filename*` and `filename`, `name`, continuations, each of them twice. Programs prefer the
//! extended form (RFC 6266, section 4.3), then continuations (RFC 2231, section 3), then the plain one, and the
//! disposition before the type; so does this. But not all know the extended form, and some look at the type first: where
//! the preferred name is not one of a program and another is, that one counts, because somebody's mail program would run
//! it.
//!
//! What programs do before they save is done here: only the last part of a path is kept, characters that nobody sees
//! (bidirectional ones, too, which make `exe.pdf` of `fdp.exe`) are left out, and so are dots and spaces at the end,
//! which Windows drops.

use std::borrow::Cow;
use std::sync::Arc;

use super::charset::{self, Charset};
use super::content::cut;
use super::decode::hex;
use super::encoded_words;
use super::limits::{FIELD_BYTES_READ_MAX, FILE_NAME_BYTES_MAX};

/// Bytes of an extension that is kept when a name is cut.
const EXTENSION_BYTES_MAX: usize = 32;

/// Bytes of the comments that are looked at between a parameter's name and a value with quotes. Without quotes they may
/// be the value, and so are read again.
const COMMENT_BYTES_MAX: usize = 256;

/// What Windows, macOS and Android run or mount when it is opened, in alphabetical order: all of Microsoft's "Blocked
/// attachments in Outlook", and some more.
#[rustfmt::skip] // A table: one name a line would be three pages.
const PROGRAMS: &[&str] = &[
    "ade", "adp", "apk", "app", "application", "appref-ms", "appx", "asp", "aspx", "asx", "bas", "bat", "bgi",
    "cab", "cer", "chm", "cmd", "cnt", "com", "command", "cpl", "crt", "csh", "der", "diagcab", "dll", "dmg", "exe",
    "fxp", "gadget", "grp", "hlp", "hpj", "hta", "htc", "img", "inf", "ins", "iso", "isp", "its", "jar", "jnlp",
    "js", "jse", "ksh", "lnk", "mad", "maf", "mag", "mam", "maq", "mar", "mas", "mat", "mau", "mav", "maw", "mcf",
    "mda", "mdb", "mde", "mdt", "mdw", "mdz", "msc", "msh", "msh1", "msh1xml", "msh2", "msh2xml", "mshxml", "msi",
    "msix", "msp", "mst", "msu", "ops", "osd", "pcd", "pif", "pkg", "pl", "plg", "prf", "prg", "printerexport",
    "ps1", "ps1xml", "ps2", "ps2xml", "psc1", "psc2", "psd1", "psdm1", "pst", "py", "pyc", "pyo", "pyw", "pyz",
    "pyzw", "reg", "scf", "scr", "sct", "settingcontent-ms", "sh", "shb", "shs", "theme", "tmp", "udl", "url", "vb",
    "vbe", "vbp", "vbs", "vhd", "vhdx", "vsmacros", "vsw", "webpnp", "website", "ws", "wsc", "wsf", "wsh", "xbap",
    "xll", "xnk",
];

/// The names that the fields of a part give, the preferred first.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// Takes note of the names in a field. `parameter` is what it calls them: `filename`, `name`.
    pub(super) fn note(&mut self, value: &[u8], parameter: &str) {
        // Most fields have none.
        if value.len() < parameter.len() || !value.windows(4).any(|word| word.eq_ignore_ascii_case(b"name")) {
            return;
        }
        let mut given: Vec<Given<'_>> = parameters(value).filter_map(|found| Given::of(found, parameter)).collect();
        given.sort_by_key(|given| given.form);
        let mut sections = Vec::new();
        let (mut plain, mut tokens) = (Vec::new(), Vec::new());
        for given in &given {
            match given.form {
                Form::Extended => self.0.push(text(&[given])),
                Form::Section(_) => sections.push(given),
                Form::Plain => {
                    plain.push(encoded_words::text(&given.value));
                    tokens.extend(given.token.map(encoded_words::text));
                }
            }
        }
        // The first of a number counts.
        sections.dedup_by_key(|given| given.form);
        if !sections.is_empty() {
            self.0.push(text(&sections));
        }
        self.0.append(&mut plain);
        self.0.append(&mut tokens);
    }

    /// These, and behind them others.
    pub(super) fn and(mut self, mut others: Self) -> Self {
        self.0.append(&mut others.0);
        self
    }

    /// The name that counts, at most 255 bytes; none without a usable one.
    pub(super) fn chosen(self) -> Option<Arc<str>> {
        let c_strings = self.0.iter().filter_map(|name| name.split_once('\0')).map(|(start, _)| as_saved(start));
        let names: Vec<String> = self.0.iter().map(|name| as_saved(name)).chain(c_strings).collect();
        let mut usable = names.iter().filter(|name| !name.is_empty());
        let first = usable.clone().next()?;
        let counts = usable.find(|name| is_program(name)).unwrap_or(first);
        Some(shortened(counts).into())
    }
}

/// A name as it is given.
struct Given<'a> {
    form: Form,
    is_encoded: bool,
    value: Cow<'a, [u8]>,
    token: Option<&'a [u8]>,
}

/// In the order of preference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// `filename*=utf-8''...`
    Extended,
    /// `filename*0=`, `filename*0*=`
    Section(u16),
    /// `filename=`
    Plain,
}

impl<'a> Given<'a> {
    /// A parameter, if it is one of these names.
    fn of(found: Parameter<'a>, wanted: &str) -> Option<Self> {
        let Parameter { name, value, token } = found;
        let (start, rest) = name.split_at_checked(wanted.len())?;
        if !start.eq_ignore_ascii_case(wanted.as_bytes()) {
            return None;
        }
        let (form, is_encoded) = match rest {
            b"" => (Form::Plain, false),
            b"*" => (Form::Extended, true),
            [b'*', number @ ..] => {
                let digits = number.strip_suffix(b"*").unwrap_or(number);
                let section = std::str::from_utf8(digits).ok()?.parse().ok()?;
                (Form::Section(section), digits.len() < number.len())
            }
            _ => return None,
        };
        Some(Self { form, is_encoded, value, token })
    }
}

/// The text of a value in the extended form, or of all its sections. The first says the character set of all (RFC 2231,
/// section 4.1); characters may be split between sections.
fn text(sections: &[&Given<'_>]) -> String {
    let mut bytes = Vec::new();
    let mut label = None;
    for (index, section) in sections.iter().enumerate() {
        let mut value = &*section.value;
        if section.is_encoded && index == 0 {
            let mut parts = value.splitn(3, |byte| *byte == b'\'');
            if let (Some(charset), Some(_language), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
                label = std::str::from_utf8(charset).ok();
                value = rest;
            }
        }
        if section.is_encoded { percent_decoded(value, &mut bytes) } else { bytes.extend_from_slice(value) }
    }
    match label.and_then(Charset::of) {
        Some(charset) => charset::decode(Some(charset), bytes.into()).text,
        // Encoded words are not allowed here, and some programs write them all the same.
        None => encoded_words::text(&bytes),
    }
}

fn percent_decoded(value: &[u8], decoded: &mut Vec<u8>) {
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                decoded.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                rest = after;
            }
            _ => decoded.push(byte),
        }
    }
}

/// A parameter as it is given, without quotes, folds and comments beside it.
pub(super) struct Parameter<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: Cow<'a, [u8]>,
    /// Of a value that is not quoted, what programs take that end it at white space or a comment (RFC 2045, section 5.1).
    token: Option<&'a [u8]>,
}

/// The parameters of a field, of which so much is read that no other parameter pushes one out. The first may be where
/// the value itself should be, as some programs write it.
pub(super) fn parameters(value: &[u8]) -> impl Iterator<Item = Parameter<'_>> {
    let mut rest = &value[..value.len().min(FIELD_BYTES_READ_MAX)];
    // One that does not end is none, nor is any behind it.
    let mut has_comments = true;
    std::iter::from_fn(move || {
        loop {
            rest = behind_comments(rest, &mut has_comments);
            let end = rest.iter().position(|byte| matches!(byte, b'=' | b';' | b'(' | b'"'))?;
            let (before, after) = (rest[..end].trim_ascii(), &rest[end..]);
            let after = behind_comments(after, &mut has_comments);
            rest = after.get(1..).unwrap_or_default();
            if after.first() != Some(&b'=') {
                continue;
            }
            // A semicolon may be missing: `attachment filename=a.pdf`.
            let name = before.rsplit(u8::is_ascii_whitespace).next().unwrap_or(before);
            let looked_at = &rest[..rest.len().min(COMMENT_BYTES_MAX)];
            let behind = &rest[looked_at.len() - behind_comments(looked_at, &mut true).len()..];
            let start = if behind.starts_with(b"\"") { behind } else { rest.trim_ascii_start() };
            let (value, token, after) = parameter_value(start);
            rest = after;
            return Some(Parameter { name, value, token });
        }
    })
}

/// What is behind white space and comments (RFC 5322, section 3.2.2).
fn behind_comments<'a>(bytes: &'a [u8], has_comments: &mut bool) -> &'a [u8] {
    let mut rest = bytes.trim_ascii_start();
    while *has_comments && rest.starts_with(b"(") {
        match comment_end(rest) {
            Some(end) => rest = rest[end..].trim_ascii_start(),
            None => *has_comments = false,
        }
    }
    rest
}

/// Where the comment ends that begins here.
fn comment_end(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut is_escaped) = (0, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The value that begins here, its first token if it is not quoted, and what is behind its semicolon.
fn parameter_value(bytes: &[u8]) -> (Cow<'_, [u8]>, Option<&[u8]>, &[u8]) {
    let Some(quoted) = bytes.strip_prefix(b"\"") else {
        // What is not quoted ends with its line: there are programs that forget the semicolon.
        let end = bytes.iter().position(|byte| matches!(byte, b';' | b'\n')).unwrap_or(bytes.len());
        let value = bytes[..end].trim_ascii_end();
        let token = value.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'(').map(|end| &value[..end]);
        return (value.into(), token, bytes.get(end + 1..).unwrap_or_default());
    };
    let mut value = Vec::new();
    let mut rest = quoted;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'"', _) => break,
            // Other backslashes are those of a path that nobody escaped.
            (b'\\', [escaped @ (b'"' | b'\\'), after @ ..]) => {
                value.push(*escaped);
                rest = after;
            }
            (b'\r' | b'\n', _) => {}
            _ => value.push(byte),
        }
    }
    let end = rest.iter().position(|byte| *byte == b';').map_or(rest.len(), |at| at + 1);
    (value.into(), None, &rest[end..])
}

/// A name as it would be on disk.
fn as_saved(name: &str) -> String {
    let seen: String = name.chars().filter(|c| !is_unseen(*c)).collect();
    let is_noise = |c: char| c.is_whitespace() || c == '.';
    let parts = seen.rsplit(['/', '\\']).map(|part| part.trim_start().trim_end_matches(is_noise));
    parts.into_iter().find(|part| !part.is_empty()).unwrap_or("").to_owned()
}

/// Whether a character is not shown where it stands: controls, and what only changes how others are shown (Unicode,
/// `Default_Ignorable_Code_Point` and `Bidi_Control`).
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Where the extension begins, with its dot.
fn extension(name: &str) -> Option<usize> {
    name.rfind('.').filter(|dot| *dot > 0)
}

fn is_program(name: &str) -> bool {
    let extension = name.rfind('.').map_or("", |dot| &name[dot + 1..]);
    PROGRAMS.iter().any(|program| extension.eq_ignore_ascii_case(program))
}

/// A name cut in the midst, so that its extension stays.
fn shortened(name: &str) -> String {
    if name.len() <= FILE_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let kept = extension(name).map(|dot| &name[dot..]).filter(|kept| kept.len() <= EXTENSION_BYTES_MAX).unwrap_or("");
    let stem = &name[..name.len() - kept.len()];
    format!("{}{kept}", cut(stem, FILE_NAME_BYTES_MAX - kept.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(disposition: &str) -> String {
        let mut names = Names::default();
        names.note(format!(" attachment; {disposition}").as_bytes(), "filename");
        names.chosen().unwrap_or_default().to_string()
    }

    #[test]
    fn the_name_that_would_be_saved_counts() {
        for (given, expected) in [
            ("filename=a.pdf", "a.pdf"),
            ("filename=\"a b.pdf\"", "a b.pdf"),
            ("filename=a b.pdf", "a b.pdf"),
            ("FileName = \"a.pdf\"; size=3", "a.pdf"),
            ("filename=\"a;\\\"b\\\".pdf\"", "a;\"b\".pdf"),
            ("filename*=utf-8''caf%C3%A9.pdf", "café.pdf"),
            ("filename=\"plain.pdf\"; filename*=utf-8''extended.pdf", "extended.pdf"),
            ("filename*=utf-8''extended.pdf; filename=\"plain.pdf\"", "extended.pdf"),
            ("filename*=iso-8859-1'en'caf%E9.pdf", "café.pdf"),
            ("filename*=caf%C3%A9.pdf", "café.pdf"),
            ("filename=\"=?utf-8?q?caf=C3?=\r\n =?utf-8?q?=A9.pdf?=\"", "café.pdf"),
            ("filename==?utf-8?b?Y2Fmw6kucGRm?=", "café.pdf"),
            ("filename=\"caf\u{e9}.pdf\"", "café.pdf"),
            ("nofilename=a.pdf", ""),
            ("filename", ""),
            ("filename=", ""),
            ("", ""),
        ] {
            assert_eq!(name(given), expected, "{given}");
        }
    }

    #[test]
    fn continuations_are_joined_in_their_order() {
        for (given, expected) in [
            ("filename*0=inv; filename*1=oice; filename*2=.exe", "invoice.exe"),
            ("filename*1=.exe; filename*0=invoice", "invoice.exe"),
            ("filename*0*=utf-8''caf%C3; filename*1*=%A9; filename*2=.pdf", "café.pdf"),
            ("filename*0*=koi8-r''%F0; filename*1*=%D2", "Пр"),
            ("filename*0=\"a%20\"; filename*1=\"b.pdf\"", "a%20b.pdf"),
            ("filename=short.pdf; filename*0=long; filename*1=er.pdf", "longer.pdf"),
            ("filename*0=a; filename*0=b; filename*1=.pdf", "a.pdf"),
            ("filename*10=j; filename*2=b; filename*1=a; filename*x=y", "abj"),
        ] {
            assert_eq!(name(given), expected, "{given}");
        }
    }

    #[test]
    fn a_program_is_not_hidden_behind_another_name() {
        for hidden in [
            "filename=\"invoice.pdf\"; filename*=utf-8''malicious.exe",
            "filename=\"malicious.exe\"; filename*=utf-8''invoice.pdf",
            "filename=invoice.pdf; filename=malicious.exe",
            "filename*0=invoice; filename*1=.pdf; filename=malicious.exe",
            "filename=\"malicious.exe\0.pdf\"",
            "filename=\"malicious.exe. .\"",
            "filename=\"C:\\Users\\me\\malicious.exe\"",
            "filename=\"../../malicious.exe\"",
            "filename=\"malicious.exe\u{200b}\"",
        ] {
            assert_eq!(name(hidden), "malicious.exe", "{hidden:?}");
        }
        assert_eq!(name("filename=\"invoice\u{202e}fdp.exe\""), "invoicefdp.exe");
        let mut names = Names::default();
        names.note(b" attachment; filename=invoice.pdf", "filename");
        let mut of_type = Names::default();
        of_type.note(b" application/pdf; name=invoice.scr", "name");
        assert_eq!(names.and(of_type).chosen().as_deref(), Some("invoice.scr"));
    }

    #[test]
    fn a_name_is_found_wherever_some_program_finds_it() {
        for field in [
            "filename=a.exe",
            " filename=a.exe",
            " attachment filename=a.exe",
            " attachment; filename=a.exe (c)",
            " attachment; filename=a.exe b.pdf",
            " attachment; filename=\"a.exe\" (c)",
            " attachment; (c) filename=a.exe",
            " attachment; (c; d=\"e) filename=a.exe",
            " attachment; filename (x)=a.exe",
            " attachment; filename=(x) \"a.exe\"",
            " attachment (c (d\\)) e); filename=a.exe",
            " attachment; (; filename=a.exe",
        ] {
            let mut names = Names::default();
            names.note(field.as_bytes(), "filename");
            assert_eq!(names.chosen().as_deref(), Some("a.exe"), "{field}");
        }
        assert_eq!(name("filename=report (1).pdf"), "report (1).pdf");
    }

    #[test]
    fn no_other_parameter_and_no_length_pushes_a_name_out() {
        let long = "a".repeat(4_200);
        assert_eq!(name(&format!("x=\"{long}\"; filename=a.exe")), "a.exe");
        assert!(name(&format!("filename=\"{long}.exe\"")).ends_with("a.exe"));
        let sections: String = (0..300).map(|section| format!("filename*{section}=a; ")).collect();
        assert!(name(&format!("{sections}filename*300=.exe")).ends_with("a.exe"));
    }

    #[test]
    fn a_field_costs_no_more_than_its_length() {
        for chain in ["(", "()", "(;", "a=(", "a=\"", "filename=(a;", "filename=\"a\";"] {
            let _ = name(&chain.repeat(FIELD_BYTES_READ_MAX / chain.len()));
        }
        let _ = name(&format!("{}{}", "a=(;".repeat(10_000), ")".repeat(10_000)));
    }

    #[test]
    fn what_microsoft_blocks_is_a_program() {
        assert!(PROGRAMS.is_sorted());
        for extension in
            ["exe", "XLL", "hlp", "vhdx", "application", "appref-ms", "msu", "py", "ws", "settingcontent-ms"]
        {
            assert!(is_program(&format!("a.{extension}")), "{extension}");
        }
    }

    #[test]
    fn a_cut_keeps_the_extension() {
        let long = name(&format!("filename=\"{}.exe\"", "x".repeat(300)));
        assert_eq!((long.len(), &long[250..]), (255, "x.exe"));
        let wide = name(&format!("filename=\"{}.pdf\"", "é".repeat(200)));
        assert!(wide.len() <= 255 && wide.ends_with("é.pdf"), "{wide}");
        assert_eq!(name(&format!("filename=\"a.{}\"", "x".repeat(300))).len(), 255);
    }

    #[test]
    fn paths_and_dots_alone_are_no_names() {
        for (given, expected) in [("..", ""), ("/", ""), ("a/", "a"), (". .", ""), (".profile", ".profile")] {
            assert_eq!(name(&format!("filename=\"{given}\"")), expected, "{given}");
        }
    }
}
