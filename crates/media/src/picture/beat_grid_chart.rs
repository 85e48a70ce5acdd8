//! A chart of waveforms with their beat grids and cues.

use std::path::Path;

use super::axis;
use super::canvas::{Align, Canvas, Font};
use super::chart::WIDTHS;
use super::draw::{PlotArea, refused, waveform};
use super::theme::*;
use crate::peaks::Peaks;
use crate::{Error, atomic};

const LEFT: f32 = 84.0;
const RIGHT: f32 = 28.0;
/// Height of the title, with and without a subtitle.
const TOP: f32 = 60.0;
const TOP_WITHOUT: f32 = 40.0;
/// Height of a row's title, above its cues.
const HEADER: f32 = 28.0;
/// Height of one level of cue labels, and the number of levels.
const LEVEL: f32 = 19.0;
const LEVELS: usize = 3;
/// Height of bar numbers and seconds below a row, and the space between rows.
const AXES: f32 = 40.0;
const GAP: f32 = 8.0;
/// The smallest distance between grid lines, in pixels. Closer lines would merge into a grey area.
const NEAREST_LINES: f32 = 5.0;
const NEAREST_NUMBERS: f32 = 44.0;
/// If bars are closer together than this number of pixels, only the numbered bars are strong, so that the waveform stays visible.
const NEAREST_STRONG: f32 = 16.0;

/// Opacity of grid lines.
const BAR: f32 = 0.7;
const BEAT: f32 = 0.22;

const HEIGHTS: std::ops::RangeInclusive<u32> = 200..=4000;
const MAX_ROWS: usize = 8;
const LEAST_LANE: f32 = 40.0;

/// A waveform with its own beats, cues and time axis.
#[derive(Clone, Debug)]
#[must_use]
pub struct WaveformRow<'a> {
    title: String,
    peaks: &'a Peaks,
    span: Option<(f64, f64)>,
    beats: Vec<(f64, bool)>,
    cues: Vec<(f64, String)>,
}

impl<'a> WaveformRow<'a> {
    /// All of `peaks` under the heading `title`.
    pub fn new(title: &str, peaks: &'a Peaks) -> Self {
        Self { title: title.to_owned(), peaks, span: None, beats: Vec::new(), cues: Vec::new() }
    }

    /// Shows only the time from `from` to `to`, seconds. All times of the row count from the start of its peaks.
    pub fn span(self, from: f64, to: f64) -> Self {
        Self { span: Some((from, to)), ..self }
    }

    /// Sets the beats. For each beat, `beats` has its time in seconds, and whether it is a downbeat. The bar of the first downbeat inside
    /// the span is bar 1.
    pub fn beats(self, beats: impl IntoIterator<Item = (f64, bool)>) -> Self {
        Self { beats: beats.into_iter().collect(), ..self }
    }

    /// Marks a cue point at `seconds`.
    pub fn cue(mut self, seconds: f64, label: &str) -> Self {
        self.cues.push((seconds, label.to_owned()));
        self
    }
}

/// A chart of waveforms in rows of the full width. For example, it shows an excerpt before and after a change of its tempo, with the bars
/// of both aligned.
///
/// ```no_run
/// # fn main() -> Result<(), crowd_media::Error> {
/// use crowd_media::picture::{BeatGridChart, WaveformRow};
/// use crowd_media::{open, peaks::Peaks};
///
/// let excerpt = Peaks::of(&open("excerpt.wav".as_ref(), &Default::default())?);
/// let beats = (0..64).map(|n| (f64::from(n) * 0.5, n % 4 == 0));
/// let row = WaveformRow::new("120 BPM", &excerpt).beats(beats).cue(8.0, "drop");
/// BeatGridChart::new("Track").row(row).write("excerpt.png".as_ref())?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct BeatGridChart<'a> {
    title: String,
    subtitle: String,
    width: u32,
    height: u32,
    rows: Vec<WaveformRow<'a>>,
}

