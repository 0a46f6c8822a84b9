//! The rules, a table for each thing that is looked at.

use crate::rule::Rule;

mod attachments;
mod authentication;
mod form;
mod links;
mod sender;
mod subject;
mod text;

/// All tables.
pub const RULES: &[&[Rule]] =
    &[sender::RULES, subject::RULES, links::RULES, authentication::RULES, attachments::RULES, form::RULES, text::RULES];
