//! Loudness and peaks after EBU R 128 and ITU-R BS.1770.

use ebur128::{Channel, EbuR128, Mode};

use crate::audio::{check_rate, check_shape};
use crate::downmix::layout;
use crate::{Audio, Error};

/// Frames measured at a time.
const BLOCK: usize = 4096;

/// The loudness and peaks of a track. The levels of silence are minus infinity.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Loudness {
    /// Integrated loudness, LUFS: gated over the whole track (ITU-R BS.1770-4). Minus infinity for less than 400 ms.
    pub integrated_lufs: f64,
    /// Loudness range, LU (EBU Tech 3342). 0 for less than 3 s.
    pub range_lu: f64,
    /// Largest true peak of all channels, dBTP: the peak of the signal oversampled 4 times (2 times from 96 kHz on), which includes the
    /// peaks between samples that a converter plays (BS.1770-4 annex 2).
    pub true_peak_dbtp: f64,
    /// Largest sample of all channels, dBFS.
    pub sample_peak_dbfs: f64,
}

/// A loudness meter that takes sound block by block.
///
/// ```
/// # fn main() -> Result<(), crowd_media::Error> {
/// let mut meter = crowd_media::loudness::Meter::new(48_000, 2, 0)?;
/// let tone: Vec<f32> = (0..96_000).map(|n| 0.5 * (n as f32 / 20.0).sin()).collect();
/// for block in tone.chunks(4_096) {
///     meter.push(block)?;
/// }
/// assert!((-8.0..-6.0).contains(&meter.read().integrated_lufs));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Meter {
    meter: EbuR128,
}

impl Meter {
    /// A meter for `channels` interleaved channels at `sample_rate` Hz. `speakers` is their layout as a WAVEFORMATEXTENSIBLE mask; 0
    /// means the usual layout. A single channel counts as one speaker, as in BS.1770, not as dual mono.
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`](crate::ErrorKind) or [`ErrorKind::FrameShape`](crate::ErrorKind) for a rate or a number of channels out
    /// of range.
    pub fn new(sample_rate: u32, channels: u16, speakers: u32) -> Result<Self, Error> {
        Self::of(Mode::I | Mode::LRA | Mode::TRUE_PEAK | Mode::SAMPLE_PEAK, sample_rate, channels, speakers)
    }

    fn of(mode: Mode, sample_rate: u32, channels: u16, speakers: u32) -> Result<Self, Error> {
        check_rate(sample_rate)?;
        check_shape(0, channels)?;
        let mut meter = EbuR128::new(u32::from(channels), sample_rate, mode).map_err(refused)?;
        meter.set_channel_map(&channel_map(channels, speakers)).map_err(refused)?;
        Ok(Self { meter })
    }

    /// Measures the next frames, interleaved, full scale 1. Samples that are not finite count as 0.
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`](crate::ErrorKind) when the last frame is not whole.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        let finite = samples.iter().all(|sample| sample.is_finite());
        let cleaned: Vec<f32>;
        let samples = if finite {
            samples
        } else {
            cleaned = samples.iter().map(|sample| if sample.is_finite() { *sample } else { 0.0 }).collect();
            &cleaned
        };
        check_shape(samples.len(), self.meter.channels() as u16)?;
        self.meter.add_frames_f32(samples).map_err(refused)
    }

    /// The loudness and peaks of all frames so far.
    pub fn read(&self) -> Loudness {
        // These calls do not fail: the mode of the meter includes all of these values, and the meter has these channels.
        let loudest = |peak: &dyn Fn(u32) -> Result<f64, ebur128::Error>| {
            let peak = (0..self.meter.channels()).filter_map(|n| peak(n).ok()).fold(0.0, f64::max);
            20.0 * peak.log10()
        };
        Loudness {
            integrated_lufs: self.meter.loudness_global().unwrap_or(f64::NEG_INFINITY),
            range_lu: self.meter.loudness_range().unwrap_or(0.0),
            true_peak_dbtp: loudest(&|n| self.meter.true_peak(n)),
            sample_peak_dbfs: loudest(&|n| self.meter.sample_peak(n)),
        }
    }
}

fn refused(error: ebur128::Error) -> Error {
    Error::library("the error of the loudness meter", "measure 1..=64 channels at 1000..=768000 Hz", error)
}

/// The loudness and peaks of all of `audio`. A mono file counts as one speaker, as in BS.1770, not as dual mono.
///
/// # Errors
/// As [`Meter::new`].
pub fn measure(audio: &Audio) -> Result<Loudness, Error> {
    let meter = Meter::new(audio.sample_rate, audio.channels, audio.speakers)?;
    Ok(push_all(meter, audio)?.read())
}

