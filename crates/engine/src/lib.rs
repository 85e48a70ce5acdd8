//! An embeddable real-time audio engine: decks that start on the very sample, read through a band-limited
//! interpolator, are equalised, mixed and limited, at a tempo that may follow a crowd.
//!
//! The engine comes in two halves whose types keep them apart. [`Engine`] is yours: it sends commands, hears of
//! events and shows the status. [`Renderer`] is the audio thread's: it fills buffers, and takes no lock, makes
//! no system call, allocates and frees nothing, and cannot fail.
//!
//! In a debug build an unoptimised engine is slower than its sound: give the program's `Cargo.toml` the two lines
//! `[profile.dev.package.crowd-engine]` and `opt-level = 3`.
//!
//! # Three ways in
//!
//! Your own callback (a plug-in, a game, JACK):
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
//! Faster than time:
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
//! A sound device, a file or nowhere, with somebody who minds it:
//! ```
//! use crowd_engine::{DeckId, Engine, SampleRate, Track, output::State};
//!
//! # fn main() -> Result<(), crowd_engine::Error> {
//! // `device` instead of `null` is the default sound card; when it is unplugged the music goes on, and is heard
//! // again within a second of its return.
//! let mut engine = Engine::builder().sample_rate(SampleRate::CD).open("null".parse()?)?;
//! let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
//! engine.deck(DeckId::A).load(&track)?.play()?;
//! assert!(engine.health().is_some_and(|health| health.state == State::Playing));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | gives | needs |
//! |---|---|---|---|
//! | `device` | yes | sound cards through cpal | ALSA's headers on Linux |
//! | `decode` | yes | `Track::open` and the WAV file output, through crowd-media | nothing |
//!
//! Without features the engine is pure Rust and needs no system library.

// What the audio thread runs stands in types/, dsp/, rt/, stretch/ and in folders named audio/, wherever they are: in there
// only constructors may allocate, and nothing locks, waits, logs or reads a clock (tests/audio_thread_words.rs). Everything else
// is the control half. Each part uses only what stands on a floor below it (tests/rooms.rs).

#![cfg_attr(rtsan, feature(sanitize))]

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
pub mod stretch;
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
pub use output::{DeviceConfig, Health, Output};
pub use track::{Pcm, Track, WeakTrack};
pub use types::band::Band;
pub use types::config::EngineConfig;
pub use types::crossfade::CrossfadeLaw;
pub use types::error::Error;
pub use types::loop_region::LoopRegion;
pub use types::method::StretchMethod;
pub use types::units::{Bpm, DeckId, Frames, Gain, Rate, SampleRate, StemId};
