//! The charts of the page, as SVG that stands in it.
//!
//! Colours are those of the light page; the style sheet gives them others in the dark.

use std::time::Duration;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, IntoFont as _, RGBColor, TextStyle};
use switchback::compare::{Band, Flips, Latency, Report};

use super::PageError;
use crate::show;

const TEXT: RGBColor = RGBColor(0x1f, 0x23, 0x28);
const QUIET: RGBColor = RGBColor(0x59, 0x63, 0x6e);
const LINE: RGBColor = RGBColor(0xd1, 0xd9, 0xe0);
const BEFORE: RGBColor = RGBColor(0x3b, 0x6e, 0xa8);
const AFTER: RGBColor = RGBColor(0xd9, 0x73, 0x0d);
const UP: RGBColor = RGBColor(0xc9, 0x3c, 0x4a);
const DOWN: RGBColor = RGBColor(0x1f, 0x8a, 0x7a);

/// The width of every chart, in its own units; the page scales it.
const WIDTH: u32 = 812;

/// Scores that the axis names.
const TICKS: [f64; 9] = [0.000_001, 0.0001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.9999, 0.999_999];

/// Characters of a name beside a bar.
const NAME_CHARS_MAX: usize = 22;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws a chart that a screen reader calls by its label.
fn chart(
    height: u32,
    label: &str,
    draw: impl FnOnce(&Canvas<'_>) -> Result<(), PageError>,
) -> Result<String, PageError> {
    let mut svg = String::new();
    {
        let canvas = Canvas(SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area());
        draw(&canvas)?;
        drawn(canvas.0.present())?;
    }
    // In a page the element needs no namespace, and with none the page has no address at all.
    let (_, drawing) = svg.split_once('>').ok_or_else(|| PageError::Chart("there is no element".to_owned()))?;
    let label = label.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    Ok(format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\">{drawing}"))
}

/// What is drawn on: plain shapes at places in units of the chart.
struct Canvas<'a>(Area<'a>);

impl Canvas<'_> {
    fn text(&self, text: &str, (x, y): (i32, i32), anchor: HPos, style: (u32, RGBColor)) -> Result<(), PageError> {
        let (size, colour) = style;
        let style =
            TextStyle::from(("sans-serif", size).into_font()).color(&colour).pos(Pos::new(anchor, VPos::Center));
        drawn(self.0.draw(&Text::new(text.to_owned(), (x, y), style)))
    }

    fn bar(&self, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Result<(), PageError> {
        drawn(self.0.draw(&Rectangle::new([from, to], colour.filled())))
    }

    fn line(&self, points: Vec<(i32, i32)>, colour: RGBColor, width: u32) -> Result<(), PageError> {
        drawn(self.0.draw(&PathElement::new(points, colour.stroke_width(width))))
    }

    fn surface(&self, points: Vec<(i32, i32)>, colour: RGBColor) -> Result<(), PageError> {
        drawn(self.0.draw(&Polygon::new(points, colour.mix(0.16).filled())))
    }
}

fn drawn<E: std::fmt::Display>(result: Result<(), E>) -> Result<(), PageError> {
    result.map_err(|error| PageError::Chart(error.to_string()))
}

/// Bars of flips: up and down, one behind the other, with what they are of.
pub(super) fn flips(label: &str, rows: &[(&str, Flips)]) -> Result<String, PageError> {
    const ROW: i32 = 30;
    const LEFT: i32 = 200;
    const LONGEST: i32 = 390;
    let largest = rows.iter().map(|(_, flips)| flips.flips()).max().unwrap_or(0).max(1);
    let width = |count: u64| (f64::from(LONGEST) * count as f64 / largest as f64).round() as i32;
    let height = u32::try_from(rows.len()).unwrap_or(0) * ROW as u32 + 12;
    chart(height, &format!("Flips {}; the table below has the numbers", label.to_lowercase()), |canvas| {
        canvas.line(vec![(LEFT, 4), (LEFT, i32::try_from(height)? - 4)], LINE, 1)?;
        for (index, (name, flips)) in rows.iter().enumerate() {
            let middle = i32::try_from(index)? * ROW + 6 + ROW / 2;
            let (top, bottom) = (middle - 9, middle + 9);
            let up = LEFT + width(flips.newly_flagged);
            let end = up + width(flips.no_longer_flagged);
            canvas.text(&show::printable(name, NAME_CHARS_MAX), (LEFT - 10, middle), HPos::Right, (17, TEXT))?;
            if flips.newly_flagged > 0 {
                canvas.bar((LEFT + 1, top), (up.max(LEFT + 2), bottom), UP)?;
            }
            if flips.no_longer_flagged > 0 {
                canvas.bar((up + 1, top), (end.max(up + 2), bottom), DOWN)?;
            }
            let share = show::share(flips.flips(), flips.messages);
            let said = format!("{} of {} ({share})", show::count(flips.flips()), show::count(flips.messages));
            canvas.text(&said, (end + 10, middle), HPos::Left, (16, QUIET))?;
        }
        Ok(())
    })
}

