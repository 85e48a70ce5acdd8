//! Layout and drawing of a chart.

use std::path::Path;

use super::axis::{self, Ticks};
use super::canvas::{Align, Canvas, Font};
use super::chart::{Chart, Curve, CurveLane, CurveStyle, HEIGHTS, Lane, MAX_LANES, Scale, SpanLane, WIDTHS};
use super::theme::*;
use crate::peaks::Peaks;
use crate::{Error, ErrorKind, atomic};

const LEFT: f32 = 84.0;
const RIGHT: f32 = 28.0;
const RIGHT_WITH_AXIS: f32 = 72.0;
const TOP: f32 = 58.0;
const MARKS: f32 = 24.0;
/// Title and legend above each lane, and the space between lanes.
const HEADER: f32 = 30.0;
const GAP: f32 = 12.0;
const BOTTOM: f32 = 42.0;
/// Distance of the lowest and highest value from the edge of a lane of curves.
const INSET: f32 = 7.0;

/// The rectangle of a lane in the picture, and its span of time in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlotArea {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    pub from: f64,
    pub to: f64,
}

impl PlotArea {
    pub fn x_at(&self, seconds: f64) -> f32 {
        self.x + ((seconds - self.from) / (self.to - self.from)) as f32 * self.width
    }

    fn y_at(&self, value: f64, (low, high): (f64, f64)) -> f32 {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        self.y + INSET + (self.height - 2.0 * INSET) * (1.0 - share as f32)
    }
}

impl Chart<'_> {
    /// Draws the chart as a PNG.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidChart`] for a size, span or range that cannot be drawn, or a chart without lanes.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        chart(self)?.png()
    }

    /// Draws the chart into the file `path`, which appears complete or not at all.
    ///
    /// # Errors
    /// As [`png`](Self::png), and as [`atomic::write`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        atomic::write(path, &self.png()?)
    }

    /// The chart as (width, height, RGBA bytes), for embedding elsewhere.
    ///
    /// # Errors
    /// As [`png`](Self::png).
    pub fn rgba(&self) -> Result<(u32, u32, Vec<u8>), Error> {
        let pixels = chart(self)?.rgba();
        Ok((self.width, (pixels.len() / 4) as u32 / self.width.max(1), pixels))
    }
}

fn chart(chart: &Chart<'_>) -> Result<Canvas, Error> {
    let (from, to) = check(chart)?;
    let has_right = chart.lanes.iter().any(|l| matches!(l, Lane::Curves(l) if l.curves.iter().any(|c| c.right)));
    let top = TOP + if chart.marks.is_empty() { 0.0 } else { MARKS };
    let lanes: f32 = chart.lanes.iter().map(|l| l.height() as f32 + HEADER + GAP).sum();
    let height = (top + lanes + BOTTOM) as u32;
    let Some(mut canvas) = Canvas::new(chart.width, height) else {
        return Err(refused("the picture size", format!("{} x {height}", chart.width), "draw a smaller picture"));
    };
    let right = if has_right { RIGHT_WITH_AXIS } else { RIGHT };
    let mut area = PlotArea { x: LEFT, y: top, width: chart.width as f32 - LEFT - right, height: 0.0, from, to };
    let times = axis::time(from, to, (area.width / 110.0) as usize);

    let title = Font::Title.fit(&chart.title, area.width);
    canvas.text(LEFT, 30.0, Align::Left, Font::Title, TEXT, &title);
    let beside = LEFT + Font::Title.width(&title) + 20.0;
    canvas.text(beside, 31.0, Align::Left, Font::Small, DIM, &chart.subtitle);
    for lane in &chart.lanes {
        area.y += HEADER;
        area.height = lane.height() as f32;
        canvas.rect(area.x, area.y, area.width, area.height, LANE, 1.0);
        for &t in &times.at {
            canvas.rect(area.x_at(t).round(), area.y, 1.0, area.height, GRID, 1.0);
        }
        match lane {
            Lane::Waveform { title, peaks, .. } => {
                heading(&mut canvas, area, title, &[("peak".into(), PEAK), ("RMS".into(), RMS)]);
                waveform(&mut canvas, area, peaks);
            }
            Lane::Curves(lines) => curves(&mut canvas, area, lines),
            Lane::Spans(lane) => spans(&mut canvas, area, lane),
        }
        area.y += area.height + GAP;
    }
    time_axis(&mut canvas, area, &times);
    marks(&mut canvas, PlotArea { y: TOP, height: area.y - GAP - TOP, ..area }, &chart.marks);
    Ok(canvas)
}

