//! Endless music as the live input of `crowd_engine`, with a handle that steers it from another thread.
//!
//! ```
//! use std::sync::Arc;
//! use crowd_engine::feed::LiveInfo;
//! use crowd_engine::{DeckId, Engine, SampleRate, StemId, Track};
//! use music_generator::live_session::LiveSession;
//! use music_generator::prompt::blend::WeightedPrompt;
//! use music_generator::prompt::vocabulary::Vocabulary;
//! use music_generator::steering::change::Start;
//! use music_generator::steering::steered_session::SteeredSession;
//!
//! let rate = SampleRate::new(48_000)?;
//! let music = SteeredSession::new(rate.get(), 7, Arc::new(Vocabulary::built_in()?), &Start::default())?;
//! let (live, steering) = LiveSession::new(music);
//! let tracks = Track::from_live(live, LiveInfo::new(rate).stems(5))?;
//! let mut offline = Engine::builder().sample_rate(rate).offline()?;
//! for (stem, track) in (0..).zip(&tracks) {
//!     offline.engine().deck(DeckId::A).stem(StemId(stem)).load(track)?;
//! }
//! offline.engine().deck(DeckId::A).follow_tempo(false)?.play()?;
//! steering.set_prompts(vec![WeightedPrompt { text: "rainy night".to_owned(), weight: 1.0 }])?;
//! let two_seconds = offline.render_frames(96_000);
//! assert!(two_seconds.iter().any(|sample| sample.abs() > 0.01));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crowd_engine::feed::{InputError, LiveInput};

use crate::prompt::blend::{WeightedPrompt, blend};
use crate::prompt::explain::{Explanation, explain};
use crate::prompt::vocabulary::Vocabulary;
use crate::session::{ClockReference, Session};
use crate::steering::change::{Change, SteeringError};
use crate::steering::status::Status;
use crate::steering::steered_session::SteeredSession;
use crate::synth::SILENCE;
use crate::types::config::Config;
use crate::types::stem::Stem;
use crate::types::target::Target;

/// The most changes that wait for the next frames.
pub const QUEUE: usize = 64;
/// Quanta of 64 frames that one read renders, unless another number is chosen.
const USUAL_QUANTA: usize = 4;

/// What is called with each change and the first frame that is rendered after it.
type Observer = Box<dyn FnMut(u64, &Change) + Send>;

/// A [`SteeredSession`] as the live input of an engine: five stems, in the order of [`Stem::ALL`], or one, their mix.
///
/// Changes of its [`Steering`] are applied before the next frames are rendered, 256 at a time, and are heard from the next beat on.
pub struct LiveSession {
    music: SteeredSession,
    changes: Receiver<Change>,
    shared: Arc<Shared>,
    observer: Option<Observer>,
    quanta: usize,
}

/// What a session and its handles share.
#[derive(Debug)]
struct Shared {
    status: Mutex<Status>,
    /// The clock that the session follows, if it follows one.
    clock: Mutex<Option<ClockReference>>,
}

/// Steers a [`LiveSession`] from any thread.
#[derive(Clone, Debug)]
pub struct Steering {
    changes: SyncSender<Change>,
    shared: Arc<Shared>,
    vocabulary: Arc<Vocabulary>,
}

impl LiveSession {
    /// A live input with a handle that steers it.
    pub fn new(music: SteeredSession) -> (Self, Steering) {
        let (sender, changes) = sync_channel(QUEUE);
        let shared = Arc::new(Shared { status: Mutex::new(music.status()), clock: Mutex::new(None) });
        let vocabulary = Arc::clone(music.vocabulary());
        let steering = Steering { changes: sender, shared: Arc::clone(&shared), vocabulary };
        (Self { music, changes, shared, observer: None, quanta: USUAL_QUANTA }, steering)
    }

    /// Calls `observer` with each change and the first frame that is rendered after it, on the thread that reads the input. It is for
    /// logs.
    #[must_use]
    pub fn on_change(mut self, observer: impl FnMut(u64, &Change) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Renders this many quanta of 64 frames in one read, 1 to 64; 4 unless chosen. Changes are applied before each read.
    #[must_use]
    pub fn quanta(self, quanta: usize) -> Self {
        Self { quanta: quanta.clamp(1, 64), ..self }
    }

    /// The frame that is rendered next.
    pub fn frame(&self) -> u64 {
        self.music.frame()
    }

    /// Applies the changes that wait.
    fn follow(&mut self) {
        // Bounded, so that a sender that never pauses cannot stop the music.
        for change in self.changes.try_iter().take(QUEUE) {
            // `Steering` has checked it.
            if self.music.apply(&change).is_ok()
                && let Some(observer) = &mut self.observer
            {
                observer(self.music.frame(), &change);
            }
        }
    }
}

impl LiveInput for LiveSession {
    fn read(&mut self, stems: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError> {
        self.follow();
        self.music.follow_clock(*lock(&self.shared.clock));
        for _ in 0..self.quanta {
            let mut quantum = SILENCE;
            self.music.render(&mut quantum);
            if let [mix] = stems {
                mix.extend_from_slice(&Session::sum(&quantum));
                continue;
            }
            for (stem, block) in stems.iter_mut().zip(&quantum) {
                stem.extend_from_slice(block);
            }
        }
        *lock(&self.shared.status) = self.music.status();
        Ok(true)
    }
}

impl Steering {
    /// The number of stems of the input.
    pub const STEMS: usize = Stem::COUNT;

    /// Replaces the prompts, and returns what is understood of them. Without prompts the music stays as it is.
    ///
    /// # Errors
    /// There are too many prompts, a weight is no finite number above 0, too many changes wait, or the music has ended.
    pub fn set_prompts(&self, prompts: Vec<WeightedPrompt>) -> Result<Explanation, SteeringError> {
        let blended = blend(&self.vocabulary, &prompts, &Config::default(), None)?;
        let explanation = explain(&self.vocabulary, &prompts, &blended);
        self.send(Change::Prompts(prompts))?;
        Ok(explanation)
    }

    /// Replaces the settings.
    ///
    /// # Errors
    /// A setting is out of range, too many changes wait, or the music has ended.
    pub fn set_config(&self, config: Config) -> Result<(), SteeringError> {
        self.send(Change::Config(config))
    }

    /// Replaces the prompts by a target. Settings still go before it.
    ///
    /// # Errors
    /// A number is out of range, too many changes wait, or the music has ended.
    pub fn set_target(&self, target: Target) -> Result<(), SteeringError> {
        self.send(Change::Target(Box::new(target)))
    }

    /// Where the music is that is rendered next. What is heard is later by the window of the input and the buffer of the device.
    pub fn status(&self) -> Status {
        lock(&self.shared.status).clone()
    }

    /// Lets the music follow the beats and the tempo of another clock, until this is called with `None`: of an engine that plays it, for
    /// example. To be called again every few milliseconds, with the frame that is heard. A session log does not contain it.
    pub fn follow_clock(&self, reference: Option<ClockReference>) {
        *lock(&self.shared.clock) = reference;
    }

    fn send(&self, change: Change) -> Result<(), SteeringError> {
        change.check()?;
        self.changes.try_send(change).map_err(|error| match error {
            TrySendError::Full(_) => SteeringError::Full(QUEUE),
            TrySendError::Disconnected(_) => SteeringError::Ended,
        })
    }
}

/// A value is whole even when a thread panicked while it had the lock: it is replaced at once.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
