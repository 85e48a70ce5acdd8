//! Loudness of sound in spans: of probes of a track, or of a track as a chain will change it.
//!
//! A [`StepMeter`] measures sound in [`LoudnessSteps`] of 2 ms. The [`windows`](LoudnessSteps::windows) of loudness are
//! computed from their powers, and from the windows of any number of spans one [`integrated`] loudness or [`range`]; a
//! [`Forecast`] does this for the sound after a gain and a limiter, without running them. All sound is stereo, full
//! scale 1; powers are K-weighted mean squares, added over both channels ([`crowd_engine::dsp::loudness`]).
//!
//! `ebur128`, with which [`crowd_media::loudness`] measures whole files, provides neither the windows it gates nor
//! shorter spans; so the gating is implemented here, and only here.

mod forecast;
mod gating;
mod loudness_steps;

pub use forecast::{Forecast, GainBound};
pub use gating::{gate, integrated, range};
pub use loudness_steps::{LoudnessSteps, STEPS_PER_SECOND, StepMeter};
