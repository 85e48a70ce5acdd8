//! The sound of a session with a provider, with the loudness of the station.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crowd_engine::chunk::ChunkProcessor;
use crowd_engine::{Frames, SampleRate};
use crowd_mastering::Mastering;
use music_generator::prompt::blend::WeightedPrompt;
use music_generator::provider::{Control, NoEvent, Provider, ProviderEvent, ProviderSession};

use super::rolling_buffer::ChunkSound;
use crate::error::Error;
use crate::sound::{chain, gain_db};

/// The loudness of the built-in music.
const BUILT_IN_LUFS: f64 = -18.0;
/// The longest time until a stop is noticed.
const POLL: Duration = Duration::from_millis(200);
/// After this time without sound it is told that the provider is waited for.
const SLOW: Duration = Duration::from_secs(60);
/// The frames that are processed at once.
const BLOCK: usize = 4_096;

/// The gain of a session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SessionGain {
    /// That of the built-in music, whose loudness is known.
    BuiltIn,
    /// It is measured in the first sound that is read, and stays.
    Measured,
}

/// The sound of a session: continuous, with the loudness of the station and its largest true peak.
pub struct SessionSound {
    session: Box<dyn ProviderSession>,
    gain: SessionGain,
    target_lufs: f64,
    rate: Option<SampleRate>,
    chain: Option<Mastering>,
    /// The sound of the provider that was not processed.
    raw: Vec<[f32; 2]>,
    /// The number of frames that were processed.
    processed: u64,
}

impl SessionSound {
    /// Opens a session with a prompt.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the provider cannot be started or does not accept the prompt.
    pub fn open(provider: &dyn Provider, prompt: &str, gain: SessionGain, target_lufs: f64) -> Result<Self, Error> {
        let failed =
            |error: &dyn std::fmt::Display| Error::Invalid(format!("the provider {}: {error}", provider.name()));
        let session = provider.open().map_err(|error| failed(&error))?;
        let prompts = [WeightedPrompt { text: prompt.to_owned(), weight: 1.0 }];
        session.set_prompts(&prompts).map_err(|error| failed(&error))?;
        session.control(Control::Play).map_err(|error| failed(&error))?;
        Ok(Self { session, gain, target_lufs, rate: None, chain: None, raw: Vec::new(), processed: 0 })
    }

    /// The next `seconds` of sound. `None` when `stop` was set.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the provider ended.
    pub fn read(&mut self, seconds: f64, stop: &AtomicBool) -> Result<Option<ChunkSound>, Error> {
        let Some(rate) = self.fill(1, stop)? else { return Ok(None) };
        let wanted = (seconds * f64::from(rate.get())).round() as usize;
        if self.fill(wanted, stop)?.is_none() {
            return Ok(None);
        }
        let chain = match &mut self.chain {
            Some(chain) => chain,
            None => {
                let gain = self.gain_db(rate, wanted)?;
                self.chain.insert(chain(gain, rate)?)
            }
        };
        // The chain is later than its input; what comes before the first frame is dropped.
        let latency = chain.latency().0;
        let late = latency.saturating_sub(self.processed) as usize;
        if self.fill(wanted + late, stop)?.is_none() {
            return Ok(None);
        }
        let mut sound: Vec<[f32; 2]> = self.raw.drain(..wanted + late).collect();
        if let Some(chain) = &mut self.chain {
            for block in sound.chunks_mut(BLOCK) {
                chain.process(Frames(self.processed), block);
                self.processed += block.len() as u64;
            }
        }
        sound.drain(..late);
        Ok(Some(ChunkSound { frames: sound, sample_rate: rate.get() }))
    }

    fn gain_db(&self, rate: SampleRate, frames: usize) -> Result<f32, Error> {
        let loudness = match self.gain {
            SessionGain::BuiltIn => BUILT_IN_LUFS,
            SessionGain::Measured => {
                let samples = self.raw.get(..frames).unwrap_or_default().as_flattened().to_vec();
                let audio = crowd_media::Audio::new(crowd_media::Samples::F32(samples), rate.get(), 2)?;
                crowd_media::loudness::integrated(&audio)?
            }
        };
        Ok(gain_db(loudness, self.target_lufs))
    }

    /// Waits until the provider has made so many frames. Returns its sample rate, or `None` when `stop` was set.
    fn fill(&mut self, wanted: usize, stop: &AtomicBool) -> Result<Option<SampleRate>, Error> {
        let mut since = Instant::now();
        loop {
            if let Some(rate) = self.rate
                && self.raw.len() >= wanted
            {
                return Ok(Some(rate));
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            match self.session.next_event(POLL) {
                Ok(ProviderEvent::Audio(audio)) => {
                    since = Instant::now();
                    self.rate = Some(SampleRate::new(audio.format.sample_rate)?);
                    self.raw.extend(audio.stereo());
                }
                Ok(ProviderEvent::Closed { reason }) => {
                    return Err(Error::Invalid(format!("the provider of the music ended: {reason}")));
                }
                Ok(ProviderEvent::Warning(warning)) => tracing::warn!("the provider of the music: {warning}"),
                Ok(ProviderEvent::Filtered { text, reason }) => {
                    tracing::warn!("the provider of the music has not used \"{}\": {reason}", text.escape_debug());
                }
                Err(NoEvent::TimedOut) if since.elapsed() >= SLOW => {
                    tracing::warn!("the provider of the music has sent no sound for {} s", SLOW.as_secs());
                    since = Instant::now();
                }
                Err(NoEvent::TimedOut) => {}
                Err(NoEvent::Ended) => return Err(Error::Invalid("the provider of the music ended".to_owned())),
            }
        }
    }
}
