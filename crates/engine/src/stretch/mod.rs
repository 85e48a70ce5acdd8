//! Stretch methods: how a deck plays a track at another speed.
//!
//! [`StretchMethod`](crate::StretchMethod) says when to use which method. Every method can read the whole track at any
//! time, so none of them delays the sound.
#![warn(clippy::cast_possible_truncation)]

mod hq;
#[cfg(test)]
mod loop_tests;
mod playback_rate;
mod source;
mod stretch_trait;
mod stretcher_set;
mod vocoder;
mod wsola;

pub(crate) use hq::Hq;
pub(crate) use playback_rate::PlaybackRate;
pub(crate) use source::Source;
pub(crate) use stretch_trait::Stretch;
pub(crate) use stretcher_set::StretcherSet;
pub(crate) use vocoder::{FrameAnalysis, FrameSpec, FrameSynthesiser, FrameWorker, StftParams};
pub(crate) use wsola::Wsola;
