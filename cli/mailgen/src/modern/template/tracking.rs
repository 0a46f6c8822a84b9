//! Links that say who clicked, and where pictures lie.

use crate::dice::{Dice, alphabet};
use crate::draft::Story;

/// How a sender's links are written.
#[derive(Debug)]
pub(super) struct Tracking {
    style: Style,
    domain: String,
}

#[derive(Clone, Copy, Debug)]
enum Style {
    /// The sender's own pages, with what is to be counted as parameters.
    Parameters,
    /// A short token.
    Short,
    /// Everything, encrypted, in one token.
    Long,
}

impl Tracking {
    pub(super) fn draw(story: &Story<'_>, dice: &mut Dice) -> Self {
        let style = [Style::Parameters, Style::Short, Style::Long][dice.weighted([35, 35, 30])];
        Self { style, domain: story.sender.company_domain.clone() }
    }

    /// A link of its own for each place that it stands in.
    pub(super) fn link(&self, dice: &mut Dice) -> String {
        let domain = &self.domain;
        match self.style {
            Style::Parameters => format!(
                "https://www.{domain}/p/{}?utm_source=newsletter&utm_medium=email&utm_campaign={}&utm_content={}",
                dice.characters(alphabet::LOWER, 9),
                dice.characters(alphabet::LOWER_DIGITS, 10),
                dice.characters(alphabet::LOWER_DIGITS, 6)
            ),
            Style::Short => format!("https://click.{domain}/c/{}", dice.characters(alphabet::BASE64_URL, 64)),
            Style::Long => {
                let length = dice.between(150, 340) as usize;
                format!(
                    "https://url{}.{domain}/ls/click?upn=u001.{}",
                    dice.between(1000, 9999),
                    dice.characters(alphabet::BASE64_URL, length)
                )
            }
        }
    }

    /// Where a picture lies.
    pub(super) fn picture(&self, dice: &mut Dice) -> String {
        format!(
            "https://cdn.{}/i/{}/{}.png",
            self.domain,
            dice.characters(alphabet::HEX, 16),
            dice.characters(alphabet::LOWER_DIGITS, 10)
        )
    }
}
