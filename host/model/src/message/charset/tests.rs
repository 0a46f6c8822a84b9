use super::*;

fn decoded(label: &str, bytes: &[u8]) -> String {
    decode(Charset::of(label), Cow::Borrowed(bytes)).text
}

#[test]
fn character_sets_are_decoded() {
    for (label, bytes, expected) in [
        ("ISO-8859-1", &b"caf\xe9"[..], "café"),
        ("koi8-r", b"\xf0\xd2", "Пр"),
        ("utf-8", "café".as_bytes(), "café"),
        ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
        ("big5", b"\xa7\x41\xa6\x6e", "你好"),
        ("euc-jp", b"\xa5\xcf\xa5\xed", "ハロ"),
        ("iso-2022-jp", b"\x1b$B%O%m\x1b(B.", "ハロ."),
        ("utf-16le", b"a\0b\0", "ab"),
        ("utf-16be", b"\0a\0b", "ab"),
        ("utf-16", b"\xfe\xff\0a", "a"),
        ("utf-16le", b"\xfe\xff\0a", "a"),
        ("utf-32", b"\0\0\0a", "a"),
        ("utf-32le", b"\xff\xfe\0\0a\0\0\0", "a"),
    ] {
        assert_eq!(decoded(label, bytes), expected, "{label}");
    }
    let lost = decode(None, Cow::Borrowed(b"caf\xe9"));
    assert_eq!(lost, Decoded { text: "caf\u{fffd}".to_owned(), is_lossy: true });
}

#[test]
fn what_browsers_refuse_is_decoded() {
    for (label, bytes, expected) in [
        ("iso-2022-kr", &b"\x1b$)C\x0e>H3g\x0f hi\n\x0e<<0h\x0f"[..], "안녕 hi\n세계"),
        ("csISO2022KR", b"4\x1b$)C\x0e?y\x0f ok\n", "4월 ok\n"),
        ("iso-2022-kr", b"Verify your password", "Verify your password"),
        ("hz-gb-2312", b"~{<:Ky2;S{!#~} ok ~~ a~\nb", "己所不欲。 ok ~ ab"),
        ("HZ", b"Verify ~{VPND~} \n~{VP\nND", "Verify 中文 \n中\nND"),
        ("hz-gb-2312", b"a ~ b ~x", "a ~ b ~x"),
        ("iso-2022-cn", b"\x1b$)A\x0eVPND\x0f ok", "中文 ok"),
        // iconv -t ISO-2022-CN
        ("iso-2022-cn", b"\x1b$)A\x0eVPND\x0f \x1b$)G\x0edDz>\x1b$*H\x1bN!!\x0f", "中文 會議乂"),
        ("iso-2022-cn-ext", b"\x1b$)E\x0eVP\x0f\x1b$)A\x0eVP\x0f \x1b$+I\x1bO!!", "\u{fffd}中 \u{fffd}"),
    ] {
        assert_eq!(decoded(label, bytes), expected, "{label}");
    }
}

#[test]
fn a_shift_of_utf7_ends_with_the_text() {
    for (bytes, expected) in [
        ("Hello, World+ACE-", "Hello, World!"),
        ("Hi Mom -+Jjo--!", "Hi Mom -☺-!"),
        ("+ZeVnLIqe-", "日本語"),
        ("+ZeVnLIqe", "日本語"),
        ("a +ZeVnLIqe b", "a 日本語 b"),
        ("1 +- 1, 1+1", "1 + 1, 1+1"),
        ("C++ and +", "C++ and +"),
        ("+AGEAYg", "ab"),
        ("+2D3eCg-", "😊"),
        ("+2D0-", "\u{fffd}"),
    ] {
        assert_eq!(decoded("unicode-1-1-utf-7", bytes.as_bytes()), expected, "{bytes}");
    }
    assert_eq!(decoded("utf-7", "caf\u{e9}".as_bytes()), "café");
}

