//! Labels: what senders call a character set.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};
use mail_parser::decoders::charsets::map::charset_decoder;
use oem_cp::code_table::DECODING_TABLE_CP_MAP;

use super::{Charset, OneByte, Order};

/// Bytes of a label that is looked up. The longest registered one has 45.
const LABEL_BYTES_MAX: usize = 64;

/// What most other mail says.
const USUAL: [&str; 3] = ["us-ascii", "iso-8859-1", "windows-1252"];

/// What comes before the number of a code page.
const PAGE_PREFIXES: [&str; 12] =
    ["windows", "codepage", "ccsid", "cspc", "csibm", "ibm", "win", "dos", "oem", "cp", "ms", "cs"];

impl Charset {
    /// The character set of a label; none if nobody knows it. Case, quotes, white space and a language behind it
    /// (RFC 2231, section 5) do not matter, nor does `_` for `-`.
    pub(in crate::message) fn of(label: &str) -> Option<Self> {
        // What nearly all mail says.
        if label.eq_ignore_ascii_case("utf-8") {
            return Some(Self::Utf8);
        }
        if let Some(usual) = USUAL.into_iter().find(|usual| label.eq_ignore_ascii_case(usual)) {
            return charset_decoder(usual.as_bytes()).map(|decoder| Self::OneByte(OneByte::Parser(decoder)));
        }
        let noise = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | ';' | ',');
        let label = label.trim_matches(noise);
        let label = label.split(|c: char| noise(c) || c == '*').next().unwrap_or("").to_ascii_lowercase();
        let label = label.strip_prefix("charset=").unwrap_or(&label).trim_matches(noise);
        if label.is_empty() || label.len() > LABEL_BYTES_MAX {
            return None;
        }
        let dashed = label.replace('_', "-").replace("latin-", "latin");
        unicode(&dashed)
            .or_else(|| by_family(&dashed))
            .or_else(|| Encoding::for_label(label.as_bytes()).and_then(many_bytes))
            .or_else(|| charset_decoder(label.as_bytes()).map(|decoder| Self::OneByte(OneByte::Parser(decoder))))
            .or_else(|| Encoding::for_label(dashed.as_bytes()).and_then(Self::of_encoding))
            .or_else(|| by_part_of_iso_8859(&dashed))
            .or_else(|| by_page(&dashed))
    }

    fn of_encoding(encoding: &'static Encoding) -> Option<Self> {
        many_bytes(encoding).or_else(|| encoding.is_single_byte().then_some(Self::OneByte(OneByte::Encoding(encoding))))
    }
}

fn many_bytes(encoding: &'static Encoding) -> Option<Charset> {
    Some(match encoding {
        _ if encoding == UTF_8 => Charset::Utf8,
        _ if encoding == UTF_16LE => Charset::Utf16(Order::Little),
        _ if encoding == UTF_16BE => Charset::Utf16(Order::Big),
        _ if [GBK, GB18030, BIG5, EUC_JP, EUC_KR, SHIFT_JIS, ISO_2022_JP].contains(&encoding) => {
            Charset::ManyBytes(encoding)
        }
        _ => return None,
    })
}

/// The forms of Unicode.
fn unicode(label: &str) -> Option<Charset> {
    let form = label.strip_prefix("x-").unwrap_or(label);
    let form = form.strip_prefix("cs").unwrap_or(form);
    let form: String = form.chars().filter(|c| !matches!(c, '-' | '.' | ':')).collect();
    Some(match &*form {
        "utf8" | "utf8n" | "utf8mb4" | "utf8mac" | "unicode11utf8" | "unicode20utf8" => Charset::Utf8,
        "utf7" | "unicode11utf7" | "unicode20utf7" => Charset::Utf7,
        "utf16" | "utf16le" | "ucs2" | "ucs2le" | "iso10646ucs2" | "unicode" | "unicodefeff" => {
            Charset::Utf16(Order::Little)
        }
        "utf16be" | "ucs2be" | "unicodefffe" => Charset::Utf16(Order::Big),
        "utf32" | "utf32be" | "ucs4" | "ucs4be" | "iso10646ucs4" => Charset::Utf32(Order::Big),
        "utf32le" | "ucs4le" => Charset::Utf32(Order::Little),
        _ => return None,
    })
}