impl<'a> BeatGridChart<'a> {
    /// An empty chart with the title `title`, 1600 pixels wide and 600 high.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), subtitle: String::new(), width: 1600, height: 600, rows: Vec::new() }
    }

    /// Sets a line below the title, in a dimmer colour.
    pub fn subtitle(self, text: &str) -> Self {
        Self { subtitle: text.to_owned(), ..self }
    }

    /// Sets the size in pixels. The width is 480..=8192. The height of all rows together is 200..=4000.
    pub fn size(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }

    /// Adds a row below the others. A chart has at most 8 rows.
    pub fn row(mut self, row: WaveformRow<'a>) -> Self {
        self.rows.push(row);
        self
    }

    /// Draws the chart as a PNG.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidChart`](crate::ErrorKind) for a size or span that cannot be drawn, no rows, or more than fit the height.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        self.draw()?.png()
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
        Ok((self.width, self.height, self.draw()?.rgba()))
    }

    fn draw(&self) -> Result<Canvas, Error> {
        let rows = self.lay_out()?;
        let Some(mut canvas) = Canvas::new(self.width, self.height) else {
            let size = format!("{} x {}", self.width, self.height);
            return Err(refused("the picture size", size, "draw a smaller picture"));
        };
        let width = self.width as f32 - LEFT - RIGHT;
        canvas.text(LEFT, 22.0, Align::Left, Font::Title, TEXT, &Font::Title.fit(&self.title, width));
        canvas.text(LEFT, 44.0, Align::Left, Font::Small, DIM, &Font::Small.fit(&self.subtitle, width));
        for (row, (area, labels)) in self.rows.iter().zip(&rows) {
            draw_row(&mut canvas, row, *area, labels);
        }
        Ok(canvas)
    }

    /// The colour of a cue, the same in every row.
    fn color(&self, text: &str) -> Color {
        let mut seen: Vec<&str> = Vec::new();
        for (_, label) in self.rows.iter().flat_map(|row| &row.cues) {
            if label == text {
                break;
            }
            if !seen.contains(&label.as_str()) {
                seen.push(label);
            }
        }
        // The first colour is that of the waveform.
        SERIES.get(seen.len() % (SERIES.len() - 1) + 1).copied().unwrap_or(TEXT)
    }

    /// The area of each row's waveform and the labels above it, after a check that the chart can be drawn.
    fn lay_out(&self) -> Result<Vec<(PlotArea, Vec<CueLabel<'_>>)>, Error> {
        if !WIDTHS.contains(&self.width) {
            return Err(refused("the picture width", self.width.to_string(), "choose 480..=8192 pixels"));
        }
        if !HEIGHTS.contains(&self.height) {
            return Err(refused("the picture height", self.height.to_string(), "choose 200..=4000 pixels"));
        }
        if self.rows.is_empty() || self.rows.len() > MAX_ROWS {
            return Err(refused("the number of rows", self.rows.len().to_string(), "add 1..=8 rows"));
        }
        let mut rows = Vec::new();
        for row in &self.rows {
            let (from, to) = row.span.unwrap_or((0.0, row.peaks.seconds()));
            if !(from.is_finite() && to.is_finite() && from >= 0.0 && to - from >= 1e-3) {
                let way_out = "show at least a millisecond from 0 s on";
                return Err(refused("a row's time span", format!("{from}..{to} s"), way_out));
            }
            let area = PlotArea { x: LEFT, y: 0.0, width: self.width as f32 - LEFT - RIGHT, height: 0.0, from, to };
            rows.push((area, labels(row, area, |text| self.color(text))));
        }
        let levels = |labels: &[CueLabel<'_>]| labels.iter().filter_map(|l| l.level).max().map_or(0, |level| level + 1);
        let fixed: f32 = rows.iter().map(|(_, labels)| HEADER + LEVEL * levels(labels) as f32 + AXES + GAP).sum();
        let top = if self.subtitle.is_empty() { TOP_WITHOUT } else { TOP };
        let lane = ((self.height as f32 - top - fixed) / rows.len() as f32).floor();
        if lane < LEAST_LANE {
            let way_out = "make the picture higher or draw fewer rows";
            return Err(refused("the height left for each waveform", format!("{lane:.0} pixels"), way_out));
        }
        let mut y = top;
        for (area, labels) in &mut rows {
            y += HEADER + LEVEL * levels(labels) as f32;
            (area.y, area.height) = (y, lane);
            y += lane + AXES + GAP;
        }
        Ok(rows)
    }
}

/// The label and line of a cue in the picture.
#[derive(Clone, Debug)]
struct CueLabel<'r> {
    line: f32,
    left: f32,
    text: &'r str,
    color: Color,
    /// The level above the waveform. `None` if all levels have a label there. Then only the line is drawn.
    level: Option<usize>,
}

impl CueLabel<'_> {
    fn width(text: &str) -> f32 {
        Font::Small.width(text) + 8.0
    }
}

