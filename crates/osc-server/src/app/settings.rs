//! What an app is made with.

use crowd_engine::tempo::MovementConfig;
use crowd_engine::{SampleRate, StretchMethod};
use std::time::Duration;

/// What an [`App`](super::App) is made with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The engine's sample rate.
    pub sample_rate: SampleRate,
    /// Whether equaliser messages are obeyed.
    pub filters: bool,
    /// How decks change speed at the start, and with key-lock if that keeps the pitch.
    pub stretch: StretchMethod,
    /// How movement becomes tempo; its base is the tempo of music of which nothing else is said.
    pub movement: MovementConfig,
    /// After how long `/set_tempo` lets movement back in; `None`: only `/movement_bpm 1` does.
    pub tempo_hold: Option<Duration>,
}

impl Settings {
    /// The defaults for an engine at `sample_rate`.
    #[must_use]
    pub const fn new(sample_rate: SampleRate, movement: MovementConfig) -> Self {
        Self { sample_rate, filters: true, stretch: StretchMethod::PlaybackRate, movement, tempo_hold: None }
    }
}