#[test]
fn labels_of_vendors_are_known() {
    for (labels, bytes, expected) in [
        (
            &["MS949", "cp949", "x-windows-949", "ks_c_5601-1987", "KS_C_5601-1992", "euc_kr", "CP51949", "uhc"][..],
            &b"\xbe\xc8"[..],
            "안",
        ),
        (
            &[
                "cp932",
                "windows-31j",
                "CSWindows31J",
                "x-sjis",
                "MS932",
                "Shift_JIS",
                "cp943",
                "x-ms-cp932",
                "ms_kanji",
            ],
            b"\x83\x6e",
            "ハ",
        ),
        (&["cp936", "MS936", "windows-936", "gb2312-80", "GB_2312-80", "x-gbk", "euc-cn", "cn-gb"], b"\xc4\xe3", "你"),
        (&["cp950", "windows-950", "MS950", "big5-eten", "cn-big5", "Big5-HKSCS:2004"], b"\xa7\x41", "你"),
        (&["cp437", "IBM437", "ibm-437", "csIBM437", "437", "cp850", "ibm00858"], b"\x82", "é"),
        (&["cp866", "ibm866", "866"], b"\x8f", "П"),
        (&["cp852", "IBM852"], b"\x88", "ł"),
        (&["windows-1251", "cp1251", "x-cp1251", "WIN-1251", "win1251", "1251", "ms-cp1251"], b"\xcf", "П"),
        (&["koi8_r", "cp878", "cp20866"], b"\xf0", "П"),
        (&["8859-2", "iso8859_2", "x-iso-8859-2", "latin2", "cp28592", "iso-8859-2:1987", "cp912"], b"\xb3", "ł"),
        (
            &["ANSI_X3.4-1968", "ansi_x3.110-1983", "us-ascii", "ASCII", "iso646-us", "cp367", "windows-1252", "l1"],
            b"\xe9",
            "é",
        ),
        (
            &[
                "utf8",
                "UTF_8",
                "\"utf-8\"",
                " 'UTF-8' ",
                "utf-8;format=flowed",
                "utf-8*en",
                "x-unicode-2-0-utf-8",
                "cp65001",
                "charset=utf-8",
                "unicode-1-1-utf-8",
            ],
            "é".as_bytes(),
            "é",
        ),
        (&["macintosh", "x-mac-roman", "cp10000"], b"\x8e", "é"),
    ] {
        for label in labels {
            assert_eq!(decoded(label, bytes), expected, "{label}");
        }
    }
    for unknown in ["", "\"\"", "klingon", "x-unknown", "cp99999", "8859", &"x".repeat(1_000), "cp"] {
        assert!(Charset::of(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn every_label_that_browsers_or_the_parser_know_is_known() {
    for label in
        ["utf-8", "ibm866", "iso-8859-16", "iso-8859-8-i", "x-mac-cyrillic", "gbk", "x-user-defined", "tis-620"]
    {
        assert!(Charset::of(label).is_some(), "{label}");
    }
}

#[test]
fn bytes_that_are_utf8_are_utf8() {
    let polish = "Dzień dobry";
    for label in
        ["us-ascii", "iso-8859-1", "windows-1252", "iso-8859-2", "windows-1251", "cp437", "iso-8859-15", "koi8-r"]
    {
        assert_eq!(decoded(label, polish.as_bytes()), polish, "{label}");
    }
    // Letters that Latin-1 has two of, too.
    assert_eq!(decoded("iso-8859-1", "você à".as_bytes()), "você à");
    assert_eq!(decoded("gb2312", "Привет мир".as_bytes()), "Привет мир");
    assert_eq!(decoded("windows-1251", "Привет".as_bytes()), "Привет");
    assert_eq!(decoded("gbk", "日 本".as_bytes()), "日 本", "what loses is not what it says");
}

#[test]
fn bytes_of_a_one_byte_character_set_are_not_taken_for_utf8() {
    for (label, bytes, expected) in [
        ("iso-8859-1", &b"caf\xe9 \xc3\xa9"[..], "café Ã©"),
        ("windows-1251", b"\xcd\xb3", "Ні"),
        ("windows-1251", b"\xe4\xb3\xbf", "дії"),
        ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
        ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
        ("tis-620", b"\xc2\xa1", "ยก"),
        ("iso-8859-7", b"\xc3\xe5\xe9\xdc", "Γειά"),
        ("gbk", b"\xc1\xaa\xcd\xa8", "联通"),
    ] {
        assert_eq!(decoded(label, bytes), expected, "{label}");
    }
}

#[test]
fn a_byte_order_mark_decides_and_is_no_text() {
    for label in ["utf-8", "us-ascii", "windows-1251", "gbk", "utf-16"] {
        assert_eq!(decoded(label, b"\xef\xbb\xbfhi"), "hi", "{label}");
    }
    assert_eq!(decode(None, Cow::Owned(b"\xef\xbb\xbfhi".to_vec())).text, "hi");
    for label in ["utf-8", "us-ascii", "utf-16be"] {
        assert_eq!(decoded(label, b"\xff\xfeh\0i\0"), "hi", "{label}");
    }
    assert_eq!(decoded("utf-8", b"\xfe\xff\0h\0i"), "hi");
    assert_eq!(decoded("iso-8859-1", b"\xff\xfebuy pills"), "ÿþbuy pills", "two bytes do not hide what follows");
    assert_eq!(decoded("utf-16", b"buy pills now."), "buy pills now.", "nor does the label");
    assert_eq!(decoded("utf-7", b"+/v8-hi"), "hi");
}

#[test]
fn a_page_declares_its_character_set() {
    let found =
        |html: &str| declared(html.as_bytes()).map(|charset| decode(Some(charset), Cow::Borrowed(b"\xcf\xf0")).text);
    for html in [
        "<meta charset=windows-1251>",
        "<META CHARSET='windows-1251' />",
        "<html><head><meta http-equiv=Content-Type content='text/html; charset=windows-1251'>",
        "<meta content=\"text/html;charset = windows-1251; x\" http-equiv=content-type>",
        "<!-- <meta charset=utf-8> --><meta charset=cp1251>",
    ] {
        assert_eq!(found(html).as_deref(), Some("Пр"), "{html}");
    }
    for html in ["<meta charset=utf-7>", "<p>charset=windows-1251", "<meta charset=klingon>", "<meta name=charset>"] {
        assert_eq!(found(html), None, "{html}");
    }
    assert_eq!(found(&format!("{}<meta charset=windows-1251>", " ".repeat(2_000))), None);
}

#[test]
fn no_two_byte_strings_have_one_literal_text() {
    let all: Vec<u8> = (0..=255).collect();
    let letters: std::collections::HashSet<String> = all.iter().map(|byte| literal(&[*byte])).collect();
    assert_eq!(letters.len(), 256);
    assert!(letters.iter().filter(|letter| !letter.is_ascii()).all(|letter| letter.chars().all(char::is_alphabetic)));
}

#[test]
fn a_usual_label_is_what_it_is_in_quotes() {
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    for label in ["us-ascii", "US-ASCII", "iso-8859-1", "ISO-8859-1", "Windows-1252", "utf-8"] {
        let [usual, quoted] = [label, &format!("\"{label}\"")].map(|label| Charset::of(label).unwrap());
        assert_eq!(usual.read(&bytes), quoted.read(&bytes), "{label}");
    }
}
