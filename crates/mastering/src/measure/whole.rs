//! The analysis of a whole track.

use crowd_engine::Frames;
use crowd_engine::feed::{Input, InputInfo};
use crowd_media::loudness::Meter;

use super::analysis::Analysis;
use super::balance::BalanceMeter;
use super::error::Error;
use super::read;
use super::stop::Stop;
use crate::chain::Mastering;
use crate::loudness::{Forecast, StepMeter};
use crate::settings::MasteringSettings;

/// Analyses a whole track. `input` must be at its first frame and is read to its end. `info` describes the input.
///
/// # Errors
/// [`Error::Engine`] when it cannot be read, [`Error::Stopped`] as soon as `stop` ends it.
pub fn whole(input: &mut dyn Input, info: &InputInfo, stop: &dyn Stop) -> Result<Analysis, Error> {
    let rate = info.sample_rate;
    let mut meter = Meter::new(rate.get(), 2, 0)?;
    let mut stepper = StepMeter::new(rate);
    let mut balance = BalanceMeter::new(rate);
    all(input, stop, |_, block| {
        meter.push(block.as_flattened())?;
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
        ..Analysis::of(info, &[&steps], balance.sums())
    })
}

/// Runs the chain of `settings` over a whole track, up to its limiter, and returns the forecast. `input` is read as by
/// [`whole`].
///
/// # Errors
/// As [`whole`]; and [`Error::Engine`] for settings out of their range.
pub fn forecast(
    input: &mut dyn Input,
    info: &InputInfo,
    settings: &MasteringSettings,
    stop: &dyn Stop,
) -> Result<Forecast, Error> {
    let mut chain = Mastering::new(settings, info.sample_rate)?;
    let mut stepper = StepMeter::new(info.sample_rate);
    all(input, stop, |at, block| {
        chain.process_unlimited(Frames(at), block);
        stepper.push(block);
        Ok(())
    })?;
    Ok(Forecast::new(vec![stepper.finish()], settings))
}

/// Reads the input to its end. `take` is called with the number of the first frame of each block, and the block.
fn all(
    input: &mut dyn Input,
    stop: &dyn Stop,
    mut take: impl FnMut(u64, &mut [[f32; 2]]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut block = Vec::new();
    let mut at = 0;
    loop {
        let more = read::next(input, at, &mut block, stop)?;
        take(at, &mut block)?;
        at += block.len() as u64;
        if !more {
            return Ok(());
        }
    }
}
