//! [`Rule`]: a row of a table.

use crate::mail::Mail;
use switchback_guest::Category;

/// One thing to look for.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The name of the reason: `A` to `Z`, `0` to `9` and `_`.
    pub name: &'static str,
    /// What it adds to the log-odds that the message is unwanted; negative if it speaks for the message.
    pub weight: f64,
    /// The kind of unwanted mail that it points to; [`Category::Ham`] if it speaks for the message.
    pub category: Category,
    /// What was found, for a person to read.
    pub note: &'static str,
    /// Whether a message has it.
    pub applies: fn(&Mail) -> bool,
}

/// Shorthand for the tables: `rule(NAME, weight, category, note, test)`.
pub(crate) const fn rule(
    name: &'static str,
    weight: f64,
    category: Category,
    note: &'static str,
    applies: fn(&Mail) -> bool,
) -> Rule {
    Rule { name, weight, category, note, applies }
}

/// What the tests of the tables share.
#[cfg(test)]
pub(crate) mod tests {
    use crate::mail::Mail;
    use crate::phrases::Phrases;
    use crate::rules::RULES;
    use switchback_guest::MessageBuilder;

    /// Checks whether the rule of this name applies to a message.
    pub(crate) fn applies(name: &str, message: MessageBuilder) -> bool {
        let mail = Mail::read(&message.build(), &mut Phrases::new().unwrap());
        let rule = RULES.iter().copied().flatten().find(|rule| rule.name == name);
        (rule.unwrap_or_else(|| panic!("there is no rule {name}")).applies)(&mail)
    }
}
