//! Writes the scores of self-tests into a manifest and leaves the rest of it as the author wrote it.

use toml_edit::{DocumentMut, Item, TableLike, Value};

/// The text with the scores of its self-tests, in their order. Comments, order and spacing stay.
pub(super) fn with_scores(text: &str, scores: &[f64]) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error| format!("{error}"))?;
    let tests = self_tests(&mut document);
    if tests.len() != scores.len() {
        return Err(format!("it has {} self-tests now, and had {} when packing began", tests.len(), scores.len()));
    }
    for (test, score) in tests.into_iter().zip(scores) {
        set_score(test, *score);
    }
    Ok(document.to_string())
}

/// The entries of `[[self_test]]`, or of `self_test = [{ .. }]`.
fn self_tests(document: &mut DocumentMut) -> Vec<&mut dyn TableLike> {
    match document.get_mut("self_test") {
        Some(Item::ArrayOfTables(tables)) => tables.iter_mut().map(|table| table as &mut dyn TableLike).collect(),
        Some(Item::Value(Value::Array(array))) => {
            let tables = array.iter_mut().filter_map(Value::as_inline_table_mut);
            tables.map(|table| table as &mut dyn TableLike).collect()
        }
        _ => Vec::new(),
    }
}

fn set_score(test: &mut dyn TableLike, score: f64) {
    let mut value = Value::from(score);
    match test.get_mut("score") {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => {
            test.insert("score", Item::Value(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str =
        "# head\n[[self_test]]\nmessage = \"a\"\nscore = 0.5 # why\n\n[[self_test]] # two\nmessage = \"b\"\n";

    #[test]
    fn scores_are_written_and_everything_else_stays() {
        let blessed = with_scores(MANIFEST, &[0.25, 0.75]).unwrap();
        let expected = "# head\n[[self_test]]\nmessage = \"a\"\nscore = 0.25 # why\n\n[[self_test]] # two\nmessage = \"b\"\nscore = 0.75\n";
        assert_eq!(blessed, expected);
    }

    #[test]
    fn a_score_reads_back_bit_for_bit() {
        for score in [0.0, 1.0, 5e-324, 0.1 + 0.2, 1.0 / 3.0, 1e-17, f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0] {
            let blessed = with_scores("self_test = [{ message = \"a\" }]\n", &[score]).unwrap();
            let back: DocumentMut = blessed.parse().unwrap();
            assert_eq!(back["self_test"][0]["score"].as_float().unwrap().to_bits(), score.to_bits(), "{blessed}");
        }
    }

    #[test]
    fn a_manifest_that_changed_meanwhile_is_not_touched() {
        assert!(with_scores(MANIFEST, &[0.25]).is_err());
    }
}
