//! The steady beat of music, with which a deck is aligned.

use super::units::{Bpm, SampleRate};

/// What is brought together when music is aligned with the engine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Phase {
    /// Beats fall on beats.
    Beat,
    /// First beats of bars fall on first beats of bars.
    Bar,
}

/// The steady beat of a track, or of the part of it around a frame: what [`DeckCommand::Align`](crate::DeckCommand::Align) needs to know of a grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// The frame of a beat that begins a bar.
    pub(crate) downbeat: f64,
    /// Frames from beat to beat, above 0.
    pub(crate) interval: f64,
}

impl Pulse {
    /// A beat of the tempo `bpm` with a downbeat (the first beat of a bar, any bar) at `downbeat` seconds in a track of `rate` frames
    /// a second. A `downbeat` that is not finite counts as 0.
    pub fn new(bpm: Bpm, downbeat: f64, rate: SampleRate) -> Self {
        let rate = f64::from(rate.get());
        let downbeat = if downbeat.is_finite() { downbeat } else { 0.0 };
        Self { downbeat: downbeat * rate, interval: 60.0 * rate / bpm.get() }
    }

    /// The number of beats from the downbeat to `frame` of the track, with its fraction.
    pub fn beat_at(self, frame: f64) -> f64 {
        (frame - self.downbeat) / self.interval
    }

    /// How far from `frame` the nearest frame lies that is as far into a group of `unit` beats as a clock at `beat`.
    pub(crate) fn distance(self, frame: f64, beat: f64, unit: f64) -> f64 {
        let away = (beat - self.beat_at(frame)) / unit;
        (away - away.round()) * unit * self.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_position_in_phase_is_never_more_than_half_a_beat_or_bar_away() {
        let pulse = Pulse::new(Bpm::new(120.0).unwrap(), 0.0, SampleRate::CD);
        for (frame, beat, unit, by) in [
            (0.0, 7.0, 1.0, 0.0),
            (0.0, 7.25, 1.0, 5_512.5),
            (0.0, 7.75, 1.0, -5_512.5),
            (22_050.0 * 100.0, 7.0, 1.0, 0.0),
            (0.0, 7.0, 4.0, -22_050.0),
            (0.0, 5.0, 4.0, 22_050.0),
            (-22_050.0, 4.0, 4.0, 22_050.0),
        ] {
            assert!((pulse.distance(frame, beat, unit) - by).abs() < 1e-6, "{frame} {beat} {unit}");
        }
    }
}
