//! The data that texts are made of, read once.

use std::sync::LazyLock;

use crate::grammar::Grammar;

const RULES: [&str; 10] = [
    include_str!("data/common.txt"),
    include_str!("data/words.txt"),
    include_str!("data/furniture.txt"),
    include_str!("data/personal.txt"),
    include_str!("data/work.txt"),
    include_str!("data/bulk.txt"),
    include_str!("data/spam.txt"),
    include_str!("data/phish.txt"),
    include_str!("data/foreign.txt"),
    include_str!("data/modern.txt"),
];

/// Every rule. The unit test below shows that the files parse.
#[expect(clippy::expect_used, reason = "the files are compiled in and a test parses them")]
pub(crate) static GRAMMAR: LazyLock<Grammar> =
    LazyLock::new(|| Grammar::parse(&RULES).expect("the rule files are sound"));

/// First names: as written, and as part of an address.
pub(crate) static FIRST_NAMES: LazyLock<Vec<[&str; 2]>> = LazyLock::new(|| rows(include_str!("data/people.txt")));

/// Surnames: as written, and as part of an address.
pub(crate) static SURNAMES: LazyLock<Vec<[&str; 2]>> = LazyLock::new(|| rows(include_str!("data/surnames.txt")));

/// Brands: name, domain, sector.
pub(crate) static BRANDS: LazyLock<Vec<[&str; 3]>> = LazyLock::new(|| rows(include_str!("data/brands.txt")));

fn rows<const N: usize>(table: &'static str) -> Vec<[&'static str; N]> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('|');
            std::array::from_fn(|_| columns.next().unwrap_or_default())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_files_are_sound() {
        Grammar::parse(&RULES).unwrap();
    }

    #[test]
    fn no_table_has_an_empty_cell() {
        assert!(FIRST_NAMES.iter().chain(SURNAMES.iter()).flatten().all(|cell| !cell.is_empty()));
        assert!(BRANDS.iter().flatten().all(|cell| !cell.is_empty()));
    }

    #[test]
    fn every_brand_lives_in_a_reserved_domain() {
        assert!(BRANDS.iter().all(|brand| brand[1].ends_with(".example")));
    }
}
