//! The analysis of a track equals that of an independent meter, by probes nearly so, and does not depend on how the
//! track is read.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::sounds::{music, punchy, whole_run};
use crowd_engine::feed::{Input, InputError, InputInfo};
use crowd_engine::{Frames, SampleRate};
use crowd_mastering::loudness::{LoudnessSteps, StepMeter, integrated, range};
use crowd_mastering::measure::{self, Analysis, Error, Probes};
use crowd_mastering::{Mastering, MasteringSettings};
use crowd_media::loudness::{Loudness, Meter};

static GO: AtomicBool = AtomicBool::new(false);

/// Sound in memory, read in blocks of a fixed length.
#[derive(Clone)]
struct MemoryInput {
    sound: Arc<[[f32; 2]]>,
    rate: SampleRate,
    block: usize,
    at: usize,
}

impl MemoryInput {
    fn new(sound: Vec<[f32; 2]>, rate: u32) -> Self {
        Self { sound: sound.into(), rate: SampleRate::new(rate).unwrap(), block: 1_152, at: 0 }
    }

    fn info(&self) -> InputInfo {
        InputInfo { frames: Frames(self.sound.len() as u64), sample_rate: self.rate, channels: 2 }
    }

    fn whole(&self) -> Analysis {
        measure::whole(&mut self.clone(), &self.info(), &GO).unwrap()
    }

    fn probes(&self) -> Probes {
        Probes::read(&mut self.clone(), &self.info(), &GO).unwrap()
    }
}

impl Input for MemoryInput {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.at = frame as usize;
        Ok(())
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        let end = (self.at + self.block).min(self.sound.len());
        frames.extend_from_slice(&self.sound[self.at..end]);
        self.at = end;
        Ok(end < self.sound.len())
    }
}

/// Music that begins quietly, `seconds` long.
fn track(rate: u32, seconds: usize) -> MemoryInput {
    let mut sound = music(rate as usize * seconds, rate, 3);
    let quiet = sound.len() / 4;
    sound[..quiet].iter_mut().flatten().for_each(|sample| *sample *= 0.2);
    MemoryInput::new(sound, rate)
}

fn meter(sound: &[[f32; 2]], rate: SampleRate) -> Loudness {
    let mut meter = Meter::new(rate.get(), 2, 0).unwrap();
    meter.push(sound.as_flattened()).unwrap();
    meter.read()
}

#[test]
fn steps_and_gating_give_the_loudness_of_an_independent_meter() {
    for rate in [8_000, 22_050, 44_100, 48_000, 96_000] {
        let track = track(rate, 20);
        let mut stepper = StepMeter::new(track.rate);
        stepper.push(&track.sound);
        let steps = stepper.finish();
        let (ours, theirs) =
            (integrated(&LoudnessSteps::windows(&steps.power, 4)).unwrap(), meter(&track.sound, track.rate));
        assert!((ours - theirs.integrated_lufs).abs() < 0.02, "{rate} Hz: {ours} beside {theirs:?}");
        let ours = range(&LoudnessSteps::windows(&steps.power, 30));
        // The meter uses a window each second, and this one each tenth of a second.
        assert!((ours - theirs.range_lu).abs() < 1.0, "{rate} Hz: {ours} LU beside {theirs:?}");
    }
}

#[test]
fn the_analysis_of_a_whole_track_has_the_values_of_the_synthesised_sound() {
    // A tone of 1 kHz, in the third band; on the left 6 dB louder than on the right.
    let tone = |n: u32| (std::f64::consts::TAU * f64::from(n) / 48.0).sin();
    let sound: Vec<[f32; 2]> = (0..480_000).map(|n| [0.4, 0.2].map(|gain| (gain * tone(n)) as f32)).collect();
    let track = MemoryInput::new(sound, 48_000);
    for (analysis, peak) in [(track.whole(), true), (track.probes().analysis().clone(), false)] {
        let near = |value: Option<f64>, want: f64, within: f64| {
            assert!(value.is_some_and(|value| (value - want).abs() < within), "{want}: {analysis:?}");
        };
        assert_eq!((analysis.frames, analysis.sample_rate), (480_000, 48_000));
        // The sum of the mean squares of both channels, 0.08 and 0.02.
        near(analysis.integrated_lufs, 10.0 * 0.1f64.log10(), 0.05);
        near(analysis.sample_peak_dbfs, 20.0 * 0.4f64.log10(), 0.01);
        near(analysis.bands_db[2], 0.0, 0.01);
        assert!(analysis.bands_db[0].unwrap() < -50.0 && analysis.bands_db[4].unwrap() < -50.0, "{analysis:?}");
        near(analysis.crest_db, 20.0 * 0.4f64.log10() + 10.0, 0.05);
        near(analysis.correlation, 1.0, 1e-6);
        near(analysis.width_db, 20.0 * (0.2f64 / 0.6).log10(), 0.01);
        assert!(analysis.range_lu < 0.01);
        assert_eq!(analysis.true_peak_dbtp.is_some(), peak);
        if peak {
            near(analysis.true_peak_dbtp, 20.0 * 0.4f64.log10(), 0.05);
        }
    }
}

#[test]
fn probes_are_within_half_a_lu_of_the_whole_track() {
    for (rate, seconds) in [(44_100, 5), (44_100, 60), (22_050, 200), (8_000, 900)] {
        let track = track(rate, seconds);
        let (whole, probes) = (track.whole(), track.probes());
        let (quick, full) = (probes.analysis().integrated_lufs.unwrap(), whole.integrated_lufs.unwrap());
        assert!((quick - full).abs() < 0.5, "{seconds} s: {quick} LUFS instead of {full}");
        assert!((probes.lufs().unwrap() - full).abs() < 0.5, "{seconds} s: {:?} LUFS are kept", probes.lufs());
        assert!(probes.bytes() < 60 * (4 * rate as usize + 8 * 600), "{} bytes", probes.bytes());
    }
}

