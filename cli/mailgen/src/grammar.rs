//! Text from rules: a context-free grammar whose alternatives are picked by dice.
//!
//! A rule file is lines of text. `:name` begins a rule; each line after it is an alternative; `#`
//! begins a comment. Within an alternative
//!
//! | written | stands for |
//! |---|---|
//! | `{name}` | an alternative of that rule |
//! | `{^name}` | the same, beginning with a capital |
//! | `{a|b|}` | one of these, of which the last is nothing |
//! | `{#2-40}` | a whole number in that range |
//! | `{$5-300}` | an amount of money with two decimals |
//! | `{NAME}` | a fact of this message, see [`Fact`] |
//! | `¶` | a paragraph's end |
//! | `↵` | a line's end |

use std::collections::HashMap;

use crate::dice::Dice;
use crate::facts::{Fact, Facts};

/// The rules of all rule files together.
#[derive(Debug)]
pub(crate) struct Grammar {
    rules: Vec<Vec<Vec<Node>>>,
    names: HashMap<&'static str, usize>,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Rule { index: usize, capital: bool },
    Choice(Vec<Vec<Node>>),
    Number(u32, u32),
    Money(u32, u32),
    Fact(Fact),
}

impl Grammar {
    /// Reads rule files. The error names the rule and what is wrong with it.
    pub(crate) fn parse(files: &[&'static str]) -> Result<Self, String> {
        let mut names = HashMap::new();
        let mut sources: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
        for line in files.iter().flat_map(|file| file.lines()) {
            if let Some(name) = line.strip_prefix(':') {
                if names.insert(name, sources.len()).is_some() {
                    return Err(format!("rule {name} is there twice"));
                }
                sources.push((name, Vec::new()));
            } else if !line.is_empty() && !line.starts_with('#') {
                let (_, lines) = sources.last_mut().ok_or("text before the first rule")?;
                lines.push(line);
            }
        }
        let rules = sources
            .iter()
            .map(|(name, lines)| {
                if lines.is_empty() {
                    return Err(format!("rule {name} is empty"));
                }
                let parsed: Result<Vec<_>, _> = lines.iter().map(|line| sequence(line, &names)).collect();
                parsed.map_err(|error| format!("rule {name}: {error}"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { rules, names })
    }

    /// Whether there is such a rule.
    #[cfg(test)]
    pub(crate) fn has(&self, rule: &str) -> bool {
        self.names.contains_key(rule)
    }

    /// Expands `rule`; empty if there is no such rule (the tables are checked by a test).
    pub(crate) fn expand(&self, rule: &str, facts: &Facts, dice: &mut Dice) -> String {
        let mut text = String::new();
        if let Some(index) = self.names.get(rule) {
            self.rule(*index, facts, dice, &mut text);
        }
        text
    }

    fn rule(&self, index: usize, facts: &Facts, dice: &mut Dice, text: &mut String) {
        self.nodes(dice.pick::<Vec<Node>>(&self.rules[index]), facts, dice, text);
    }

    fn nodes(&self, nodes: &[Node], facts: &Facts, dice: &mut Dice, text: &mut String) {
        for node in nodes {
            match node {
                Node::Text(fixed) => text.push_str(fixed),
                Node::Rule { index, capital: false } => self.rule(*index, facts, dice, text),
                Node::Rule { index, capital: true } => {
                    let start = text.len();
                    self.rule(*index, facts, dice, text);
                    capitalise(text, start);
                }
                Node::Choice(choices) => self.nodes(dice.pick::<Vec<Node>>(choices), facts, dice, text),
                Node::Number(low, high) => text.push_str(&dice.between(*low, *high).to_string()),
                Node::Money(low, high) => {
                    let whole = dice.between(*low, *high);
                    text.push_str(&format!("{whole}.{:02}", dice.below(100)));
                }
                Node::Fact(fact) => text.push_str(facts.of(*fact)),
            }
        }
    }
}

fn capitalise(text: &mut String, start: usize) {
    if let Some(first) = text[start..].chars().next() {
        let end = start + first.len_utf8();
        text.replace_range(start..end, &first.to_uppercase().to_string());
    }
}

fn sequence(source: &str, names: &HashMap<&'static str, usize>) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    let mut rest = source;
    while let Some(open) = rest.find('{') {
        push_text(&mut nodes, &rest[..open]);
        let inner = braced(&rest[open + 1..])?;
        nodes.push(slot(inner, names)?);
        rest = &rest[open + inner.len() + 2..];
    }
    push_text(&mut nodes, rest);
    Ok(nodes)
}

fn push_text(nodes: &mut Vec<Node>, text: &str) {
    if !text.is_empty() {
        nodes.push(Node::Text(text.replace('¶', "\n\n").replace('↵', "\n")));
    }
}

/// What is between an opening brace, which `source` comes after, and the brace that closes it.
fn braced(source: &str) -> Result<&str, String> {
    let mut depth = 0;
    for (index, character) in source.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Ok(&source[..index]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    Err(format!("no closing brace after {{{source}"))
}

fn slot(inner: &str, names: &HashMap<&'static str, usize>) -> Result<Node, String> {
    if let Some(range) = inner.strip_prefix('#') {
        return numbers(range).map(|(low, high)| Node::Number(low, high));
    }
    if let Some(range) = inner.strip_prefix('$') {
        return numbers(range).map(|(low, high)| Node::Money(low, high));
    }
    let choices = split_choices(inner);
    if choices.len() > 1 {
        let parsed = choices.iter().map(|choice| sequence(choice, names));
        return parsed.collect::<Result<_, _>>().map(Node::Choice);
    }
    if let Some(fact) = Fact::named(inner) {
        return Ok(Node::Fact(fact));
    }
    let name = inner.strip_prefix('^').unwrap_or(inner);
    let index = *names.get(name).ok_or_else(|| format!("no rule {name}"))?;
    Ok(Node::Rule { index, capital: name.len() < inner.len() })
}

fn numbers(range: &str) -> Result<(u32, u32), String> {
    let parse = |text: &str| text.parse().map_err(|_| format!("not a range: {range}"));
    let (low, high) = range.split_once('-').ok_or_else(|| format!("not a range: {range}"))?;
    Ok((parse(low)?, parse(high)?))
}

fn split_choices(inner: &str) -> Vec<&str> {
    let (mut depth, mut start, mut choices) = (0, 0, Vec::new());
    for (index, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            '|' if depth == 0 => {
                choices.push(&inner[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    choices.push(&inner[start..]);
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(source: &'static str) -> String {
        let grammar = Grammar::parse(&[source]).unwrap();
        grammar.expand("start", &Facts::default(), &mut Dice::new(1, 1))
    }

    #[test]
    fn rules_choices_and_numbers_nest() {
        let text = expand(":start\n{^word} {one {word}|one {word}} {#7-7} {$3-3}¶end\n:word\nfox\n");
        assert!(text.starts_with("Fox one fox 7 3."), "{text}");
        assert!(text.ends_with("\n\nend"), "{text}");
    }

    #[test]
    fn mistakes_are_named() {
        let error = |source| Grammar::parse(&[source]).unwrap_err();
        assert_eq!(error(":a\n{b}"), "rule a: no rule b");
        assert_eq!(error(":a\n:b\nx"), "rule a is empty");
        assert!(error(":a\nx {y").contains("no closing brace"));
        assert!(error(":a\n{#3}").contains("not a range"));
    }
}
