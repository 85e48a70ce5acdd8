//! Loudness of sound that is measured in spans: for probes of a track, and for forecasts of a chain's output.
//!
//! A [`StepMeter`] measures sound in [`LoudnessSteps`] of 2 ms. The powers of the steps give the powers of the
//! [`windows`](LoudnessSteps::windows) that EBU R 128 gates. The windows of any number of spans give one [`integrated`] loudness or
//! [`range`]. A [`Forecast`] computes the loudness of the sound after a gain and a limiter, without running them. All sound is stereo,
//! full scale 1. Powers are K-weighted mean squares, added over both channels ([`crowd_engine::dsp::loudness`]).
//!
//! [`crowd_media::loudness`] measures whole files with the crate `ebur128`. That crate provides neither the windows that it gates nor the
//! loudness of several spans, so the gating is implemented here, and only here.

mod forecast;
mod gating;
mod loudness_steps;

pub use forecast::{Forecast, GainBound};
pub use gating::{gate, integrated, range};
pub use loudness_steps::{LoudnessSteps, STEPS_PER_SECOND, StepMeter};
