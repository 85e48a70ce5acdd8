//! Music that is generated in a deck: a prompt in place of a file, as in `gen:lofi hip hop, warm`.

use crate::generator_setting::{GeneratorSetting, MovementShare};
use crate::refusal::{Refusal, RefusalKind};
use crate::units::MovementLevel;
use crowd_engine::feed::LiveInfo;
use crowd_engine::{SampleRate, Track, WeakTrack};
use music_generator::live_session::{LiveSession, Steering};
use music_generator::prompt::blend::WeightedPrompt;
use music_generator::prompt::vocabulary::Vocabulary;
use music_generator::session::ClockReference;
use music_generator::steering::change::Start;
use music_generator::steering::steered_session::SteeredSession;
use music_generator::types::config::Config;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// How a path begins that is a prompt.
const PREFIX: &str = "gen:";
/// The parameter of a path that is followed by the seed.
const SEED: &str = "?seed=";
/// The largest number of generators that are loaded at the same time. Each takes up to a tenth of a core of a desktop computer.
const MOST: usize = 8;
/// The smallest change of the movement that is followed.
const MOVEMENT_STEP: f32 = 0.02;

/// Whether a path is a prompt and not a file.
#[must_use]
pub fn is_generator(path: &str) -> bool {
    path.get(..PREFIX.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
}

/// A generator that is loaded.
#[derive(Debug)]
struct Generator {
    track: WeakTrack,
    steering: Steering,
    config: Config,
    share: MovementShare,
    /// The movement that was followed last.
    movement: Option<f32>,
}

impl Generator {
    /// The settings with what the movement adds.
    fn config_with_movement(&self) -> Config {
        let mut config = self.config.clone();
        let Some(movement) = self.movement else { return config };
        let mixed = |setting: Option<f32>, share: f32| {
            if share == 0.0 { setting } else { Some(setting.unwrap_or(0.5) * (1.0 - share) + movement * share) }
        };
        config.density = mixed(config.density, self.share.density);
        config.brightness = mixed(config.brightness, self.share.brightness);
        config
    }

    fn apply(&self) -> Result<(), String> {
        self.steering.set_config(self.config_with_movement()).map_err(|error| error.to_string())
    }
}

/// The generators of all decks. Clones share them: the threads that load files start them, the control thread steers them.
#[derive(Clone, Debug, Default)]
pub struct Generators {
    vocabulary: Arc<OnceLock<Result<Arc<Vocabulary>, String>>>,
    loaded: Arc<Mutex<Vec<Generator>>>,
}

impl Generators {
    fn loaded(&self) -> MutexGuard<'_, Vec<Generator>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The built-in vocabulary, which is read once.
    fn vocabulary(&self) -> Result<Arc<Vocabulary>, String> {
        let read = || Vocabulary::built_in().map(Arc::new).map_err(|error| error.to_string());
        self.vocabulary.get_or_init(read).clone()
    }

    /// Starts a generator for a path that begins with `gen:`. Its tempo is that of the master once it plays.
    ///
    /// # Errors
    /// A text for the user: nothing of the prompt is understood, the seed is no number, or too many generators are loaded.
    pub fn start(&self, path: &str, rate: SampleRate) -> Result<Track, String> {
        let prompt = path.get(PREFIX.len()..).unwrap_or_default();
        let (prompt, seed) = match prompt.rsplit_once(SEED) {
            Some((prompt, seed)) => {
                let number = seed.trim().parse();
                (prompt, number.map_err(|_| format!("seed \"{seed}\" is not a whole number from 0 to {}", u64::MAX))?)
            }
            None => (prompt, clock_seed()),
        };
        let vocabulary = self.vocabulary()?;
        let prompts = match prompt.trim() {
            "" => Vec::new(),
            text => vec![WeightedPrompt { text: text.to_owned(), weight: 1.0 }],
        };
        let start = Start { prompts, ..Start::default() };
        let music = SteeredSession::new(rate.get(), seed, vocabulary, &start).map_err(|error| error.to_string())?;
        let not_understood = music.status().not_understood;
        let (live, steering) = LiveSession::new(music);
        let tracks = Track::from_live(live, LiveInfo::new(rate)).map_err(|error| error.to_string())?;
        let track = tracks.into_iter().next().ok_or("the generator has no sound")?;
        let mut loaded = self.loaded();
        loaded.retain(|generator| generator.track.upgrade().is_some());
        if loaded.len() >= MOST {
            return Err(format!("{MOST} generators are loaded already: unload one with /memory_cleanup"));
        }
        tracing::info!("generator started with the seed {seed}");
        for words in not_understood {
            tracing::warn!("generator: {words}");
        }
        let config = Config::default();
        let share = MovementShare::default();
        loaded.push(Generator { track: track.downgrade(), steering, config, share, movement: None });
        Ok(track)
    }

    /// Calls `change` with the generator that plays `track`.
    fn with<T>(
        &self,
        track: Option<&Track>,
        change: impl FnOnce(&mut Generator) -> Result<T, String>,
    ) -> Result<T, Refusal> {
        let mut loaded = self.loaded();
        let is_it = |generator: &&mut Generator| {
            let other = generator.track.upgrade();
            other.zip(track).is_some_and(|(other, track)| other.is_same(track))
        };
        let Some(generator) = loaded.iter_mut().find(is_it) else {
            let text = "there is no generator in this buffer: load one with /load_buffer ID \"gen:PROMPT\"";
            return Err(Refusal::new(RefusalKind::State, "", text));
        };
        change(generator).map_err(|text| Refusal::new(RefusalKind::BadArgument, "", text))
    }

    /// Replaces the prompts of the generator that plays `track`. Returns what was not understood, a text for each prompt.
    ///
    /// # Errors
    /// When no generator plays the track, or a prompt cannot be used.
    pub fn set_prompts(&self, track: Option<&Track>, prompts: Vec<WeightedPrompt>) -> Result<Vec<String>, Refusal> {
        self.with(track, |generator| {
            let explanation = generator.steering.set_prompts(prompts).map_err(|error| error.to_string())?;
            Ok(explanation.prompts.into_iter().flat_map(|prompt| prompt.warnings).collect())
        })
    }

    /// Changes a setting of the generator that plays `track`.
    ///
    /// # Errors
    /// When no generator plays the track.
    pub fn set(&self, track: Option<&Track>, setting: GeneratorSetting) -> Result<(), Refusal> {
        self.with(track, |generator| {
            match setting {
                GeneratorSetting::Density(density) => generator.config.density = density,
                GeneratorSetting::Brightness(brightness) => generator.config.brightness = brightness,
                GeneratorSetting::Temperature(temperature) => generator.config.temperature = temperature,
                GeneratorSetting::Mute(stem, muted) => {
                    if let Some(slot) = generator.config.muted.get_mut(stem.index()) {
                        *slot = muted;
                    }
                }
            }
            generator.apply()
        })
    }

    /// Sets how far movement sets density and brightness of the generator that plays `track`.
    ///
    /// # Errors
    /// When no generator plays the track.
    pub fn set_share(&self, track: Option<&Track>, share: MovementShare) -> Result<(), Refusal> {
        self.with(track, |generator| {
            generator.share = share;
            generator.apply()
        })
    }

    /// Lets all generators follow a measurement of movement.
    pub fn follow_movement(&self, movement: MovementLevel) {
        #[allow(clippy::cast_possible_truncation, reason = "a level from 0 to 1")]
        let movement = movement.get() as f32;
        for generator in self.loaded().iter_mut() {
            let followed = generator.movement.is_some_and(|last| (last - movement).abs() < MOVEMENT_STEP);
            if generator.share == MovementShare::default() || followed {
                continue;
            }
            generator.movement = Some(movement);
            // When too many changes wait, the next measurement is followed.
            if let Err(text) = generator.apply() {
                tracing::debug!("generator: {text}");
            }
        }
    }

    /// Lets the generator that plays `track` follow a clock. Nothing happens when no generator plays it.
    pub fn follow_clock(&self, track: &Track, reference: ClockReference) {
        let _none = self.with(Some(track), |generator| {
            generator.steering.follow_clock(Some(reference));
            Ok(())
        });
    }

    /// Whether no generator is loaded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.loaded().is_empty()
    }
}

/// A seed that differs from start to start.
fn clock_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs() ^ u64::from(now.subsec_nanos()) << 20
}