pub(super) fn refused(what: &'static str, value: String, way_out: &'static str) -> Error {
    Error::refusal(ErrorKind::InvalidChart, what, value, way_out)
}

/// The time span to draw, after a check that the chart can be drawn.
fn check(chart: &Chart<'_>) -> Result<(f64, f64), Error> {
    if !WIDTHS.contains(&chart.width) {
        return Err(refused("the picture width", chart.width.to_string(), "choose 480..=8192 pixels"));
    }
    if chart.lanes.is_empty() || chart.lanes.len() > MAX_LANES {
        return Err(refused("the number of lanes", chart.lanes.len().to_string(), "add 1..=32 lanes"));
    }
    if let Some(lane) = chart.lanes.iter().find(|l| !HEIGHTS.contains(&l.height())) {
        return Err(refused("a lane's height", lane.height().to_string(), "choose 40..=1000 pixels"));
    }
    for lane in &chart.lanes {
        let Lane::Curves(lines) = lane else { continue };
        for (low, high) in [lines.left.range, lines.right.range].into_iter().flatten() {
            if !(low.is_finite() && high.is_finite() && low < high) {
                return Err(refused("a value range", format!("{low}..{high}"), "give a finite range that rises"));
            }
        }
    }
    let (from, to) = chart.span.unwrap_or_else(|| (0.0, chart.lanes.iter().map(end).fold(0.0, f64::max)));
    if !(from.is_finite() && to.is_finite() && from >= 0.0 && to - from >= 1e-3) {
        return Err(refused("the time span", format!("{from}..{to} s"), "show at least a millisecond from 0 s on"));
    }
    Ok((from, to))
}

/// The end of a lane's content, seconds.
fn end(lane: &Lane<'_>) -> f64 {
    match lane {
        Lane::Waveform { peaks, .. } => peaks.seconds(),
        Lane::Curves(lines) => {
            let times = lines.curves.iter().flat_map(|c| &c.points).map(|p| p.0);
            times.filter(|t| t.is_finite()).fold(0.0, f64::max)
        }
        Lane::Spans(lane) => lane.spans.iter().map(|span| span.1).filter(|t| t.is_finite()).fold(0.0, f64::max),
    }
}

fn time_axis(canvas: &mut Canvas, area: PlotArea, times: &Ticks) {
    for &t in &times.at {
        let x = area.x_at(t);
        canvas.rect(x.round(), area.y - GAP, 1.0, 6.0, DIM, 1.0);
        canvas.text(x, area.y + 6.0, Align::Center, Font::Small, DIM, &axis::time_label(t, times.step));
    }
}

fn marks(canvas: &mut Canvas, area: PlotArea, marks: &[(f64, String)]) {
    let mut free_from = f32::NEG_INFINITY;
    for (seconds, label) in marks.iter().filter(|m| (area.from..=area.to).contains(&m.0)) {
        let x = area.x_at(*seconds).round();
        canvas.rect(x, area.y + 18.0, 1.0, area.height - 18.0, TEXT, 0.35);
        // A label that would overlap the previous one is left out. Its line is still drawn.
        let width = Font::Small.width(label);
        let left = (x - width / 2.0).clamp(area.x, (area.x + area.width - width).max(area.x));
        if left >= free_from {
            canvas.text(left, area.y + 8.0, Align::Left, Font::Small, TEXT, label);
            free_from = left + width + 12.0;
        }
    }
}

