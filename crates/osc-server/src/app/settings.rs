//! The settings of an app.

use crowd_engine::tempo::MovementConfig;
use crowd_engine::{SampleRate, StretchMethod};
use std::time::Duration;

/// The settings of an [`App`](super::App).
#[derive(Debug, Clone)]
pub struct Settings {
    /// The engine's sample rate.
    pub sample_rate: SampleRate,
    /// Whether equaliser messages are accepted.
    pub equaliser: bool,
    /// The stretch method of the decks at the start. It is also that of decks with keylock, if it keeps the pitch.
    pub stretch: StretchMethod,
    /// How movement sets the tempo. Its base is the tempo of music whose tempo is not set.
    pub movement: MovementConfig,
    /// The time after a `/set_tempo` until movement sets the tempo again. `None` means only after `/movement_bpm 1`.
    pub tempo_hold: Option<Duration>,
}

impl Settings {
    /// The defaults for an engine at `sample_rate`.
    #[must_use]
    pub const fn new(sample_rate: SampleRate, movement: MovementConfig) -> Self {
        Self { sample_rate, equaliser: true, stretch: StretchMethod::PlaybackRate, movement, tempo_hold: None }
    }
}
