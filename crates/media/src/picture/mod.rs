//! Charts over time, as PNG. A [`Chart`] stacks waveforms, curves and named spans over one time axis. A [`BeatGridChart`] shows waveforms with their
//! beats and cues.
//!
//! ```no_run
//! # fn main() -> Result<(), crowd_media::Error> {
//! use crowd_media::picture::{Chart, Curve, CurveLane};
//! use crowd_media::{open, peaks::Peaks};
//!
//! let master = Peaks::of(&open("master.wav".as_ref(), &Default::default())?);
//! let levels = CurveLane::new("Deck levels")
//!     .range(0.0, 1.0)
//!     .curve(Curve::new("A", vec![(0.0, 1.0), (20.0, 0.0)]))
//!     .curve(Curve::new("B", vec![(0.0, 0.0), (20.0, 1.0)]));
//! Chart::new("A into B").waveform("Master", &master).curves(levels).write("mix.png".as_ref())?;
//! # Ok(())
//! # }
//! ```
//!
//! Charts are drawn by tiny-skia. The crate `plotters` has no waveforms with peak and RMS, and no beats and cues.

mod axis;
mod beat_grid_chart;
mod canvas;
mod chart;
mod draw;
mod theme;
mod title_card;

pub use beat_grid_chart::{BeatGridChart, WaveformRow};
pub use chart::{Chart, Curve, CurveLane, CurveStyle, SpanLane};
pub use theme::Color;
pub use title_card::title_card;