/// Both distributions of scores over log-odds, with the score from which messages are flagged.
pub(super) fn distribution(report: &Report, flagged_from: Option<f64>) -> Result<String, PageError> {
    let frame = Frame::around(&report.distribution);
    let label = "Distribution of the scores of both releases; the table below has means and percentiles";
    chart(Frame::HEIGHT, label, |canvas| {
        frame.draw_axes(canvas)?;
        let side = |count: fn(&Band) -> u64| {
            let all: u64 = report.distribution.iter().map(count).sum();
            report.distribution.iter().map(|band| count(band) as f64 / all.max(1) as f64).collect::<Vec<_>>()
        };
        let sides = [(side(|band| band.before), BEFORE), (side(|band| band.after), AFTER)];
        let highest = sides.iter().flat_map(|(shares, _)| shares).copied().fold(0.01, f64::max);
        for part in [0.5, 1.0] {
            frame.draw_level(canvas, part, highest)?;
        }
        for (shares, colour) in &sides {
            let outline = frame.outline(&report.distribution, shares, highest);
            canvas.surface(outline.clone(), *colour)?;
            canvas.line(outline, *colour, 2)?;
        }
        flagged_from.filter(|from| *from > 0.0 && *from < 1.0).map_or(Ok(()), |from| frame.draw_boundary(canvas, from))
    })
}

/// Where scores are on a chart.
struct Frame {
    /// In log-odds.
    from: f64,
    to: f64,
}

impl Frame {
    const HEIGHT: u32 = 290;
    const LEFT: i32 = 54;
    const RIGHT: i32 = 796;
    const TOP: i32 = 30;
    const BOTTOM: i32 = 246;

    /// A frame around every band that holds a score, and what lies between scores of 0.01 and 0.99.
    fn around(bands: &[Band]) -> Self {
        let held = || bands.iter().filter(|band| band.before + band.after > 0).map(edges);
        Self {
            from: held().map(|(from, _)| from).fold(-5.0, f64::min),
            to: held().map(|(_, to)| to).fold(5.0, f64::max),
        }
    }

    fn x(&self, log_odds: f64) -> i32 {
        let part = (log_odds - self.from) / (self.to - self.from);
        Self::LEFT + (part * f64::from(Self::RIGHT - Self::LEFT)).round() as i32
    }

    /// The height of a part, 0 to 1, of the frame.
    fn y(part: f64) -> i32 {
        Self::BOTTOM - (part * f64::from(Self::BOTTOM - Self::TOP)).round() as i32
    }

    /// Steps over the bands, closed at the bottom.
    fn outline(&self, bands: &[Band], shares: &[f64], highest: f64) -> Vec<(i32, i32)> {
        let mut points = vec![(self.x(self.from), Self::BOTTOM)];
        for (band, share) in bands.iter().zip(shares) {
            let (from, to) = edges(band);
            if from >= self.from && to <= self.to {
                let y = Self::y(share / highest);
                points.extend([(self.x(from), y), (self.x(to), y)]);
            }
        }
        points.push((self.x(self.to), Self::BOTTOM));
        points
    }

