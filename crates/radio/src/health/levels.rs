//! Measures decoded sound.

use crowd_media::{Audio, Samples, loudness};
use serde::Serialize;

/// The level under which sound is silence, in dBFS (RMS).
const SILENCE_DBFS: f64 = -50.0;
/// The level of one channel under that of the other from which on it is missing, in dB.
const MISSING_DB: f64 = 20.0;
/// The level from which on samples can be clipped: -0.1 dBFS.
const CLIPPED: f32 = 0.988_553;
/// The number of equal samples at this level that are clipped.
const CLIPPED_SAMPLES: usize = 3;
/// The number of parts of a second in which silence is measured.
const BLOCKS_PER_SECOND: usize = 20;

/// What was measured of a piece of sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Levels {
    /// The length in seconds.
    pub seconds: f64,
    /// The level in dBFS (RMS of both channels); -200 for digital silence.
    pub level_dbfs: f64,
    /// The loudness in LUFS (EBU R 128); `None` for silence and for less than 0.4 s.
    pub loudness_lufs: Option<f64>,
    /// The largest sample in dBFS; `None` for digital silence.
    pub peak_dbfs: Option<f64>,
    /// The silence at the beginning, at the end, and the longest one, in seconds.
    pub silence_seconds: [f64; 3],
    /// Whether one channel is 20 dB or more under the other one.
    pub channel_missing: bool,
    /// The number of places at which at least three equal samples are at full scale.
    pub clips: u64,
}

impl Levels {
    /// Measures frames of a sample rate in Hz.
    pub fn of(frames: &[[f32; 2]], sample_rate: u32) -> Self {
        let block = (sample_rate as usize / BLOCKS_PER_SECOND).max(1);
        let silent: Vec<bool> = frames.chunks(block).map(|block| dbfs(block, |_| true) < SILENCE_DBFS).collect();
        let seconds = |blocks: usize| blocks as f64 / BLOCKS_PER_SECOND as f64;
        let longest = silent.split(|silent| !silent).map(<[bool]>::len).max().unwrap_or(0);
        let start = silent.iter().take_while(|silent| **silent).count();
        let end = silent.iter().rev().take_while(|silent| **silent).count();
        let channels = [0, 1].map(|channel| dbfs(frames, |index| index == channel));
        let level_dbfs = dbfs(frames, |_| true);
        Self {
            seconds: frames.len() as f64 / f64::from(sample_rate),
            level_dbfs,
            loudness_lufs: loudness(frames, sample_rate),
            peak_dbfs: peak(frames),
            silence_seconds: [start, end, longest].map(seconds),
            channel_missing: level_dbfs > SILENCE_DBFS && (channels[0] - channels[1]).abs() >= MISSING_DB,
            clips: [0, 1].map(|channel| clips(frames, channel)).iter().sum(),
        }
    }
}

fn loudness(frames: &[[f32; 2]], sample_rate: u32) -> Option<f64> {
    let audio = Audio::new(Samples::F32(frames.as_flattened().into()), sample_rate, 2).ok()?;
    loudness::integrated(&audio).ok().filter(|loudness| loudness.is_finite())
}

fn peak(frames: &[[f32; 2]]) -> Option<f64> {
    let largest = frames.as_flattened().iter().fold(0.0_f32, |largest, sample| largest.max(sample.abs()));
    (largest > 0.0).then(|| 20.0 * f64::from(largest).log10())
}

/// The RMS level of some channels.
fn dbfs(frames: &[[f32; 2]], channel: impl Fn(usize) -> bool) -> f64 {
    let (mut sum, mut count) = (0.0, 0_u64);
    for frame in frames {
        for (_, sample) in frame.iter().enumerate().filter(|(index, _)| channel(*index)) {
            sum += f64::from(*sample).powi(2);
            count += 1;
        }
    }
    10.0 * (sum / count.max(1) as f64).max(1e-20).log10()
}

fn clips(frames: &[[f32; 2]], channel: usize) -> u64 {
    let samples: Vec<f32> = frames.iter().filter_map(|frame| frame.get(channel).copied()).collect();
    let runs = samples.chunk_by(|one, other| one == other);
    runs.filter(|run| run.len() >= CLIPPED_SAMPLES && run.first().is_some_and(|sample| sample.abs() >= CLIPPED)).count()
        as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(frames: usize, gains: [f32; 2]) -> Vec<[f32; 2]> {
        (0..frames).map(|frame| gains.map(|gain| gain * (frame as f32 * 0.05).sin())).collect()
    }

    #[test]
    fn silence_a_missing_channel_and_clipping_are_found() {
        let mut sound = tone(48_000, [0.5, 0.5]);
        sound.extend(vec![[0.0; 2]; 24_000]);
        sound.extend(tone(48_000, [0.5, 0.5]));
        let levels = Levels::of(&sound, 48_000);
        assert_eq!(levels.silence_seconds, [0.0, 0.0, 0.5]);
        assert!((levels.level_dbfs - -10.0).abs() < 0.1 && !levels.channel_missing && levels.clips == 0);
        // The gate of EBU R 128 leaves the silence out. The tone of 382 Hz is a little under the 0 dB of the K-weighting.
        let (loudness, peak) = (levels.loudness_lufs.unwrap(), levels.peak_dbfs.unwrap());
        assert!((-7.5..-6.0).contains(&loudness) && (-6.1..-5.9).contains(&peak), "{loudness} {peak}");
        assert!(Levels::of(&tone(48_000, [0.5, 0.04]), 48_000).channel_missing);
        assert!(!Levels::of(&tone(48_000, [0.001, 0.0]), 48_000).channel_missing, "silence misses no channel");
        let mut clipped = tone(48_000, [1.5, 0.5]);
        clipped.iter_mut().for_each(|frame| frame[0] = frame[0].clamp(-1.0, 1.0));
        assert!(Levels::of(&clipped, 48_000).clips > 500);
        assert_eq!(Levels::of(&[], 48_000), Levels { level_dbfs: -200.0, ..Levels::default() });
    }
}
