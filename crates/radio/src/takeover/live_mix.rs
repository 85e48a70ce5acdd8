//! The sound of a live source as it is mixed with the program.

use std::f32::consts::FRAC_PI_2;

use crowd_engine::chunk::ChunkProcessor;
use crowd_engine::{Frames, SampleRate};
use crowd_mastering::Mastering;
use crowd_media::DriftResampler;

use super::ducking::Ducking;
use crate::error::Error;
use crate::live::LiveFrame;
use crate::sound::chain;

/// The time in which a source replaces the program at the beginning, and in which a voice begins above it, in seconds.
const FADE_IN: f64 = 2.0;
const FADE_IN_TALK: f64 = 0.05;

/// Makes the frames of a live span from those that a source sends: at the clock of the station, with a limiter, faded in, and with the gain
/// of the program below them.
#[derive(Debug)]
pub struct LiveMix {
    drift: DriftResampler,
    limiter: Mastering,
    ducking: Option<Ducking>,
    /// The frames that were made, and those in which the source fades in.
    made: u64,
    fade_in: u64,
    sound: Vec<[f32; 2]>,
}

impl LiveMix {
    /// The mix of a new span. `gain_db` is the gain of the source. The program is heard below it if it is a talk.
    ///
    /// # Errors
    /// Those of the limiter and the resampler.
    pub fn new(rate: SampleRate, gain_db: f32, talk: bool) -> Result<Self, Error> {
        let fade_in = if talk { FADE_IN_TALK } else { FADE_IN };
        Ok(Self {
            drift: DriftResampler::new()?,
            limiter: chain(gain_db, rate)?,
            ducking: talk.then(|| Ducking::new(rate)),
            made: 0,
            fade_in: (fade_in * f64::from(rate.get())) as u64,
            sound: Vec::new(),
        })
    }

    /// By how much faster the source is played, in parts per million.
    pub fn ppm(&self) -> f64 {
        self.drift.ppm()
    }

    /// Plays the source faster by this number of parts per million.
    ///
    /// # Errors
    /// Those of the resampler.
    pub fn set_ppm(&mut self, ppm: f64) -> Result<(), Error> {
        Ok(self.drift.set_ppm(ppm)?)
    }

    /// The frames for these, of which the last ones may be returned later.
    ///
    /// # Errors
    /// Those of the resampler.
    pub fn frames(&mut self, received: &[[f32; 2]]) -> Result<Vec<LiveFrame>, Error> {
        self.sound.clear();
        self.drift.push(received, &mut self.sound)?;
        // A sample that is not a number would stay in the filters.
        self.sound.iter_mut().flatten().filter(|sample| !sample.is_finite()).for_each(|sample| *sample = 0.0);
        self.limiter.process(Frames(self.made), &mut self.sound);
        let (first, fade_in, ducking) = (self.made, self.fade_in, &mut self.ducking);
        let frame = |([left, right], at): (&[f32; 2], u64)| {
            let place = ((at as f64 + 0.5) / fade_in as f64).min(1.0) as f32;
            let (sine, cosine) = (place * FRAC_PI_2).sin_cos();
            let below = match ducking.as_mut() {
                // It approaches the gain below a voice as the voice fades in.
                Some(ducking) => ducking.gain([*left, *right]),
                None if at >= fade_in => 0.0,
                None => cosine,
            };
            let sine = if at >= fade_in { 1.0 } else { sine };
            // The conversion from a float saturates.
            [left * sine, right * sine, below].map(|value| (value * f32::from(i16::MAX)).round() as i16)
        };
        let frames: Vec<LiveFrame> = self.sound.iter().zip(first..).map(frame).collect();
        self.made += frames.len() as u64;
        Ok(frames)
    }
}

/// Whether sound is louder than -50 dBFS (RMS).
pub fn is_loud(sound: &[[f32; 2]]) -> bool {
    const LEAST: f32 = 1e-5;
    let power: f32 = sound.iter().flatten().map(|sample| sample * sample).sum();
    power > LEAST * 2.0 * sound.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_fades_in_with_equal_power_and_a_voice_lowers_the_program() {
        let sound = vec![[0.25, -0.25]; 48_000 * 3];
        let mut mix = LiveMix::new(SampleRate::DAT, 0.0, false).unwrap();
        let mut frames = Vec::new();
        for block in sound.chunks(4_800) {
            frames.extend(mix.frames(block).unwrap());
        }
        // The last frames are in the resampler.
        assert!(sound.len() - frames.len() < 600);
        let at = |frame: usize| frames[frame].map(|value| f32::from(value) / f32::from(i16::MAX));
        let [left, right, below] = at(48_000);
        assert!((left - 0.25 * 0.707).abs() < 0.001 && (right + left).abs() < 0.001 && (below - 0.707).abs() < 0.001);
        assert!((at(100_000)[0] - 0.25).abs() < 0.001 && frames[100_000][2] == 0);
        let mut talk = LiveMix::new(SampleRate::DAT, 0.0, true).unwrap();
        let frames = talk.frames(&sound).unwrap();
        assert_eq!(frames[0][2], i16::MAX);
        let below = f32::from(frames[96_000][2]) / f32::from(i16::MAX);
        assert!((below - 0.2).abs() < 0.01, "{below}");
        assert!(is_loud(&sound) && !is_loud(&[[0.003, 0.0]; 100]) && !is_loud(&[]));
    }
}
