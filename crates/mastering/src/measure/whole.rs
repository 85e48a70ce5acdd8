//! A track measured as a whole.

use std::sync::atomic::{AtomicBool, Ordering};

use crowd_engine::Frames;
use crowd_engine::feed::{FileInput, Input, Shape};
use crowd_library::Music;
use crowd_mastering::{Mastering, MasteringSettings};
use crowd_media::loudness::Meter;

use super::steps::Stepper;
use super::{Analysis, Balance, Error, Kind, Steps, describe, silence_what_is_no_number, unreadable};
use crate::master::{self, Settled};
use crate::preset::Treatment;

/// Measures all of a file. `progress` hears the share that is done, 0 to 1.
///
/// # Errors
/// [`Error::Engine`] when the file cannot be read, [`Error::Stopped`] within some milliseconds of `stop` becoming true.
pub fn full(music: &Music, stop: &AtomicBool, progress: &mut dyn FnMut(f64)) -> Result<Analysis, Error> {
    let (input, shape) = music.input()?;
    let Shape { frames, sample_rate, .. } = shape;
    let downmix_gain_db = input.downmix_gain_db();
    let mut meter = Meter::new(sample_rate.get(), 2, 0).map_err(crowd_engine::Error::from)?;
    let mut stepper = Stepper::new(sample_rate);
    let mut balance = Balance::new(sample_rate);
    let warnings = all(input, shape, stop, progress, |_, block| {
        meter.push(block.as_flattened()).map_err(crowd_engine::Error::from)?;
        stepper.push(block);
        balance.push(block);
        Ok(())
    })?;
    let loudness = meter.read();
    let steps = stepper.finish();
    let finite = |level: f64| level.is_finite().then_some(level);
    Ok(Analysis {
        integrated_lufs: finite(loudness.integrated_lufs),
        range_lu: loudness.range_lu,
        true_peak_dbtp: finite(loudness.true_peak_dbtp),
        sample_peak_dbfs: finite(loudness.sample_peak_dbfs),
        downmix_gain_db,
        warnings,
        ..describe(Kind::Full, frames.0, sample_rate.get(), &[&steps], balance.sums())
    })
}

/// Settles what a treatment does to a track by all of it; `analysis` is that of [`full`].
///
/// # Errors
/// As [`full`].
pub fn settle_full(
    music: &Music,
    analysis: &Analysis,
    treatment: &Treatment,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(f64),
) -> Result<Settled, Error> {
    master::settle(analysis, analysis.integrated_lufs, treatment, |settings| {
        run(music, settings, stop, progress).map(|steps| vec![steps])
    })
}

/// What of the whole file would reach the limiter.
fn run(
    music: &Music,
    settings: &MasteringSettings,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(f64),
) -> Result<Steps, Error> {
    let (input, shape) = music.input()?;
    let mut chain = Mastering::new(settings, shape.sample_rate)?;
    let mut stepper = Stepper::new(shape.sample_rate);
    all(input, shape, stop, progress, |at, block| {
        chain.process_unlimited(Frames(at), block);
        stepper.push(block);
        Ok(())
    })?;
    Ok(stepper.finish())
}

/// Reads a file to its end; `take` gets each block and the frame it begins with. Tells what is wrong with the file.
fn all(
    mut input: FileInput,
    shape: Shape,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(f64),
    mut take: impl FnMut(u64, &mut [[f32; 2]]) -> Result<(), Error>,
) -> Result<Vec<String>, Error> {
    let mut block = Vec::new();
    let mut at = 0;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        block.clear();
        let more = input.read(&mut block).map_err(|cause| unreadable(at, cause))?;
        silence_what_is_no_number(&mut block);
        take(at, &mut block)?;
        at += block.len() as u64;
        progress(at as f64 / shape.frames.0.max(1) as f64);
        if !more {
            return Ok(input.warnings());
        }
    }
}