#[test]
fn the_block_length_does_not_change_the_measurement() {
    let track = track(22_050, 100);
    let forecast = |track: &MemoryInput| {
        let forecast = track.probes().forecast(&punchy(), &GO).unwrap();
        [0.0, 6.0].map(|gain| forecast.output_lufs(gain).unwrap().to_bits())
    };
    let (analysis, expected) = (track.probes().analysis().clone(), forecast(&track));
    for other in [MemoryInput { block: 97, ..track.clone() }, MemoryInput { block: 1 << 20, ..track.clone() }] {
        assert_eq!(*other.probes().analysis(), analysis);
        assert_eq!(forecast(&other), expected);
    }
}

#[test]
fn a_forecast_has_the_loudness_of_the_chains_output() {
    for (rate, seconds) in [(44_100, 30), (48_000, 90), (96_000, 20)] {
        let track = track(rate, seconds);
        let settings = MasteringSettings { make_up_db: 0.0, ..punchy() };
        let (all, probes) = (track.whole().integrated_lufs.unwrap(), track.probes());
        let by_all = measure::forecast(&mut track.clone(), &track.info(), &settings, &GO).unwrap();
        let by_probes = probes.forecast(&settings, &GO).unwrap();
        let aside = all - probes.lufs().unwrap();
        for target in [-20.0, -16.0, -12.0] {
            for (forecast, aside, within) in [(&by_all, 0.0, 0.2), (&by_probes, aside, 0.5)] {
                let (gain, lufs) = forecast.gain_for(target - aside, -24.0, 24.0).unwrap();
                assert!((lufs + aside - target).abs() < 0.02, "{rate} Hz: {lufs} LUFS instead of {target}");
                let chain = Mastering::new(&MasteringSettings { make_up_db: gain, ..settings }, track.rate).unwrap();
                let made = meter(&whole_run(&chain, &track.sound), track.rate).integrated_lufs;
                assert!((made - target).abs() < within, "{rate} Hz: {made} LUFS instead of {target} at {gain} dB");
            }
        }
    }
}

#[test]
fn silence_has_no_loudness_and_frames_that_are_not_finite_are_silent() {
    let silence = MemoryInput::new(vec![[0.0; 2]; 90 * 8_000], 8_000);
    for analysis in [silence.whole(), silence.probes().analysis().clone()] {
        assert_eq!((analysis.integrated_lufs, analysis.crest_db, analysis.bands_db), (None, None, [None; 5]));
        assert_eq!((analysis.sample_peak_dbfs, analysis.correlation, analysis.width_db), (None, None, None));
    }
    assert_eq!(silence.probes().forecast(&punchy(), &GO).unwrap().gain_for(-14.0, -24.0, 24.0), None);
    let mut sound = track(8_000, 10).sound.to_vec();
    let silenced: Vec<_> = sound.iter().enumerate().map(|(n, v)| if n % 1_000 == 7 { [0.0; 2] } else { *v }).collect();
    sound.iter_mut().skip(7).step_by(1_000).for_each(|frame| frame[1] = f32::NAN);
    let (broken, mended) = (MemoryInput::new(sound, 8_000), MemoryInput::new(silenced, 8_000));
    assert_eq!(broken.whole(), mended.whole());
    assert_eq!(broken.probes().analysis(), mended.probes().analysis());
}

/// Sound that stops the measurement, or whose input fails, at some frame.
struct InterruptedInput {
    sound: MemoryInput,
    frame: usize,
    stop: Option<&'static AtomicBool>,
}

impl Input for InterruptedInput {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.sound.seek(frame)
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        if self.sound.at >= self.frame {
            match self.stop {
                Some(stop) => stop.store(true, Ordering::Relaxed),
                None => return Err("the disk was removed".into()),
            }
        }
        self.sound.read(frames)
    }
}

#[test]
fn a_stop_ends_a_measurement_and_an_error_has_its_frame() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let track = track(8_000, 30);
    let info = track.info();
    let input = |stop| InterruptedInput { sound: track.clone(), frame: 115_200, stop };
    assert!(matches!(measure::whole(&mut input(Some(&STOP)), &info, &STOP), Err(Error::Stopped)));
    STOP.store(false, Ordering::Relaxed);
    assert!(matches!(Probes::read(&mut input(Some(&STOP)), &info, &STOP), Err(Error::Stopped)));
    assert!(matches!(track.probes().forecast(&punchy(), &STOP), Err(Error::Stopped)));
    for error in [
        measure::whole(&mut input(None), &info, &GO).unwrap_err(),
        Probes::read(&mut input(None), &info, &GO).err().unwrap(),
    ] {
        let Error::Engine(crowd_engine::Error::Read { frame, source }) = error else { panic!("{error}") };
        assert!((115_200..116_352).contains(&frame.0) || frame.0 >= 120_000, "{frame:?}");
        assert_eq!(source.to_string(), "the disk was removed");
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    let settings = MasteringSettings { mix: 2.0, ..MasteringSettings::default() };
    let track = track(8_000, 1);
    assert!(matches!(track.probes().forecast(&settings, &GO), Err(Error::Engine(_))));
    assert!(measure::forecast(&mut track.clone(), &track.info(), &settings, &GO).is_err());
}
