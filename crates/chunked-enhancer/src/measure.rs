//! What is known of tracks: measured once, then frozen.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use crowd_engine::feed::Input;

use crate::analysis::{self, Analysis, Kind, Probes};
use crate::error::Error;
use crate::library::{ContentHash, Music};
use crate::master::Settled;
use crate::overview::Overview;
use crate::rendition::Rendition;

/// What the probes of the latest tracks may take, so that another preset is settled without decoding anything: two tracks at
/// 44.1 kHz. Those of one are kept whatever they take.
const PROBES_BYTES: usize = 24 << 20;

type Known = (ContentHash, Arc<Probes>);

/// Measures tracks, and remembers the latest.
#[derive(Default)]
pub struct Measurements {
    probes: Mutex<Vec<Known>>,
}

impl Measurements {
    /// What a rendition's treatment comes to.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when `stop` was set meanwhile; else what the file is about.
    pub fn settle(&self, rendition: &Rendition, stop: &AtomicBool) -> Result<Arc<Settled>, Error> {
        let (music, treatment) = (&rendition.music, &rendition.treatment);
        let settled = match rendition.kind {
            _ if treatment.intensity.is_none() => Settled::original(),
            Kind::Quick => self.probes(music, stop)?.settle(treatment, stop)?,
            Kind::Full => {
                let analysis = self.analysis(music, Kind::Full, stop)?;
                analysis::settle_full(music, &analysis, treatment, stop, &mut |_| ())?
            }
        };
        music.check()?;
        Ok(Arc::new(settled))
    }

    /// The probes of a track.
    ///
    /// # Errors
    /// As [`settle`](Self::settle).
    pub fn probes(&self, music: &Music, stop: &AtomicBool) -> Result<Arc<Probes>, Error> {
        let lock = || self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lock().iter().find(|known| known.0 == music.hash()).map(|known| known.1.clone());
        if let Some(probes) = found {
            return Ok(probes);
        }
        let probes = Arc::new(Probes::read(music, stop)?);
        music.check()?;
        let mut known = lock();
        known.push((music.hash(), probes.clone()));
        while known.len() > 1 && known.iter().map(|known| known.1.bytes()).sum::<usize>() > PROBES_BYTES {
            known.remove(0);
        }
        Ok(probes)
    }
}

impl Measurements {
    /// What a track measures like.
    ///
    /// # Errors
    /// As [`settle`](Self::settle).
    pub fn analysis(&self, music: &Music, kind: Kind, stop: &AtomicBool) -> Result<Arc<Analysis>, Error> {
        Ok(Arc::new(match kind {
            Kind::Quick => self.probes(music, stop)?.analysis().clone(),
            Kind::Full => analysis::full(music, stop, &mut |_| ())?,
        }))
    }

    /// The waveform of a track.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn overview(&self, rendition: &Rendition) -> Result<Arc<Overview>, Error> {
        let (mut input, shape) = rendition.music.input()?;
        let mut overview = Overview::new(shape.frames.0);
        let (mut frames, mut first) = (Vec::new(), 0);
        loop {
            frames.clear();
            let more = input.read(&mut frames).map_err(|fault| Error::Failed(fault.to_string().into()))?;
            overview.add(first, frames.as_flattened());
            first += frames.len() as u64;
            if !more {
                return Ok(Arc::new(overview));
            }
        }
    }
}
