//! Loudness of what is not one run of sound: of spans of a track, or of a track that a chain is yet to change.
//!
//! A [`Stepper`] brings sound into [`Steps`] of 2 ms. From their powers [`windows`](Steps::windows) are made, from the windows of
//! any number of spans one [`integrated`] loudness or [`range`]; a [`Forecast`] does so behind a gain and a limiter that are not
//! run. All sound is stereo, full scale 1; powers are K-weighted mean squares, added over both channels
//! ([`crowd_engine::dsp::loudness`]).
//!
//! `ebur128`, which [`crowd_media::loudness`] measures whole files by, gives out neither the windows it gates nor what lies between
//! them; so this gating is written here, and is the only one.

mod forecast;
mod gating;
mod steps;

pub use forecast::{Bound, Forecast};
pub use gating::{gate, integrated, range};
pub use steps::{STEPS_PER_SECOND, Stepper, Steps};
