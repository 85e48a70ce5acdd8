//! Moves of faders and equaliser, and the test tone.

use crate::ids::{BANDS, DECKS};
use crate::units::Tone;
use crowd_engine::{Command, DeckCommand, DeckId, Frames, Gain, SampleRate};

/// Length of a fader move.
const RAMP_SECONDS: f64 = 0.05;
/// Gain of the test tone.
const TONE_GAIN: f32 = 0.25;
/// Length of the test tone.
const TONE_SECONDS: f64 = 1.0;

/// How long a fader takes.
pub fn ramp(rate: SampleRate) -> Frames {
    Frames::from_seconds(RAMP_SECONDS, rate)
}

/// Moves the faders of the decks; `None` leaves one where it is.
pub fn levels(levels: [Option<Gain>; 4], over: Frames) -> impl Iterator<Item = Command> {
    let level = move |(deck, gain): (_, Option<_>)| Some(Command::Deck(deck, DeckCommand::Fader { gain: gain?, over }));
    DECKS.into_iter().zip(levels).filter_map(level)
}

/// Moves a deck's equaliser; `None` leaves a band where it is.
pub fn equaliser(deck: DeckId, gains: [Option<Gain>; 3]) -> impl Iterator<Item = Command> {
    let band = move |(band, gain): (_, Option<_>)| Some(Command::Deck(deck, DeckCommand::Eq { band, gain: gain? }));
    BANDS.into_iter().zip(gains).filter_map(band)
}

/// Sounds the test tone, or ends it.
pub fn test_tone(tone: Option<Tone>, rate: SampleRate) -> Command {
    let Some(tone) = tone else {
        tracing::info!("test tone ended");
        return Command::Tone { hertz: Tone::A4.get() as f32, gain: Gain::SILENCE, length: Frames::ZERO };
    };
    tracing::info!("test tone of {} Hz", tone.get());
    let (hertz, gain) = (tone.get() as f32, Gain::clamped(TONE_GAIN, Gain::SILENCE));
    Command::Tone { hertz, gain, length: Frames::from_seconds(TONE_SECONDS, rate) }
}
