//! HTML of those who want to get past filters, and do not care how it looks.

use crate::dice::{Dice, alphabet};
use crate::draft::Draft;
use crate::scenario::Look;
use crate::text;

use super::phrase;

/// The page, and the same as text.
pub(super) fn page(draft: &Draft, dice: &mut Dice) -> (String, String) {
    let mut html = String::from("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n");
    if dice.chance(400) {
        html.push_str(&rules(dice));
    }
    html.push_str("</head><body bgcolor=\"#FFFFFF\">\n");
    if dice.chance(350) {
        html.push_str(&hidden(draft, dice));
    }
    let tables = dice.weighted([40, 20, 20, 12, 8]);
    for depth in 0..tables {
        html.push_str(&format!(
            "<table width=\"{}\" border=\"0\" cellpadding=\"{depth}\" cellspacing=\"0\" align=\"center\"><tbody><tr>\n\
             <td align=\"center\" style=\"padding:{}px;font-family:Arial,sans-serif\">\n",
            640 - 20 * depth,
            dice.between(0, 30)
        ));
    }
    if dice.chance(450) {
        html.push_str(&format!(
            "<a href=\"{0}\"><img src=\"https://{1}/{2}.png\" width=\"{3}\" border=\"0\" alt=\"\"></a><br>\n",
            text::escaped(&draft.url),
            draft.url.split('/').nth(2).unwrap_or_default(),
            dice.characters(alphabet::LOWER_DIGITS, 12),
            dice.between(120, 640)
        ));
    }
    html.push_str(&text::html(&draft.body, &draft.url, Look::Crude));
    html.push_str(&"</td></tr></tbody></table>\n".repeat(tables));
    html.push_str("<br><br>\n");
    html.push_str(&text::html(&draft.footer, &draft.url, Look::Crude));
    if dice.chance(300) {
        html.push_str(&hidden(draft, dice));
    }
    html.push_str("</body></html>\n");
    (html, text::wrapped(&text::plain(&draft.body, &draft.url), 76))
}

/// Words that a reader does not see.
fn hidden(draft: &Draft, dice: &mut Dice) -> String {
    let words: String = (0..dice.between(5, 60)).map(|_| format!("{}\n", phrase("noise", draft, dice))).collect();
    let how = *dice.pick(&["display:none", "font-size:0px;color:#ffffff", "max-height:0;overflow:hidden;opacity:0"]);
    format!("<div style=\"{how}\">{}</div>\n", text::escaped(&words))
}

/// A style sheet with names that mean nothing.
fn rules(dice: &mut Dice) -> String {
    let mut css = String::from("<style type=\"text/css\">\n");
    for _ in 0..dice.between(4, 60) {
        css.push_str(&format!(
            ".{}{{color:#{};padding:{}px;font-size:{}px}}\n",
            dice.characters(alphabet::LOWER, 9),
            dice.characters(alphabet::HEX, 6),
            dice.between(0, 40),
            dice.between(9, 28)
        ));
    }
    css.push_str("</style>\n");
    css
}
