//! An embeddable real-time audio engine for DJ programs. Decks start in the exact frame for which their command was sent. They play at
//! another tempo, with or without a change of pitch. Each deck has an equaliser and a fader, and the mix has a limiter.
//!
//! An engine has two halves. [`Engine`] belongs to your program: it sends commands, returns events and shows the status.
//! [`Renderer`] belongs to the audio thread: it fills buffers with sound. It takes no lock, makes no system call, neither allocates
//! nor frees memory, and cannot fail. Commands reach it through a queue.
//!
//! # Three ways to use it
//!
//! **With your own callback** (a plug-in, a game, JACK), [`Builder::split`] returns both halves:
//! ```
//! use crowd_engine::{DeckId, Engine, SampleRate, Track};
//!
//! # fn main() -> Result<(), crowd_engine::Error> {
//! let (mut engine, mut renderer) = Engine::builder().split()?;
//! let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
//! engine.deck(DeckId::A).load(&track)?.play()?;
//! let mut block = [0.0; 2 * 512];
//! renderer.render(&mut block);
//! assert_eq!(block[0], 0.25);
//! # Ok(())
//! # }
//! ```
//!
//! **Faster than real time**, [`Builder::offline`] renders as quickly as the processor can:
//! ```
//! use crowd_engine::{DeckId, Engine, Frames, SampleRate, Track, When};
//!
//! # fn main() -> Result<(), crowd_engine::Error> {
//! let mut offline = Engine::builder().offline()?;
//! let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
//! offline.engine().deck(DeckId::B).load(&track)?.at(When::At(Frames(100))).play()?;
//! let sound = offline.render_frames(200);
//! assert_eq!((sound[2 * 99], sound[2 * 100]), (0.0, 0.25));
//! # Ok(())
//! # }
//! ```
//!
//! **Through a sound device, into a file or to nowhere**, [`Builder::open`] starts a thread that plays:
//! ```
//! use crowd_engine::{DeckId, Engine, SampleRate, Track, output::OutputState};
//!
//! # fn main() -> Result<(), crowd_engine::Error> {
//! // With "device" instead of "null" it plays through the default sound card. When the card is unplugged, the engine plays on
//! // without being heard. The sound is back within a second after the card.
//! let mut engine = Engine::builder().sample_rate(SampleRate::CD).open("null".parse()?)?;
//! let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
//! engine.deck(DeckId::A).load(&track)?.play()?;
//! assert!(engine.health().is_some_and(|health| health.state == OutputState::Playing));
//! # Ok(())
//! # }
//! ```
//!
//! # What to look at first
//!
//! | you want to | look at |
//! |---|---|
//! | load, play, loop, equalise a deck | [`Engine::deck`] |
//! | set the tempo, crossfade, set the master gain | [`Engine::mix`] |
//! | let several commands act in the same frame | [`Engine::group`] |
//! | let a command act in a given frame, on the next beat or bar | [`When`] |
//! | show positions, meters, the beat | [`Engine::status`] |
//! | react to the end of a track | [`Engine::events`] |
//! | know whether the sound reaches the device | [`Engine::health`] |
//! | send or analyse what is played, on another thread | [`Builder::tap`], [`output::OutputTap`] |
//! | play files that are too long for the memory | `Track::stream`, [`feed`] |
//! | play what your program computes | [`feed::Input`], [`Track::from_input`] |
//! | write a file faster than real time | [`Builder::offline`], then `crowd_media::write` |
//! | keep the pitch at another tempo | [`StretchMethod`] |
//! | bring a whole track to another tempo | [`export`] |
//! | find the beats of a track again | [`tempo::BeatGrid`] |
//!
//! Complete programs are in `examples/examples` of the repository: `dj_set` (two decks at one tempo, aligned and crossfaded),
//! `game_stems` (stems that come and go), `beat_clock` (commands on beats and bars), `endless_queue` (one track after the other) and
//! `own_source` (a track that the program computes).
//!
//! # Words and units
//!
//! - A *frame* is one sample of every channel. Times and lengths are counted in [`Frames`].
//! - Positions in a track are counted in frames of the track.
//! - The moments of commands and events are frames of the engine's *time line*, which begins with frame 0 when the engine is made.
//! - Sound is interleaved stereo `f32`, with full scale 1.
//! - A *block* is the frames that one call of [`Renderer::render`] fills.
//! - A *quantum* is 64 frames. The renderer makes sound in quanta, whatever the size of the blocks.
//! - A *deck* plays a track, or several tracks in step, which are its *stems*.
//!
//! # Speed of debug builds
//!
//! In a debug build the engine may be too slow for real time. To optimise it in debug builds too, add two lines to the `Cargo.toml`
//! of your program, or to that of its workspace: `[profile.dev.package.crowd-engine]` and `opt-level = 3`.
//!
//! # Features
//!
//! | feature | default | gives | needs |
//! |---|---|---|---|
//! | `device` | yes | sound devices and sound servers | ALSA's headers on Linux |
//! | `decode` | yes | `Track::open` and `Track::stream`, file outputs and recordings, through crowd-media | nothing |
//! | `serde` | no | `Serialize` for status, events, health, devices; `Deserialize` too for units and named settings | nothing |
//!
//! Without features the engine needs no system library.

// The code of the audio thread is in types/, dsp/, rt/, stretch/ and in folders named audio/. In this code only constructors may
// allocate, and nothing locks, waits, logs or reads a clock (tests/audio_thread_words.rs). Everything else is the control half. Each
// module uses only modules of lower layers (examples/tests/structure).

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(rtsan, feature(sanitize))]
#![warn(missing_debug_implementations)]

mod audio;
pub mod buffer;
mod builder;
pub mod chunk;
mod command;
mod control;
pub mod dsp;
mod event;
pub mod export;
pub mod feed;
mod offline;
pub mod output;
mod rt;
mod stretch;
pub mod tempo;
mod track;
mod types;
mod worker;

pub use audio::Renderer;
pub use builder::Builder;
pub use command::{Command, DeckCommand, Stems, When};
pub use control::{CommandGroup, CommandTarget, DeckHandle, Engine, MixHandle};
pub use event::{BlockReport, DeckStatus, Event, Status};
pub use offline::Offline;
#[doc(inline)]
pub use output::{DeviceConfig, Health, Output};
pub use track::{Pcm, Track, WeakTrack};
pub use types::band::Band;
pub use types::config::EngineConfig;
pub use types::crossfade_law::CrossfadeLaw;
pub use types::error::Error;
pub use types::error_reasons::{BeatGridError, SettingError, SettingReason, TimeMapError, TrackError};
pub use types::loop_region::LoopRegion;
pub use types::stretch_method::StretchMethod;
pub use types::units::{Bpm, DeckId, Frames, Gain, Rate, SampleRate, StemId};
