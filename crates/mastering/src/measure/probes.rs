//! The analysis of a track by probes.

use crowd_engine::SampleRate;
use crowd_engine::feed::{Input, InputInfo};

use super::analysis::Analysis;
use super::balance::{BalanceMeter, BalanceSums};
use super::error::Error;
use super::probe::{BLOCK, Probe};
use super::spans::spans;
use super::stop::Stop;
use crate::chain::Mastering;
use crate::loudness::Forecast;
use crate::settings::MasteringSettings;

/// Probes of a track: short spans spread over the track. They give an analysis of the track, and a forecast of the loudness after any
/// chain, without reading the track again. A track of up to 75 s is one probe. The probes of a track take 11 MB at 44.1 kHz.
pub struct Probes {
    rate: SampleRate,
    probes: Vec<Probe>,
    analysis: Analysis,
}

impl Probes {
    /// Reads the probes of a track with the given `info`.
    ///
    /// # Errors
    /// [`Error::Engine`] when it cannot be read, [`Error::Stopped`] as soon as `stop` ends it.
    pub fn read(input: &mut dyn Input, info: &InputInfo, stop: &dyn Stop) -> Result<Self, Error> {
        let rate = info.sample_rate;
        let spans = spans(info, input.seek_step());
        let probes = spans.iter().map(|span| Probe::read(input, span, rate, stop)).collect::<Result<Vec<_>, _>>()?;
        let steps: Vec<_> = probes.iter().map(|probe| &probe.steps).collect();
        let analysis = Analysis::of(info, &steps, &balance(&probes, rate));
        Ok(Self { rate, probes, analysis })
    }

    /// The analysis from the probes. It has no true peak.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// The integrated loudness of the probes, LUFS; `None` for silence. A [forecast](Self::forecast) differs from the loudness of the whole
    /// track by about as much as this value does.
    pub fn lufs(&self) -> Option<f64> {
        self.analysis.integrated_lufs
    }

    /// The memory of the probes in bytes.
    pub fn bytes(&self) -> usize {
        self.probes.iter().map(|probe| 4 * probe.frames.capacity() + 8 * probe.steps.power.capacity()).sum()
    }

    /// Runs the chain of `settings` over the probes, up to its limiter, and returns the forecast.
    ///
    /// # Errors
    /// [`Error::Engine`] for settings out of their range, [`Error::Stopped`] as soon as `stop` ends it.
    pub fn forecast(&self, settings: &MasteringSettings, stop: &dyn Stop) -> Result<Forecast, Error> {
        let chain = Mastering::new(settings, self.rate)?;
        let steps = self.probes.iter().map(|probe| probe.run(&chain, self.rate, stop));
        Ok(Forecast::new(steps.collect::<Result<_, _>>()?, settings))
    }
}

/// The balance of all frames.
fn balance(probes: &[Probe], rate: SampleRate) -> BalanceSums {
    let mut balance = BalanceMeter::new(rate);
    let mut block = Vec::with_capacity(BLOCK);
    for probe in probes {
        balance.jump();
        probe.each(&mut block, |block| balance.push(block));
    }
    *balance.sums()
}