    fn draw_axes(&self, canvas: &Canvas<'_>) -> Result<(), PageError> {
        canvas.line(vec![(Self::LEFT, Self::BOTTOM), (Self::RIGHT, Self::BOTTOM)], QUIET, 1)?;
        let inside = TICKS.iter().map(|score| (score, (score / (1.0 - score)).ln()));
        for (score, log_odds) in inside.filter(|(_, at)| (self.from..=self.to).contains(at)) {
            let x = self.x(log_odds);
            canvas.line(vec![(x, Self::BOTTOM), (x, Self::BOTTOM + 5)], QUIET, 1)?;
            canvas.text(&score.to_string(), (x, Self::BOTTOM + 17), HPos::Center, (15, QUIET))?;
        }
        canvas.text("score", (Self::RIGHT, Self::BOTTOM + 36), HPos::Right, (15, QUIET))?;
        canvas.text("share of messages", (4, 10), HPos::Left, (15, QUIET))
    }

    fn draw_level(&self, canvas: &Canvas<'_>, part: f64, highest: f64) -> Result<(), PageError> {
        let y = Self::y(part);
        canvas.line(vec![(Self::LEFT, y), (Self::RIGHT, y)], LINE, 1)?;
        let share = 100.0 * part * highest;
        let decimals = if share < 10.0 { 1 } else { 0 };
        canvas.text(&format!("{share:.decimals$} %"), (Self::LEFT - 8, y), HPos::Right, (15, QUIET))
    }

    fn draw_boundary(&self, canvas: &Canvas<'_>, score: f64) -> Result<(), PageError> {
        const DASH: i32 = 6;
        let log_odds = (score / (1.0 - score)).ln();
        if !(self.from..=self.to).contains(&log_odds) {
            return Ok(());
        }
        let x = self.x(log_odds);
        for y in (Self::TOP - 12..Self::BOTTOM).step_by(2 * DASH as usize) {
            canvas.line(vec![(x, y), (x, (y + DASH).min(Self::BOTTOM))], QUIET, 1)?;
        }
        let (anchor, at) = if x > Self::RIGHT - 150 { (HPos::Right, x - 7) } else { (HPos::Left, x + 7) };
        canvas.text(&format!("flagged from {score}"), (at, Self::TOP - 8), anchor, (15, QUIET))
    }
}

/// Where a band begins and ends; those at the ends are as wide as the others.
fn edges(band: &Band) -> (f64, f64) {
    const WIDTH: f64 = 0.5;
    match (band.log_odds_from, band.log_odds_to) {
        (Some(from), Some(to)) => (from, to),
        (None, Some(to)) => (to - WIDTH, to),
        (Some(from), None) => (from, from + WIDTH),
        (None, None) => (-WIDTH, WIDTH),
    }
}

/// Bars of times, longer by one step for ten times as long.
pub(super) fn latency(report: &Report) -> Result<String, PageError> {
    const ROW: i32 = 24;
    const LEFT: i32 = 200;
    const LONGEST: i32 = 480;
    let sides = [(report.before.latency, BEFORE), (report.after.latency, AFTER)];
    let longest = sides.iter().filter_map(|(latency, _)| *latency).map(|latency| latency.max_us).max().unwrap_or(1);
    let decades = (longest.max(10) as f64).log10();
    let names = ["half of the messages", "99 of 100 messages", "the slowest message"];
    let figures = |latency: Latency| [latency.p50_us, latency.p99_us, latency.max_us];
    chart(3 * (2 * ROW as u32 + 12) + 4, "Time per message of both releases, on a logarithmic scale", |canvas| {
        for (group, name) in names.into_iter().enumerate() {
            let top = i32::try_from(group)? * (2 * ROW + 12) + 4;
            canvas.text(name, (LEFT - 10, top + ROW), HPos::Right, (17, TEXT))?;
            for (index, (latency, colour)) in sides.iter().enumerate() {
                let Some(us) = latency.map(|latency| figures(latency)[group]) else { continue };
                let y = top + i32::try_from(index)? * ROW;
                let part = (us.max(1) as f64).log10() / decades;
                let end = LEFT + 2 + (part * f64::from(LONGEST)).round() as i32;
                canvas.bar((LEFT, y + 3), (end, y + ROW - 3), *colour)?;
                canvas.text(&time(us), (end + 10, y + ROW / 2), HPos::Left, (16, QUIET))?;
            }
        }
        Ok(())
    })
}

/// `8.2 us`, for a chart.
fn time(us: u64) -> String {
    show::time(Duration::from_micros(us))
}