pub(super) fn waveform(canvas: &mut Canvas, area: PlotArea, peaks: &Peaks) {
    let channels = peaks.channels().clamp(1, 8);
    let each = area.height / f32::from(channels);
    let columns = area.width as usize;
    let frames = |seconds: f64| (seconds * f64::from(peaks.sample_rate())) as usize;
    for channel in 0..channels {
        let lane = PlotArea { y: area.y + each * f32::from(channel), height: each, ..area };
        // Full scale is a little inside the edge.
        let (middle, unit) = (lane.y + each / 2.0, each / 2.0 * 0.94);
        let name = match (channels, channel) {
            (2, 0) => "L".to_owned(),
            (2, 1) => "R".to_owned(),
            (1, _) => String::new(),
            (_, n) => (n + 1).to_string(),
        };
        canvas.text(lane.x - 12.0, middle, Align::Right, Font::Strong, TEXT, &name);
        for (db, gain) in [("0 dB", 1.0), ("-6", 0.501)] {
            for side in [-1.0, 1.0] {
                canvas.rect(lane.x, (middle + side * unit * gain).round(), lane.width, 1.0, GRID, 1.0);
            }
            if channels <= 2 {
                canvas.text(lane.x - 32.0, middle - unit * gain, Align::Right, Font::Small, DIM, db);
            }
        }
        let bars = peaks.columns(channel, frames(lane.from)..frames(lane.to), columns);
        let x = |n: usize| lane.x + n as f32 + 0.5;
        let y = |value: f32| middle - value.clamp(-1.06, 1.06) * unit;
        // At least a hairline, so that silence is visible.
        let band = |high: &dyn Fn(usize) -> f32, low: &dyn Fn(usize) -> f32| -> Vec<(f32, f32)> {
            let upper = (0..columns).map(|n| (x(n), y(high(n)) - 0.4));
            upper.chain((0..columns).rev().map(|n| (x(n), y(low(n)) + 0.4))).collect()
        };
        let at = |n: usize| bars.get(n).copied().unwrap_or_default();
        canvas.shape(&band(&|n| at(n).max, &|n| at(n).min), PEAK, 1.0);
        canvas.shape(&band(&|n| at(n).rms.min(at(n).max), &|n| (-at(n).rms).max(at(n).min)), RMS, 0.9);
        for (n, bar) in bars.iter().enumerate() {
            if bar.max >= 1.0 {
                canvas.rect(lane.x + n as f32, y(1.06), 1.0, 4.0, CLIP, 1.0);
            }
            if bar.min <= -1.0 {
                canvas.rect(lane.x + n as f32, y(-1.06) - 4.0, 1.0, 4.0, CLIP, 1.0);
            }
        }
        if channel > 0 {
            canvas.rect(lane.x, lane.y.round(), lane.width, 1.0, BACKGROUND, 1.0);
        }
    }
}

/// Title at the left of a lane's header, names with their colours at the right.
fn heading(canvas: &mut Canvas, area: PlotArea, title: &str, legend: &[(String, Color)]) {
    let y = area.y - HEADER / 2.0 + 1.0;
    canvas.text(area.x, y, Align::Left, Font::Strong, TEXT, title);
    let mut x = area.x + area.width;
    for (name, color) in legend.iter().rev() {
        canvas.text(x, y, Align::Right, Font::Small, DIM, name);
        x -= Font::Small.width(name) + 8.0;
        canvas.rect(x - 16.0, y - 2.0, 16.0, 4.0, *color, 1.0);
        x -= 16.0 + 20.0;
    }
}

/// Rectangles with their names, coloured in the order in which the names appear.
fn spans(canvas: &mut Canvas, area: PlotArea, lane: &SpanLane) {
    heading(canvas, area, &lane.title, &[]);
    let mut names: Vec<&str> = Vec::new();
    for (from, to, name) in &lane.spans {
        let number = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        let (from, to) = (from.max(area.from), to.min(area.to));
        if from >= to {
            continue;
        }
        let (left, right) = (area.x_at(from).round(), area.x_at(to).round());
        let color = SERIES.get(number % SERIES.len()).copied().unwrap_or(TEXT);
        canvas.rect(left, area.y, (right - left - 1.0).max(1.0), area.height, color, 0.3);
        canvas.rect(left, area.y, 1.0, area.height, color, 0.9);
        if Font::Small.width(name) + 6.0 <= right - left {
            canvas.text((left + right) / 2.0, area.y + area.height / 2.0, Align::Center, Font::Small, TEXT, name);
        }
    }
}

fn curves(canvas: &mut Canvas, area: PlotArea, lines: &CurveLane) {
    let color = |n: usize, c: &Curve| c.color.or(SERIES.get(n % SERIES.len()).copied()).unwrap_or(TEXT);
    let name = |c: &Curve| match lines.right.unit.as_str() {
        unit if c.right && !unit.is_empty() => format!("{} ({unit})", c.name),
        _ => c.name.clone(),
    };
    let legend: Vec<_> = lines.curves.iter().enumerate().map(|(n, c)| (name(c), color(n, c))).collect();
    let title =
        if lines.left.unit.is_empty() { lines.title.clone() } else { format!("{} ({})", lines.title, lines.left.unit) };
    heading(canvas, area, &title, &legend);
    let (left, ticks) = scale(&lines.left, lines.curves.iter().filter(|c| !c.right), area);
    for &v in &ticks.at {
        let y = area.y_at(v, left);
        canvas.rect(area.x, (y - 0.5).round(), area.width, 1.0, if v == 0.0 { ZERO } else { GRID }, 1.0);
        canvas.text(area.x - 10.0, y, Align::Right, Font::Small, DIM, &axis::value_label(v, ticks.step));
    }
    let (right, ticks) = scale(&lines.right, lines.curves.iter().filter(|c| c.right), area);
    if lines.curves.iter().any(|c| c.right) {
        for &v in &ticks.at {
            let label = axis::value_label(v, ticks.step);
            canvas.text(area.x + area.width + 10.0, area.y_at(v, right), Align::Left, Font::Small, DIM, &label);
        }
    }
    // Areas are drawn first, so that they cover no line.
    let order =
        |area: bool| lines.curves.iter().enumerate().filter(move |(_, c)| (c.style == CurveStyle::Area) == area);
    for (n, curve) in order(true).chain(order(false)) {
        let range = if curve.right { right } else { left };
        for run in runs(curve, area, range) {
            if curve.style == CurveStyle::Area {
                let floor = area.y + area.height;
                let ends = [run.last(), run.first()].into_iter().flatten().map(|&(x, _)| (x, floor));
                let shape: Vec<_> = run.iter().copied().chain(ends).collect();
                canvas.shape(&shape, color(n, curve), 0.16);
                canvas.line(&run, 1.25, color(n, curve), 0.75);
            } else {
                canvas.line(&run, 2.0, color(n, curve), 1.0);
            }
        }
    }
}

