//! A track measured as a whole.

use crowd_engine::Frames;
use crowd_engine::feed::{Input, InputInfo};
use crowd_media::loudness::Meter;

use super::analysis::Analysis;
use super::balance::Balance;
use super::error::Error;
use super::read;
use super::stop::Stop;
use crate::chain::Mastering;
use crate::loudness::{Forecast, Stepper};
use crate::settings::MasteringSettings;

/// Measures all of a track. `input` is read from where it stands to its end, and is to stand at its first frame; `info` is its
/// own.
///
/// # Errors
/// [`Error::Engine`] when it cannot be read, [`Error::Stopped`] as soon as `stop` says so.
pub fn whole(input: &mut dyn Input, info: &InputInfo, stop: &dyn Stop) -> Result<Analysis, Error> {
    let rate = info.sample_rate;
    let mut meter = Meter::new(rate.get(), 2, 0)?;
    let mut stepper = Stepper::new(rate);
    let mut balance = Balance::new(rate);
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

/// Runs the chain of `settings` over all of a track, up to its limiter, and forecasts what comes out behind that. `input` is read
/// as by [`whole`].
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
    let mut stepper = Stepper::new(info.sample_rate);
    all(input, stop, |at, block| {
        chain.process_unlimited(Frames(at), block);
        stepper.push(block);
        Ok(())
    })?;
    Ok(Forecast::new(vec![stepper.finish()], settings))
}

/// Reads to the end; `take` gets each block and the frame it begins with.
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
