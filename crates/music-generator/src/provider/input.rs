//! Plays a session with a provider on a deck.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crowd_engine::SampleRate;
use crowd_engine::feed::{InputError, LiveInfo, LiveInput};
use crowd_media::StreamResampler;

use super::event::{AudioChunk, PcmFormat, ProviderEvent};
use super::queue::NoEvent;
use super::session::ProviderSession;

/// How long one call waits for audio, at first and after it was in vain.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(200));
/// The most frames that one call appends, so that a long chunk does not make the deck react late.
const MOST_FRAMES: usize = 1_024;
/// How long the last sample before a new start is held and faded out, in seconds.
const SEAM: f64 = 0.004;

/// Gets each event before it is played: for metadata, recordings, messages.
pub type Listener = Box<dyn FnMut(&ProviderEvent) + Send>;

/// A session as the source of a live track: one stem, at the sample rate of the engine whatever the rate of the provider.
///
/// When there is no audio for 5 s, the deck reports that its input cannot be read, and goes on as soon as it can. The track ends when
/// the session is closed.
///
/// ```
/// use std::sync::Arc;
///
/// use crowd_engine::{DeckId, Engine, SampleRate, StemId, Track};
/// use music_generator::provider::{BuiltIn, Control, Provider, ProviderInput};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let session = Arc::from(BuiltIn::new()?.open()?);
/// let input = ProviderInput::new(Arc::clone(&session), SampleRate::CD);
/// session.control(Control::Play)?;
/// let info = input.info();
/// let tracks = Track::from_live(input, info)?;
/// let mut offline = Engine::builder().offline()?;
/// offline.engine().deck(DeckId::A).stem(StemId(0)).load(&tracks[0])?;
/// offline.engine().deck(DeckId::A).play()?;
/// assert_eq!(offline.render_frames(4_410).len(), 2 * 4_410);
/// # Ok(())
/// # }
/// ```
pub struct ProviderInput {
    session: Arc<dyn ProviderSession>,
    sample_rate: SampleRate,
    listener: Option<Listener>,
    resampler: Option<(PcmFormat, StreamResampler)>,
    /// Frames that wait to be read.
    ready: VecDeque<[f32; 2]>,
    /// The newest frame.
    last: [f32; 2],
    patience: Duration,
    ended: bool,
}

impl ProviderInput {
    /// Reads the events of a session. Nothing else may read them: use [`ProviderInput::listen`].
    pub fn new(session: Arc<dyn ProviderSession>, sample_rate: SampleRate) -> Self {
        Self {
            session,
            sample_rate,
            listener: None,
            resampler: None,
            ready: VecDeque::new(),
            last: [0.0; 2],
            patience: PATIENCE.0,
            ended: false,
        }
    }

    /// With a function that gets each event. It runs on the thread that reads the input, and must not wait.
    pub fn listen(mut self, listener: impl FnMut(&ProviderEvent) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// For [`Track::from_live`](crowd_engine::Track::from_live).
    pub fn info(&self) -> LiveInfo {
        LiveInfo::new(self.sample_rate)
    }

    /// Waits for audio, and makes it ready.
    fn receive(&mut self) -> Result<(), InputError> {
        let until = Instant::now() + self.patience;
        while self.ready.is_empty() && !self.ended {
            let left = until.saturating_duration_since(Instant::now());
            match self.session.next_event(left) {
                Ok(event) => {
                    if let Some(listener) = &mut self.listener {
                        listener(&event);
                    }
                    match event {
                        ProviderEvent::Audio(audio) => self.take(&audio)?,
                        ProviderEvent::Closed { .. } => self.end()?,
                        ProviderEvent::Filtered { .. } | ProviderEvent::Warning(_) => {}
                    }
                }
                Err(NoEvent::Ended) => self.end()?,
                Err(NoEvent::TimedOut) => {
                    let patience = std::mem::replace(&mut self.patience, PATIENCE.1);
                    return Err(format!("the music provider sent no audio for {patience:?}").into());
                }
            }
        }
        self.patience = PATIENCE.0;
        Ok(())
    }

    fn take(&mut self, audio: &AudioChunk) -> Result<(), InputError> {
        let format = audio.format;
        if self.resampler.as_ref().is_some_and(|(known, _)| *known != format) {
            self.flush()?;
        }
        if format.sample_rate == self.sample_rate.get() {
            self.append(audio.stereo(), audio.starts_anew);
            return Ok(());
        }
        let resampler = match &mut self.resampler {
            Some((_, resampler)) => resampler,
            none => {
                let resampler = StreamResampler::new(format.sample_rate, self.sample_rate.get(), 2)?;
                &mut none.insert((format, resampler)).1
            }
        };
        let samples: Vec<f32> = audio.stereo().flatten().collect();
        let mut out = Vec::new();
        resampler.push(&samples, &mut out)?;
        // The resampler itself joins what does not continue: a step is limited to its band.
        self.append(out.as_chunks::<2>().0.iter().copied(), false);
        Ok(())
    }

    /// Appends what the resampler still has.
    fn flush(&mut self) -> Result<(), InputError> {
        if let Some((_, mut resampler)) = self.resampler.take() {
            let mut out = Vec::new();
            resampler.finish(&mut out)?;
            self.append(out.as_chunks::<2>().0.iter().copied(), false);
        }
        Ok(())
    }

    /// Appends frames. At a new start, the last sample is held under them and fades out, so that there is no step.
    fn append(&mut self, frames: impl Iterator<Item = [f32; 2]>, starts_anew: bool) {
        let length = (SEAM * f64::from(self.sample_rate.get())) as f32;
        let held = if starts_anew { self.last } else { [0.0; 2] };
        let from = self.ready.len();
        self.ready.extend(frames);
        if held != [0.0; 2] {
            for (index, frame) in self.ready.iter_mut().skip(from).enumerate() {
                let gain = 1.0 - index as f32 / length;
                if gain <= 0.0 {
                    break;
                }
                *frame = [frame[0] + gain * held[0], frame[1] + gain * held[1]];
            }
        }
        self.last = self.ready.back().copied().unwrap_or(self.last);
    }

    fn end(&mut self) -> Result<(), InputError> {
        self.ended = true;
        self.flush()
    }
}

impl LiveInput for ProviderInput {
    fn read(&mut self, stems: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError> {
        self.receive()?;
        let count = self.ready.len().min(MOST_FRAMES);
        if let Some(stem) = stems.first_mut() {
            stem.extend(self.ready.drain(..count));
        }
        Ok(!self.ended || !self.ready.is_empty())
    }
}

impl std::fmt::Debug for ProviderInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderInput").field("sample_rate", &self.sample_rate).finish_non_exhaustive()
    }
}
