//! A track measured by probes.

use crowd_engine::SampleRate;
use crowd_engine::feed::{Input, InputInfo};

use super::analysis::Analysis;
use super::balance::{Balance, Sums};
use super::error::Error;
use super::probe::{BLOCK, Probe};
use super::spans::spans;
use super::stop::Stop;
use crate::chain::Mastering;
use crate::loudness::Forecast;
use crate::settings::MasteringSettings;

/// Probes of a track: short spans spread over it, from which it is analysed and any chain for it forecast without reading it
/// again. A track of up to 75 s is taken as a whole. They take 11 MB at 44.1 kHz.
pub struct Probes {
    rate: SampleRate,
    probes: Vec<Probe>,
    analysis: Analysis,
}

impl Probes {
    /// Reads the probes of a track whose info is `info`.
    ///
    /// # Errors
    /// [`Error::Engine`] when it cannot be read, [`Error::Stopped`] as soon as `stop` says so.
    pub fn read(input: &mut dyn Input, info: &InputInfo, stop: &dyn Stop) -> Result<Self, Error> {
        let rate = info.sample_rate;
        let spans = spans(info, input.seek_step());
        let probes = spans.iter().map(|span| Probe::read(input, span, rate, stop)).collect::<Result<Vec<_>, _>>()?;
        let steps: Vec<_> = probes.iter().map(|probe| &probe.steps).collect();
        let analysis = Analysis::of(info, &steps, &balance(&probes, rate));
        Ok(Self { rate, probes, analysis })
    }

    /// What the track measures like by them. There is no true peak.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// Integrated loudness of the probes, LUFS; none of silence. By what it differs from that of the track, what is made of the
    /// track differs from its [forecast](Self::forecast).
    pub fn lufs(&self) -> Option<f64> {
        self.analysis.integrated_lufs
    }

    /// Bytes that the probes take.
    pub fn bytes(&self) -> usize {
        self.probes.iter().map(|probe| 4 * probe.frames.capacity() + 8 * probe.steps.power.capacity()).sum()
    }

    /// Runs the chain of `settings` over the probes, up to its limiter, and forecasts what comes out behind that.
    ///
    /// # Errors
    /// [`Error::Engine`] for settings out of their range, [`Error::Stopped`] as soon as `stop` says so.
    pub fn forecast(&self, settings: &MasteringSettings, stop: &dyn Stop) -> Result<Forecast, Error> {
        let chain = Mastering::new(settings, self.rate)?;
        let steps = self.probes.iter().map(|probe| probe.run(&chain, self.rate, stop));
        Ok(Forecast::new(steps.collect::<Result<_, _>>()?, settings))
    }
}

/// How the power of all frames is spread.
fn balance(probes: &[Probe], rate: SampleRate) -> Sums {
    let mut balance = Balance::new(rate);
    let mut block = Vec::with_capacity(BLOCK);
    for probe in probes {
        balance.jump();
        probe.each(&mut block, |block| balance.push(block));
    }
    *balance.sums()
}
