//! The content of a chart: lanes of waveforms, curves and spans.

use super::theme::Color;
use crate::peaks::Peaks;

/// Widths of a picture, pixels.
pub(super) const WIDTHS: std::ops::RangeInclusive<u32> = 480..=8192;
/// The largest number of lanes of a chart, and the heights of a lane, pixels.
pub(super) const MAX_LANES: usize = 32;
pub(super) const HEIGHTS: std::ops::RangeInclusive<u32> = 40..=1000;

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CurveStyle {
    /// Straight lines between the points.
    Line,
    /// Each value lasts until the next point.
    Steps,
    /// A line with the area under it tinted.
    Area,
}

/// A named curve.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Curve {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
    pub(super) style: CurveStyle,
    pub(super) color: Option<Color>,
    pub(super) right: bool,
}

impl Curve {
    /// A curve through `points` of (seconds, value), in rising time. A value that is not finite leaves a gap.
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, style: CurveStyle::Line, color: None, right: false }
    }

    /// Chooses how the curve is drawn. The default is [`CurveStyle::Line`].
    pub fn style(self, style: CurveStyle) -> Self {
        Self { style, ..self }
    }

    /// Chooses the colour. By default the theme gives each curve of a lane its own.
    pub fn color(self, color: Color) -> Self {
        Self { color: Some(color), ..self }
    }

    /// Plots the curve against the right-hand axis of its lane, see [`CurveLane::right`].
    pub fn on_right(self) -> Self {
        Self { right: true, ..self }
    }
}

/// A value axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scale {
    pub(super) unit: String,
    pub(super) range: Option<(f64, f64)>,
}

/// A lane of curves.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct CurveLane {
    pub(super) title: String,
    pub(super) height: u32,
    pub(super) left: Scale,
    pub(super) right: Scale,
    pub(super) curves: Vec<Curve>,
}

impl CurveLane {
    /// A lane with the title `title`, 130 pixels high.
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

    /// Sets the range of the values. By default it follows the curves. Values outside are drawn at the edge.
    pub fn range(mut self, from: f64, to: f64) -> Self {
        self.left.range = Some((from, to));
        self
    }

    /// Adds a right-hand axis from `from` to `to` for the curves that are [`Curve::on_right`].
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

/// A lane of named spans, such as the sections of a piece. Spans of the same name have the same colour.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct SpanLane {
    pub(super) title: String,
    pub(super) height: u32,
    pub(super) spans: Vec<(f64, f64, String)>,
}

impl SpanLane {
    /// A lane with the title `title`, 40 pixels high, of spans from one second to another. A name that does not fit into its span is left
    /// out.
    pub fn new(title: &str, spans: Vec<(f64, f64, String)>) -> Self {
        Self { title: title.to_owned(), height: 40, spans }
    }

    /// Sets the height in pixels, 40..=1000.
    pub fn height(self, height: u32) -> Self {
        Self { height, ..self }
    }
}

/// A lane of a chart.
#[derive(Clone, Debug)]
pub(super) enum Lane<'a> {
    Waveform { title: String, height: u32, peaks: &'a Peaks },
    Curves(CurveLane),
    Spans(SpanLane),
}

impl Lane<'_> {
    pub(super) fn height(&self) -> u32 {
        match self {
            Self::Waveform { height, .. } => *height,
            Self::Curves(lane) => lane.height,
            Self::Spans(lane) => lane.height,
        }
    }
}

/// A chart of lanes over one time axis.
#[derive(Clone, Debug)]
#[must_use]
pub struct Chart<'a> {
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) width: u32,
    pub(super) span: Option<(f64, f64)>,
    pub(super) lanes: Vec<Lane<'a>>,
    pub(super) marks: Vec<(f64, String)>,
}

impl<'a> Chart<'a> {
    /// An empty chart with the title `title`, 1600 pixels wide.
    pub fn new(title: &str) -> Self {
        let title = title.to_owned();
        Self { title, subtitle: String::new(), width: 1600, span: None, lanes: Vec::new(), marks: Vec::new() }
    }

    /// Sets a second text beside the title, in a dimmer colour.
    pub fn subtitle(mut self, text: &str) -> Self {
        text.clone_into(&mut self.subtitle);
        self
    }

    /// Sets the width in pixels, 480..=8192.
    pub fn width(self, width: u32) -> Self {
        Self { width, ..self }
    }

    /// Shows the time from `from` to `to`, seconds. By default the whole content is shown.
    pub fn span(self, from: f64, to: f64) -> Self {
        Self { span: Some((from, to)), ..self }
    }

    /// Adds a waveform. For each channel it shows the peaks, with the RMS inside them. It is red where samples reach full scale.
    pub fn waveform(mut self, title: &str, peaks: &'a Peaks) -> Self {
        let height = if peaks.channels() > 1 { 220 } else { 130 };
        self.lanes.push(Lane::Waveform { title: title.to_owned(), height, peaks });
        self
    }

    /// Adds a lane of curves.
    pub fn curves(mut self, lane: CurveLane) -> Self {
        self.lanes.push(Lane::Curves(lane));
        self
    }

    /// Adds a lane of named spans.
    pub fn spans(mut self, lane: SpanLane) -> Self {
        self.lanes.push(Lane::Spans(lane));
        self
    }

    /// Draws a line at `seconds` through all lanes, with a label at the top.
    pub fn mark(mut self, seconds: f64, label: &str) -> Self {
        self.marks.push((seconds, label.to_owned()));
        self
    }
}
