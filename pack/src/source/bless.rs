//! Writes what self-tests expect into a manifest, and leaves the rest of it, to the byte, as the author wrote it.

use std::ops::Range;

use switchback::release::SelfTest;
use toml_edit::{Document, Item, TableLike, Value};

/// The text with what its self-tests expect, in their order. A category is written only where there is one.
pub(super) fn with_expectations(text: &str, tests: &[SelfTest]) -> Result<String, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let tables = self_tests(document.as_item());
    if tables.len() != tests.len() {
        return Err(format!("it has {} self-tests now, and had {} when packing began", tables.len(), tests.len()));
    }
    let mut changed = text.to_owned();
    // From the end on, so that places before it stay where they are.
    for (table, test) in tables.iter().zip(tests).rev() {
        let mut edits: Vec<_> = edits(text, *table, test).collect();
        edits.sort_by_key(|(place, _)| place.start);
        for (place, new) in edits.into_iter().rev() {
            changed.replace_range(place, &new);
        }
    }
    Ok(changed)
}

/// The entries of `[[self_test]]`, or of `self_test = [{ .. }]`.
fn self_tests(document: &Item) -> Vec<&dyn TableLike> {
    match document.get("self_test") {
        Some(Item::ArrayOfTables(tables)) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Some(Item::Value(Value::Array(array))) => {
            array.iter().filter_map(Value::as_inline_table).map(|table| table as &dyn TableLike).collect()
        }
        _ => Vec::new(),
    }
}

/// What to put where.
fn edits<'a>(
    text: &'a str,
    table: &'a dyn TableLike,
    test: &'a SelfTest,
) -> impl Iterator<Item = (Range<usize>, String)> + use<'a> {
    let score = match table.get("score") {
        Some(item) if number(item).is_some_and(|old| old.to_bits() == test.score.to_bits()) => None,
        Some(item) => item.span().map(|place| (place, Value::from(test.score).to_string())),
        None if test.abstains => None,
        None => table.get("message").and_then(Item::span).map(|message| missing_score(text, message, test.score)),
    };
    let category = table.get("category").zip(test.category).filter(|(old, new)| old.as_str() != Some(new.name()));
    let category = category.and_then(|(old, new)| Some((old.span()?, Value::from(new.name()).to_string())));
    score.into_iter().chain(category)
}

fn number(item: &Item) -> Option<f64> {
    item.as_float().or_else(|| item.as_integer().map(|whole| whole as f64))
}

/// Where a score goes that is not there yet: behind the message, in its table or on a line of its own.
fn missing_score(text: &str, message: Range<usize>, score: f64) -> (Range<usize>, String) {
    let score = Value::from(score);
    let rest = &text[message.end..];
    let is_inline = rest.trim_start().starts_with([',', '}']);
    if is_inline {
        return (message.end..message.end, format!(", score = {score}"));
    }
    let line_end =
        message.end + rest.find('\n').map_or(rest.len(), |end| end - usize::from(rest[..end].ends_with('\r')));
    let new_line = if text.contains("\r\n") { "\r\n" } else { "\n" };
    (line_end..line_end, format!("{new_line}score = {score}"))
}

#[cfg(test)]
mod tests {
    use switchback::Category;

    use super::*;

    const MANIFEST: &str = "# head\n[[self_test]]\nmessage = \"a\"\nscore = 0.5 # why\n\n[[self_test]] # two\ncategory  =  'ham'   # so\n\
                            message = \"b\" # last";

    fn test(score: f64, category: Option<Category>) -> SelfTest {
        let mut test = SelfTest::new("", "", score);
        test.category = category;
        test
    }

    fn blessed(text: &str, tests: &[(f64, Option<Category>)]) -> String {
        let tests: Vec<_> = tests.iter().map(|(score, category)| test(*score, *category)).collect();
        with_expectations(text, &tests).unwrap()
    }

    #[test]
    fn expectations_are_written_and_everything_else_stays() {
        let answers = [(0.25, None), (0.75, Some(Category::Spam))];
        let expected = "# head\n[[self_test]]\nmessage = \"a\"\nscore = 0.25 # why\n\n[[self_test]] # two\ncategory  =  \"spam\"   # so\n\
                        message = \"b\" # last\nscore = 0.75";
        assert_eq!(blessed(MANIFEST, &answers), expected);
        let windows = |text: &str| text.replace('\n', "\r\n");
        assert_eq!(blessed(&windows(MANIFEST), &answers), windows(expected));
        let marked = |text: &str| format!("\u{feff}{text}");
        assert_eq!(blessed(&marked(MANIFEST), &answers), marked(expected));
        assert_eq!(blessed(expected, &answers), expected, "what is there already is not touched");
    }

    #[test]
    fn a_line_of_tables_keeps_its_form() {
        let inline =
            "self_test = [ { message = \"a\" }, {score=1,message='b', category='ham'},\n { message = \"c\" } ] # end\n";
        let expected = "self_test = [ { message = \"a\", score = 0.5 }, {score=1,message='b', category=\"bulk\"},\n { message = \"c\", score = 0.0 } ] # end\n";
        assert_eq!(blessed(inline, &[(0.5, None), (1.0, Some(Category::Bulk)), (0.0, None)]), expected);
    }

    #[test]
    fn a_score_reads_back_bit_for_bit() {
        for score in [0.0, 1.0, 5e-324, 0.1 + 0.2, 1.0 / 3.0, 1e-17, f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0] {
            let blessed = blessed("self_test = [{ message = \"a\" }]\n", &[(score, None)]);
            let back: toml_edit::DocumentMut = blessed.parse().unwrap();
            assert_eq!(back["self_test"][0]["score"].as_float().unwrap().to_bits(), score.to_bits(), "{blessed}");
        }
    }

    #[test]
    fn a_manifest_that_changed_meanwhile_is_not_touched() {
        assert!(with_expectations(MANIFEST, &[test(0.25, None)]).is_err());
    }
}
