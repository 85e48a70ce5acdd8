//! Where the music is heard.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crowd_engine::feed::LiveInfo;
use crowd_engine::output::OutputState;
use crowd_engine::{DeckId, Engine, Gain, Output, SampleRate, StemId, Track};

use super::pcm::{self, FADE_SECONDS, PcmFormat};
use crate::live_session::{LiveSession, Steering};

/// How much is kept ready for the engine: enough for the moment in which a bar is written on a slow processor.
const WINDOW: Duration = Duration::from_millis(200);
/// The time after a fade in which the device plays what it has.
const DRAIN: Duration = Duration::from_millis(300);

/// An output that was opened.
pub enum Opened {
    /// An engine with an output.
    Engine(Box<Engine>),
    /// Raw PCM on standard output.
    Pcm(PcmFormat, SampleRate),
}

/// An output that plays.
pub enum Sink {
    /// An engine with an output.
    Engine(Box<Engine>),
    /// Raw PCM on standard output, written by a thread.
    Pcm(JoinHandle<io::Result<()>>, Arc<AtomicBool>),
}

impl Opened {
    /// Opens an output of the engine.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn engine(output: Output, rate: Option<SampleRate>) -> Result<Self, crowd_engine::Error> {
        let mut builder = Engine::builder().decks(1).stems(Steering::STEMS);
        if let Some(rate) = rate {
            builder = builder.sample_rate(rate);
        }
        Ok(Self::Engine(Box::new(builder.open(output.with_adaptive_buffer())?)))
    }

    /// The sample rate in hertz.
    pub fn sample_rate(&self) -> u32 {
        match self {
            Self::Engine(engine) => engine.sample_rate().get(),
            Self::Pcm(_, rate) => rate.get(),
        }
    }

    /// The name for people.
    pub fn name(&self) -> String {
        match self {
            Self::Engine(engine) => engine.health().map_or_else(|| "no output".to_owned(), |health| health.output),
            Self::Pcm(..) => "standard output".to_owned(),
        }
    }

    /// Plays. Raw PCM ends after `frames` frames.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn play(self, live: LiveSession, frames: Option<u64>) -> Result<Sink, Box<dyn Error>> {
        match self {
            Self::Engine(mut engine) => {
                let info = LiveInfo::new(engine.sample_rate()).stems(Steering::STEMS).window(WINDOW);
                let tracks = Track::from_live(live, info)?;
                for (stem, track) in (0..).zip(&tracks) {
                    engine.deck(DeckId::A).stem(StemId(stem)).load(track)?;
                }
                engine.deck(DeckId::A).follow_tempo(false)?.play()?;
                Ok(Sink::Engine(engine))
            }
            Self::Pcm(format, rate) => {
                let stop = Arc::new(AtomicBool::new(false));
                let flag = Arc::clone(&stop);
                let write = move || pcm::write(live, format, rate.get(), frames, &flag, io::stdout().lock());
                Ok(Sink::Pcm(thread::Builder::new().name("pcm".to_owned()).spawn(write)?, stop))
            }
        }
    }
}

impl Sink {
    /// Whether nothing is heard any more.
    ///
    /// # Errors
    /// When a device has failed for good.
    pub fn has_ended(&mut self) -> Result<bool, Box<dyn Error>> {
        match self {
            Self::Engine(engine) => {
                // Events are read so that tracks are freed and the queue does not fill.
                engine.events().for_each(drop);
                match engine.health() {
                    Some(health) if health.state == OutputState::Ended => {
                        Err(format!("{}: {}", health.output, health.problem.unwrap_or_default()).into())
                    }
                    _ => Ok(false),
                }
            }
            Self::Pcm(writer, _) => Ok(writer.is_finished()),
        }
    }

    /// Fades out and closes the output.
    ///
    /// # Errors
    /// Those of the output.
    pub fn close(self) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Engine(mut engine) => {
                let fade = Duration::from_secs_f64(FADE_SECONDS);
                engine.deck(DeckId::A).fade(Gain::SILENCE, fade)?;
                thread::sleep(fade + DRAIN);
                Ok(engine.close()?)
            }
            Self::Pcm(writer, stop) => {
                stop.store(true, Ordering::Relaxed);
                match writer.join() {
                    Ok(written) => Ok(written.map_err(|error| format!("standard output: {error}"))?),
                    Err(_) => Err("the thread that writes the sound has failed".into()),
                }
            }
        }
    }
}
