//! The pulse of music, by which a deck is aligned with the engine's clock.

use super::loop_region::LoopRegion;
use super::units::{Bpm, SampleRate};

/// What has to coincide when music is aligned with the engine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Phase {
    /// Beats of the music fall on beats of the clock.
    Beat,
    /// Bars of the music begin where bars of the clock begin.
    Bar,
}

/// The evenly spaced beats of a track, or of the part of a track around a frame. [`DeckCommand::Align`](crate::DeckCommand::Align)
/// uses a pulse in place of a whole beat grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// The frame of a beat that begins a bar.
    pub(crate) downbeat: f64,
    /// The number of frames from beat to beat. It is greater than 0.
    pub(crate) interval: f64,
}

impl Pulse {
    /// A pulse of the tempo `bpm` in a track of the sample rate `rate`. `downbeat` is the time in seconds of the first beat of any
    /// bar. A `downbeat` that is not finite, or that is further than a track can be long, counts as 0.
    pub fn new(bpm: Bpm, downbeat: f64, rate: SampleRate) -> Self {
        let rate = f64::from(rate.get());
        let downbeat = downbeat * rate;
        let downbeat = if downbeat.abs() <= LoopRegion::LAST_FRAME.0 as f64 { downbeat } else { 0.0 };
        Self { downbeat, interval: 60.0 * rate / bpm.get() }
    }

    /// The number of beats from the downbeat to `frame` of the track, with its fraction.
    pub fn beat_at(self, frame: f64) -> f64 {
        (frame - self.downbeat) / self.interval
    }

    /// The distance from `frame` to the nearest frame that has the phase of a clock at `beat`. The phase repeats after `unit` beats.
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

    #[test]
    fn a_downbeat_that_no_track_has_counts_as_zero() {
        for downbeat in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
            assert_eq!(Pulse::new(Bpm::new(120.0).unwrap(), downbeat, SampleRate::CD).downbeat, 0.0);
        }
    }
}
