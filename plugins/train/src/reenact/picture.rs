//! The picture of a re-enactment.

use std::fmt::Write as _;

use super::Reenactment;
use crate::corpora::Label;

const WIDTH: f64 = 900.0;
const PANEL: f64 = 180.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 40.0;
const GAP: f64 = 40.0;

/// Two panels, v1 above v2: each wanted message a dot, from left to right in the order of their dates, the higher the
/// higher its score. The line is where the guard took v2 back.
pub(super) fn svg(reenactment: &Reenactment) -> String {
    let wanted: Vec<_> = reenactment.mail.iter().enumerate().filter(|(_, mail)| mail.label == Label::Ham).collect();
    let step = (WIDTH - LEFT - 20.0) / wanted.len().max(1) as f64;
    let mut svg = String::new();
    // Writing to a text cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"20\">Wanted mail since 2025 in the order of its dates. Red: gmail.com; grey: others. Dashed: \
         what is above is junk.</text>\n",
        TOP + 2.0 * PANEL + GAP + 40.0
    );
    for (side, name) in ["v1", "v2"].into_iter().enumerate() {
        let top = TOP + side as f64 * (PANEL + GAP);
        let _ = writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{}\" height=\"{PANEL}\" fill=\"none\" stroke=\"#999\"/>\
             <line x1=\"{LEFT}\" x2=\"{}\" y1=\"{2}\" y2=\"{2}\" stroke=\"#999\" stroke-dasharray=\"4\"/>\
             <text x=\"8\" y=\"{2}\">{name}</text>",
            WIDTH - LEFT - 20.0,
            WIDTH - 20.0,
            top + PANEL / 2.0
        );
        for (number, (_, mail)) in wanted.iter().enumerate() {
            let (colour, radius) = if mail.is_gmail { ("#c22", 2.5) } else { ("#888", 1.8) };
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\" fill=\"{colour}\"/>",
                LEFT + (number as f64 + 0.5) * step,
                top + PANEL * (1.0 - mail.scores[side])
            );
        }
    }
    for (what, found) in [("warned", &reenactment.warned), ("reverted", &reenactment.acted)] {
        let Some((place, _)) = found else { continue };
        let before = wanted.iter().filter(|(number, _)| number <= place).count();
        let x = LEFT + before as f64 * step;
        let bottom = TOP + 2.0 * PANEL + GAP;
        let y = bottom + if what == "warned" { 14.0 } else { 30.0 };
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\" stroke=\"#06c\"/>\
             <text x=\"{:.1}\" y=\"{y}\" fill=\"#06c\">{what} {}</text>",
            x + 4.0,
            reenactment.mail[*place].date.get(..10).unwrap_or_default()
        );
    }
    svg + "</svg>\n"
}
