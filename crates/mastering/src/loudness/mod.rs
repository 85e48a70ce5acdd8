//! Loudness of sound that is measured in spans: for probes of a track, and for forecasts of a chain's output.
//!
//! A [`StepMeter`] measures sound in [`LoudnessSteps`] of 2 ms. The [`windows`](LoudnessSteps::windows) of loudness are computed from the
//! powers of the steps, and one [`integrated`] loudness or [`range`] from the windows of any number of spans; a [`Forecast`] does this
//! for the sound after a gain and a limiter, without running them. All sound is stereo, full scale 1; powers are K-weighted mean squares,
//! added over both channels ([`crowd_engine::dsp::loudness`]).
//!
//! `ebur128`, with which [`crowd_media::loudness`] measures whole files, provides neither the windows that it gates nor shorter spans, so
//! the gating is implemented here, and only here.

mod forecast;
mod gating;
mod loudness_steps;

pub use forecast::{Forecast, GainBound};
pub use gating::{gate, integrated, range};
pub use loudness_steps::{LoudnessSteps, STEPS_PER_SECOND, StepMeter};