/// The value range of an axis and its ticks. A range that follows its curves has a margin of 8 %.
fn scale<'c>(scale: &Scale, curves: impl Iterator<Item = &'c Curve>, area: PlotArea) -> ((f64, f64), Ticks) {
    let most = (area.height / 30.0).max(2.0) as usize;
    let range = scale.range.unwrap_or_else(|| {
        let values = curves.flat_map(|c| &c.points).map(|p| p.1).filter(|v| v.is_finite());
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        match high - low {
            span if span.is_finite() && span > 0.0 => (low - 0.08 * span, high + 0.08 * span),
            0.0 => (low - 1.0, high + 1.0),
            _ => (0.0, 1.0),
        }
    });
    (range, axis::value(range.0, range.1, most))
}

/// The parts of a curve without gaps that are inside the area, in pixels. Of many points in one column of pixels, only the first, the
/// extreme and the last ones are kept.
fn runs(curve: &Curve, area: PlotArea, range: (f64, f64)) -> Vec<Vec<(f32, f32)>> {
    let mut runs = Vec::new();
    let mut run: Vec<(f32, f32)> = Vec::new();
    let mut previous: Option<(f64, f64)> = None;
    for &(t, v) in &curve.points {
        if !(t.is_finite() && v.is_finite()) {
            runs.push(std::mem::take(&mut run));
            previous = None;
            continue;
        }
        let stair = previous.filter(|_| curve.style == CurveStyle::Steps).map(|(_, held)| (t, held));
        if let Some((t0, v0)) = previous {
            clip((t0, v0), stair.unwrap_or((t, v)), area, range, &mut run);
            if let Some(corner) = stair {
                clip(corner, (t, v), area, range, &mut run);
            }
        } else if (area.from..=area.to).contains(&t) {
            run.push((area.x_at(t), area.y_at(v, range)));
        }
        previous = Some((t, v));
    }
    // The last step lasts to the edge.
    if let (CurveStyle::Steps, Some((t, v))) = (curve.style, previous) {
        clip((t, v), (area.to.max(t), v), area, range, &mut run);
    }
    runs.push(run);
    runs.retain(|run| run.len() > 1);
    runs.into_iter().map(thin).collect()
}

/// Appends the section of the line from `a` to `b` that is inside the time span.
fn clip(a: (f64, f64), b: (f64, f64), area: PlotArea, range: (f64, f64), run: &mut Vec<(f32, f32)>) {
    if b.0 < area.from || a.0 > area.to || b.0 < a.0 {
        return;
    }
    let at = |t: f64| if b.0 > a.0 { a.1 + (b.1 - a.1) * (t - a.0) / (b.0 - a.0) } else { b.1 };
    let start = if a.0 >= area.from { a } else { (area.from, at(area.from)) };
    let end = if b.0 <= area.to { b } else { (area.to, at(area.to)) };
    for (t, v) in [start, end] {
        let point = (area.x_at(t), area.y_at(v, range));
        if run.last() != Some(&point) {
            run.push(point);
        }
    }
}

fn thin(run: Vec<(f32, f32)>) -> Vec<(f32, f32)> {
    let mut kept = Vec::new();
    for column in run.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let by_y = |a: &&(f32, f32), b: &&(f32, f32)| a.1.total_cmp(&b.1);
        match (column, column.iter().min_by(by_y), column.iter().max_by(by_y)) {
            ([first, .., last], Some(low), Some(high)) if column.len() > 4 => kept.extend([*first, *low, *high, *last]),
            _ => kept.extend_from_slice(column),
        }
    }
    kept
}
