//! The commands of the mixer: faders, equaliser, and the test tone.

use crate::ids::{BANDS, DECKS};
use crate::units::ToneFrequency;
use crowd_engine::{Command, CrossfadeLaw, DeckCommand, DeckId, Frames, Gain, SampleRate};

/// The length of a fader move, in seconds.
const RAMP_SECONDS: f64 = 0.05;
/// The gain of the test tone.
const TONE_GAIN: f32 = 0.25;
/// The length of the test tone, in seconds.
const TONE_SECONDS: f64 = 1.0;

/// The length of a fader move, in frames.
pub fn ramp(rate: SampleRate) -> Frames {
    Frames::from_seconds(RAMP_SECONDS, rate)
}

/// Commands that move the faders of the decks; `None` leaves one unchanged.
pub fn faders(faders: [Option<Gain>; 4], over: Frames) -> impl Iterator<Item = Command> {
    let fader = move |(deck, gain): (_, Option<_>)| {
        Some(Command::Deck(deck, DeckCommand::Fader { gain: gain?, over, law: CrossfadeLaw::Linear }))
    };
    DECKS.into_iter().zip(faders).filter_map(fader)
}

/// Commands that set a deck's equaliser; `None` leaves a band unchanged.
pub fn equaliser(deck: DeckId, gains: [Option<Gain>; 3]) -> impl Iterator<Item = Command> {
    let command = move |(band, gain): (_, Option<_>)| Some(Command::Deck(deck, DeckCommand::Eq { band, gain: gain? }));
    BANDS.into_iter().zip(gains).filter_map(command)
}

/// The command that plays the test tone, or ends it.
pub fn test_tone(tone: Option<ToneFrequency>, rate: SampleRate) -> Command {
    let Some(tone) = tone else {
        tracing::info!("test tone ended");
        return Command::Tone { hertz: ToneFrequency::A4.get() as f32, gain: Gain::SILENCE, length: Frames::ZERO };
    };
    tracing::info!("test tone of {} Hz", tone.get());
    let (hertz, gain) = (tone.get() as f32, Gain::clamped(TONE_GAIN, Gain::SILENCE));
    Command::Tone { hertz, gain, length: Frames::from_seconds(TONE_SECONDS, rate) }
}
