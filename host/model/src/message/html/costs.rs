//! What pages cost that are made to cost much: bytes looked at, not time.

use super::Page;
use super::scanner::work;

/// How many bytes are looked at to read a page.
fn work(page: &str) -> usize {
    work::BYTES.set(0);
    let _ = Page::read(page);
    work::BYTES.get()
}

/// Twice as much of it costs about twice as much (commonmark-java#447, AngleSharp#1251, html5ever#788).
#[test]
fn what_a_page_costs_is_linear_whatever_is_left_open() {
    const PIECES: &[&str] = &[
        "<",
        "</",
        "<!",
        "<?",
        "<!-",
        "<!--",
        "<!-- >",
        "<!-->",
        "<![if",
        "<!--[if mso]>",
        "<!--[if !mso]><!-->",
        "<a ",
        "<a b='",
        "<a b=\"'",
        "<a =",
        "<a/",
        "<a b",
        "<a b=",
        "</a ",
        "<style>",
        "<style><b>",
        "<title>",
        "<script>",
        "<script><!--",
        "<script><!--<script>",
        "<svg><style>",
        "<svg><style><b>",
        "<svg><script>",
        "&",
        "&#",
        "&#x",
        "&#1",
        "&a",
        "&nbsp",
        "<pre>",
        "<ul><li>",
        "<ol><li>a",
        "<table><tr><td>",
        "<b>",
        "<b></i>",
        "</b>",
        "<p>",
        "<a href=x>",
        "<base href=x>",
        "<div style='display:none'>",
        "<div hidden><p>",
        "<div hidden></p>",
        "<table hidden><td>",
        "<p hidden></b>",
        "<li hidden><ul>",
        "<i style='font-size:0'>a",
        "<i style='",
        "<i style='display:none;",
        " ",
        "\r",
        "\0",
        "\u{a0}",
        "é",
    ];
    const BYTES: usize = 50_000;
    for start in ["", "<svg>", "<!--[if mso]>", "<div hidden>"] {
        for piece in PIECES {
            let page = |bytes: usize| format!("{start}{}", piece.repeat(bytes / piece.len()));
            let (one, two) = (work(&page(BYTES)), work(&page(2 * BYTES)));
            assert!(two * 2 <= one * 5, "{start}{piece}: {one}, then {two}");
            assert!(two <= 100 * BYTES, "{start}{piece}: {two}");
        }
    }
}

/// Rspamd's parser of HTML leaves out what is behind 8,192 tags.
#[test]
fn what_is_behind_any_number_of_tags_is_read() {
    for tags in ["<b>", "<ul><li>", "<div hidden>", "<table><tr><td>", "<br>", "<!-- -->"] {
        let page = Page::read(&format!("{}<a href=http://x.example>here</a>", tags.repeat(50_000)));
        assert_eq!(page.anchors.len(), 1, "{tags}");
        assert!(page.text.ends_with("here"), "{tags}");
    }
}