/// What has a name of its own, with all its suffixes: `gb2312-80`, `big5-eten`, `ks_c_5601-1992`.
fn by_family(label: &str) -> Option<Charset> {
    let label = label.strip_prefix("x-").unwrap_or(label);
    let label = label.strip_prefix("cs").unwrap_or(label);
    let begins = |names: &[&str]| names.iter().any(|name| label.starts_with(name));
    Some(match label {
        _ if begins(&["iso-2022-kr", "iso2022kr", "iso2022-kr"]) => Charset::Iso2022Kr,
        _ if begins(&["iso-2022-cn", "iso2022cn", "iso2022-cn"]) => Charset::Iso2022Cn,
        _ if begins(&["iso-2022-jp", "iso2022jp", "iso2022-jp"]) => Charset::ManyBytes(ISO_2022_JP),
        "hz" => Charset::Hz,
        _ if begins(&["hz-gb"]) => Charset::Hz,
        _ if begins(&["gb18030", "gb-18030"]) => Charset::ManyBytes(GB18030),
        _ if begins(&["gb2312", "gb-2312", "gbk", "euc-cn", "euccn", "cn-gb"]) => Charset::ManyBytes(GBK),
        _ if begins(&["big5", "big-5", "x-big5"]) => Charset::ManyBytes(BIG5),
        _ if begins(&["ks-c-5601", "ksc5601", "ksc-5601", "ks-x-1001", "euckr", "uhc"]) => Charset::ManyBytes(EUC_KR),
        _ if begins(&["shift-jis", "shiftjis", "sjis", "windows-31j", "windows31j", "ms-kanji"]) => {
            Charset::ManyBytes(SHIFT_JIS)
        }
        _ if begins(&["eucjp", "euc-jp", "ujis", "extended-unix-code-packed-format-for-japanese"]) => {
            Charset::ManyBytes(EUC_JP)
        }
        "usascii" | "iso646-us" | "iso-646" | "646" | "ansi" | "us" => ascii()?,
        _ if begins(&["ansi-x3"]) => ascii()?,
        _ => return None,
    })
}

/// ASCII; above 127 what Windows has, as browsers read it.
fn ascii() -> Option<Charset> {
    charset_decoder(b"us-ascii").map(|decoder| Charset::OneByte(OneByte::Parser(decoder)))
}

/// `8859-2`, `iso-latin-8859_2`, `iso8859-2-windows`.
fn by_part_of_iso_8859(label: &str) -> Option<Charset> {
    let (_, rest) = label.split_once("8859")?;
    let digits = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let decoder = charset_decoder(format!("iso-8859-{}", &digits[..end]).as_bytes())?;
    Some(Charset::OneByte(OneByte::Parser(decoder)))
}

/// A code page of DOS, Windows or IBM by its number: `cp437`, `IBM00858`, `windows-932`, `MS949`, `x-cp20936`, `1251`.
fn by_page(label: &str) -> Option<Charset> {
    let label = label.trim_start_matches("x-").trim_start_matches("ms-");
    let number = PAGE_PREFIXES.iter().find_map(|prefix| label.strip_prefix(prefix)).unwrap_or(label);
    let number = number.trim_start_matches('-');
    let number = number.strip_suffix("nec").unwrap_or(number);
    let page: u16 = number.trim_start_matches('0').parse().ok()?;
    page_of_unicode(page)
        .or_else(|| page_of_ibm(page))
        .or_else(|| codepage::to_encoding_no_replacement(page).and_then(Charset::of_encoding))
        .or_else(|| DECODING_TABLE_CP_MAP.get(&page).map(|table| Charset::OneByte(OneByte::CodePage(table))))
}

fn page_of_unicode(page: u16) -> Option<Charset> {
    Some(match page {
        1200 => Charset::Utf16(Order::Little),
        1201 => Charset::Utf16(Order::Big),
        12000 => Charset::Utf32(Order::Little),
        12001 => Charset::Utf32(Order::Big),
        65000 => Charset::Utf7,
        65001 | 1208 => Charset::Utf8,
        50225 => Charset::Iso2022Kr,
        50227 | 50229 => Charset::Iso2022Cn,
        52936 => Charset::Hz,
        _ => return None,
    })
}

/// IBM's numbers for what others have, too (IBM, "Coded character set identifiers").
fn page_of_ibm(page: u16) -> Option<Charset> {
    Some(match page {
        367 | 20127 => ascii()?,
        819 => Charset::of("iso-8859-1")?,
        813 => Charset::of("iso-8859-7")?,
        912 => Charset::of("iso-8859-2")?,
        915 => Charset::of("iso-8859-5")?,
        916 => Charset::of("iso-8859-8")?,
        920 => Charset::of("iso-8859-9")?,
        923 => Charset::of("iso-8859-15")?,
        878 => Charset::of("koi8-r")?,
        1168 => Charset::of("koi8-u")?,
        942 | 943 => Charset::ManyBytes(SHIFT_JIS),
        954 | 33722 | 51932 => Charset::ManyBytes(EUC_JP),
        970 | 1363 => Charset::ManyBytes(EUC_KR),
        1370 | 1373 => Charset::ManyBytes(BIG5),
        1381 | 1386 => Charset::ManyBytes(GBK),
        1392 => Charset::ManyBytes(GB18030),
        _ => return None,
    })
}
