//! Pictures over time, as PNG: a [`Chart`] stacks waveforms and curves over one time axis, a [`Part`] shows a piece of
//! music on its beat grid.
//!
//! ```no_run
//! # fn main() -> Result<(), crowd_media::Error> {
//! use crowd_media::picture::{Chart, Curve, Lines};
//! use crowd_media::{open, peaks::Peaks};
//!
//! let master = Peaks::of(&open("master.wav".as_ref(), &Default::default())?);
//! let levels = Lines::new("Deck levels")
//!     .range(0.0, 1.0)
//!     .curve(Curve::new("A", vec![(0.0, 1.0), (20.0, 0.0)]))
//!     .curve(Curve::new("B", vec![(0.0, 0.0), (20.0, 1.0)]));
//! Chart::new("A into B").waveform("Master", &master).lines(levels).write("mix.png".as_ref())?;
//! # Ok(())
//! # }
//! ```

mod axis;
mod canvas;
mod draw;
mod part;
mod theme;

use std::path::Path;

pub use part::{Part, Row};
pub use theme::Color;

use canvas::Canvas;

use crate::peaks::Peaks;
use crate::{Error, atomic};

/// Narrowest and widest picture, pixels.
const WIDTHS: std::ops::RangeInclusive<u32> = 480..=8192;
/// Most lanes and highest lane that still make sense in one picture.
const MAX_LANES: usize = 32;
const HEIGHTS: std::ops::RangeInclusive<u32> = 40..=1000;

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Straight lines between the points.
    Line,
    /// Each value holds until the next point.
    Steps,
    /// A line with the area under it tinted.
    Area,
}

/// A named curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
    style: Style,
    color: Option<Color>,
    right: bool,
}

impl Curve {
    /// A curve through `points` of (seconds, value), in rising time. A value that is not finite leaves a gap.
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, style: Style::Line, color: None, right: false }
    }

    /// Chooses how the curve is drawn; [`Style::Line`] otherwise.
    pub fn style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// Chooses the colour; otherwise the theme gives each curve of a lane its own.
    pub fn color(self, color: Color) -> Self {
        Self { color: Some(color), ..self }
    }

    /// Measures the curve on the lane's right-hand axis, see [`Lines::right`].
    pub fn on_right(self) -> Self {
        Self { right: true, ..self }
    }
}

/// A value axis.
#[derive(Clone, Debug, Default, PartialEq)]
struct Scale {
    unit: String,
    range: Option<(f64, f64)>,
}

/// A lane of curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    title: String,
    height: u32,
    left: Scale,
    right: Scale,
    curves: Vec<Curve>,
}

impl Lines {
    /// A lane called `title`, 130 pixels high.
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            height: 130,
            left: Scale::default(),
            right: Scale::default(),
            curves: Vec::new(),
        }
    }

    /// Names the unit of the values ("BPM", "dB").
    pub fn unit(mut self, unit: &str) -> Self {
        unit.clone_into(&mut self.left.unit);
        self
    }

    /// Fixes the range of the values; otherwise it follows the curves. Values outside are drawn at the edge.
    pub fn range(mut self, from: f64, to: f64) -> Self {
        self.left.range = Some((from, to));
        self
    }

    /// Adds a right-hand axis for the curves that are [`Curve::on_right`].
    pub fn right(mut self, unit: &str, from: f64, to: f64) -> Self {
        self.right = Scale { unit: unit.to_owned(), range: Some((from, to)) };
        self
    }

    /// Sets the height in pixels, 40..=1000.
    pub fn height(self, height: u32) -> Self {
        Self { height, ..self }
    }

    /// Adds a curve.
    pub fn curve(mut self, curve: Curve) -> Self {
        self.curves.push(curve);
        self
    }
}

#[derive(Clone, Debug)]
enum Lane<'a> {
    Waveform { title: String, height: u32, peaks: &'a Peaks },
    Lines(Lines),
}

impl Lane<'_> {
    fn height(&self) -> u32 {
        match self {
            Self::Waveform { height, .. } => *height,
            Self::Lines(lines) => lines.height,
        }
    }
}

/// Lanes over one time axis.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    title: String,
    subtitle: String,
    width: u32,
    span: Option<(f64, f64)>,
    lanes: Vec<Lane<'a>>,
    marks: Vec<(f64, String)>,
}

impl<'a> Chart<'a> {
    /// An empty chart called `title`, 1600 pixels wide.
    pub fn new(title: &str) -> Self {
        let title = title.to_owned();
        Self { title, subtitle: String::new(), width: 1600, span: None, lanes: Vec::new(), marks: Vec::new() }
    }

    /// A second line beside the title, in a quieter colour.
    pub fn subtitle(mut self, text: &str) -> Self {
        text.clone_into(&mut self.subtitle);
        self
    }

    /// Sets the width in pixels, 480..=8192.
    pub fn width(self, width: u32) -> Self {
        Self { width, ..self }
    }

    /// Shows the time from `from` to `to`, seconds; otherwise everything that was added.
    pub fn span(self, from: f64, to: f64) -> Self {
        Self { span: Some((from, to)), ..self }
    }

    /// Adds a waveform: per channel the peaks, the RMS inside them, and red where samples reach full scale.
    pub fn waveform(mut self, title: &str, peaks: &'a Peaks) -> Self {
        let height = if peaks.channels() > 1 { 220 } else { 130 };
        self.lanes.push(Lane::Waveform { title: title.to_owned(), height, peaks });
        self
    }

    /// Adds a lane of curves.
    pub fn lines(mut self, lines: Lines) -> Self {
        self.lanes.push(Lane::Lines(lines));
        self
    }

    /// Marks a moment through all lanes, with a label at the top.
    pub fn mark(mut self, seconds: f64, label: &str) -> Self {
        self.marks.push((seconds, label.to_owned()));
        self
    }

    /// Draws the chart as a PNG.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a size, span or range that cannot be drawn, or a chart without lanes.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        png(&draw::chart(self)?)
    }

    /// Draws the chart into the file `path`, atomically.
    ///
    /// # Errors
    /// As [`png`](Self::png), and [`Error::Io`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        atomic::write(path, &self.png()?)
    }

    /// The chart as (width, height, RGBA bytes), for embedding elsewhere.
    ///
    /// # Errors
    /// As [`png`](Self::png).
    pub fn rgba(&self) -> Result<(u32, u32, Vec<u8>), Error> {
        let pixels = draw::chart(self)?.rgba();
        Ok((self.width, (pixels.len() / 4) as u32 / self.width.max(1), pixels))
    }
}

fn png(canvas: &Canvas) -> Result<Vec<u8>, Error> {
    canvas.png().map_err(|value| Error::Invalid { what: "the picture", value, way_out: "draw a smaller one" })
}