/// The labels of a row. Each is on the lowest level on which it overlaps no other label.
fn labels<'r>(row: &'r WaveformRow<'_>, area: PlotArea, color: impl Fn(&str) -> Color) -> Vec<CueLabel<'r>> {
    // A cue at the end may be a fraction of a sample after the last sample. It is shown if it is rounded to the last pixel.
    let half_a_pixel = 0.5 * (area.to - area.from) / f64::from(area.width);
    let shown = area.from - half_a_pixel..=area.to + half_a_pixel;
    let mut cues: Vec<_> = row.cues.iter().filter(|(seconds, _)| shown.contains(seconds)).collect();
    cues.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free_from = [f32::NEG_INFINITY; LEVELS];
    let place = |(seconds, text): &'r (f64, String)| {
        let line = area.x_at(*seconds).round();
        let width = CueLabel::width(text);
        let left = line.min(area.x + area.width - width).max(area.x);
        let level = free_from.iter().position(|&free| left >= free).filter(|_| !text.is_empty());
        if let Some(free) = level.and_then(|level| free_from.get_mut(level)) {
            *free = left + width + 4.0;
        }
        CueLabel { line, left, text, color: color(text), level }
    };
    cues.into_iter().map(place).collect()
}

fn draw_row(canvas: &mut Canvas, row: &WaveformRow<'_>, area: PlotArea, labels: &[CueLabel<'_>]) {
    let levels = labels.iter().filter_map(|l| l.level).max().map_or(0, |level| level + 1);
    canvas.rect(area.x, area.y, area.width, area.height, LANE, 1.0);
    waveform(canvas, area, row.peaks);
    let title_y = area.y - LEVEL * levels as f32 - HEADER / 2.0 + 1.0;
    canvas.text(area.x, title_y, Align::Left, Font::Strong, TEXT, &Font::Strong.fit(&row.title, area.width));
    grid(canvas, row, area);
    let times = axis::time(area.from, area.to, (area.width / 110.0) as usize);
    let below = area.y + area.height;
    for &t in &times.at {
        let label = axis::time_label(t, times.step);
        canvas.text(area.x_at(t), below + 30.0, Align::Center, Font::Small, DIM, &label);
    }
    canvas.text(area.x - 32.0, below + 30.0, Align::Right, Font::Small, DIM, "time");
    for label in labels {
        let top = label.level.map_or(area.y, |level| area.y - LEVEL * (level + 1) as f32);
        canvas.rect(label.line - 1.0, top, 2.0, below - top, label.color, 0.95);
    }
    for label in labels {
        let Some(level) = label.level else { continue };
        let top = area.y - LEVEL * (level + 1) as f32;
        canvas.rect(label.left, top, CueLabel::width(label.text), LEVEL - 2.0, label.color, 1.0);
        canvas.text(label.left + 4.0, top + LEVEL / 2.0 - 1.0, Align::Left, Font::Small, BACKGROUND, label.text);
    }
}

/// Draws beats over the waveform. Bars are stronger, and are numbered. If bars are too close together, only every 2nd, 4th, 8th... is
/// drawn.
fn grid(canvas: &mut Canvas, row: &WaveformRow<'_>, area: PlotArea) {
    let mut beats: Vec<_> = row.beats.iter().filter(|b| (area.from..=area.to).contains(&b.0)).collect();
    beats.sort_by(|a, b| a.0.total_cmp(&b.0));
    if beats.len() as f32 * NEAREST_LINES <= area.width {
        for (seconds, _) in beats.iter().filter(|b| !b.1) {
            canvas.rect(area.x_at(*seconds).round(), area.y, 1.0, area.height, TEXT, BEAT);
        }
    }
    let bars: Vec<f64> = beats.iter().filter(|b| b.1).map(|b| b.0).collect();
    let every = |nearest: f32| {
        let most = (area.width / nearest).max(1.0) as usize;
        bars.len().div_ceil(most).next_power_of_two()
    };
    let (lines, numbers, all_strong) = (every(NEAREST_LINES), every(NEAREST_NUMBERS), every(NEAREST_STRONG) == 1);
    let below = area.y + area.height;
    for (n, &seconds) in bars.iter().enumerate().step_by(lines) {
        let x = area.x_at(seconds);
        let alpha = if all_strong || n.is_multiple_of(numbers) { BAR } else { BEAT };
        canvas.rect(x.round(), area.y, 1.0, area.height, TEXT, alpha);
        if n.is_multiple_of(numbers) {
            canvas.rect(x.round(), below, 1.0, 5.0, TEXT, BAR);
            canvas.text(x, below + 13.0, Align::Center, Font::Strong, TEXT, &(n + 1).to_string());
        }
    }
    if !bars.is_empty() {
        canvas.text(area.x - 32.0, below + 13.0, Align::Right, Font::Small, DIM, "bar");
    }
}
