//! What the compiler says to the usual mistakes with the macro. After a change of wording, or with a new
//! compiler: `TRYBUILD=overwrite cargo test --release -p switchback-guest`, and read the difference.

#[test]
fn mistakes_are_told_in_words_that_help() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/mistakes/none.rs");
    cases.compile_fail("tests/mistakes/no_scorer.rs");
    cases.compile_fail("tests/mistakes/no_type.rs");
    cases.compile_fail("tests/mistakes/two_types.rs");
    cases.compile_fail("tests/mistakes/exported_twice.rs");
}