/// The integrated loudness of all of `audio` in LUFS, as [`measure`] gives it. It is much faster, because peaks take most of the time of
/// [`measure`].
///
/// # Errors
/// As [`measure`].
pub fn integrated(audio: &Audio) -> Result<f64, Error> {
    let meter = Meter::of(Mode::I, audio.sample_rate, audio.channels, audio.speakers)?;
    Ok(push_all(meter, audio)?.meter.loudness_global().unwrap_or(f64::NEG_INFINITY))
}

fn push_all(mut meter: Meter, audio: &Audio) -> Result<Meter, Error> {
    let mut block = vec![0.0; BLOCK * usize::from(audio.channels)];
    let mut at = 0;
    loop {
        let frames = audio.read_f32(at, &mut block);
        let Some(read) = block.get(..frames * usize::from(audio.channels)).filter(|p| !p.is_empty()) else { break };
        meter.push(read)?;
        at += frames;
    }
    Ok(meter)
}

/// The meter's channel names in the order of a channel mask (BS.1770-4 annex 3 weighs them by azimuth).
fn channel_map(channels: u16, speakers: u32) -> Vec<Channel> {
    use Channel::*;
    let mask = layout(channels, speakers);
    // With both side and back pairs the back pair is at 135 degrees; alone it is the 5.1 surround.
    let (back_left, back_right) = if mask & 0x600 != 0 { (Mp135, Mm135) } else { (LeftSurround, RightSurround) };
    let names = [
        Left, Right, Center, Unused, back_left, back_right, MpSC, MmSC, Mp180, Mp090, Mm090, Tp000, Up045, Up000,
        Um045, Up135, Up180, Um135,
    ];
    let mut map: Vec<Channel> =
        names.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, &c)| c).collect();
    map.resize(usize::from(channels), Unused);
    if channels == 1 {
        map = vec![Center];
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Samples;

    fn tone(hz: f64, gain_db: f64, rate: u32, seconds: u32) -> Audio {
        let gain = 10f64.powf(gain_db / 20.0);
        let samples = (0..rate * seconds)
            .flat_map(|n| [(gain * (std::f64::consts::TAU * hz * f64::from(n) / f64::from(rate)).sin()) as f32; 2])
            .collect();
        Audio::new(Samples::F32(samples), rate, 2).unwrap()
    }

    #[test]
    fn a_stereo_sine_of_minus_23_dbfs_reads_minus_23_lufs() {
        // EBU Tech 3341, test signal 1.
        for rate in [44_100, 48_000] {
            let loudness = measure(&tone(1000.0, -23.0, rate, 20)).unwrap();
            assert!((loudness.integrated_lufs + 23.0).abs() < 0.1, "{loudness:?}");
            assert!((loudness.sample_peak_dbfs + 23.0).abs() < 0.05, "{loudness:?}");
            assert!(loudness.range_lu < 0.1, "{loudness:?}");
            let alone = integrated(&tone(1000.0, -23.0, rate, 20)).unwrap();
            assert!((alone - loudness.integrated_lufs).abs() < 1e-9, "{alone}");
        }
    }

    #[test]
    fn true_peak_includes_the_peaks_between_samples() {
        // EBU Tech 3341, test signal 16: a quarter-rate sine sampled at 45 degrees peaks 3 dB above its samples.
        let samples = (0..48_000)
            .flat_map(|n| {
                [(0.5 * (std::f64::consts::FRAC_PI_2 * f64::from(n) + std::f64::consts::FRAC_PI_4).sin()) as f32; 2]
            })
            .collect();
        let loudness = measure(&Audio::new(Samples::F32(samples), 48_000, 2).unwrap()).unwrap();
        assert!((loudness.true_peak_dbtp + 6.0).abs() < 0.4, "{loudness:?}");
        assert!((loudness.sample_peak_dbfs + 9.03).abs() < 0.01, "{loudness:?}");
    }

    #[test]
    fn silence_is_minus_infinity_and_never_nan() {
        let silence = Audio::new(Samples::I16(vec![0; 96_000]), 48_000, 2).unwrap();
        let loudness = measure(&silence).unwrap();
        assert_eq!(loudness.integrated_lufs, f64::NEG_INFINITY);
        assert_eq!(integrated(&silence).unwrap(), f64::NEG_INFINITY);
        assert_eq!((loudness.true_peak_dbtp, loudness.range_lu), (f64::NEG_INFINITY, 0.0));
        assert!(measure(&Audio::new(Samples::I16(vec![]), 48_000, 1).unwrap()).is_ok());
    }

    #[test]
    fn the_lfe_channel_does_not_count() {
        let lfe: Vec<f32> = (0..48_000 * 2).flat_map(|n| [0.0, 0.0, 0.0, (n as f32 * 0.1).sin(), 0.0, 0.0]).collect();
        let audio = Audio::new(Samples::F32(lfe), 48_000, 6).unwrap();
        assert_eq!(measure(&audio).unwrap().integrated_lufs, f64::NEG_INFINITY);
    }
}
