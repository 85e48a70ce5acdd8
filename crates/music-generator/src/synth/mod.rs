//! Instruments: a note to sound.
//!
//! A [`Player`] has a fixed number of voices and one chain of effects for each stem. It makes a quantum of 64 frames at a time:
//!
//! ```
//! use music_generator::mix::{Master, StyleSound};
//! use music_generator::synth::{Player, SILENCE};
//! use music_generator::types::target::Target;
//!
//! let target = Target::default();
//! let mut player = Player::new(48_000, 1);
//! let mut master = Master::new(48_000);
//! player.set_target(&target);
//! master.set_sound(&StyleSound::of(&target));
//! // `Player::start` for each note that begins in the next quantum, then:
//! let mut stems = SILENCE;
//! player.render(&mut stems);
//! master.process(&mut stems);
//! ```

mod ensemble;
pub mod instruments;
pub mod kernels;
mod pitch_track;
mod player;
mod queue;
#[cfg(feature = "soundfont")]
pub mod sound_font;
pub mod voices;

pub use player::Player;

use crate::types::stem::Stem;

/// Frames of a quantum.
pub const QUANTUM: usize = crowd_engine::dsp::QUANTUM;

/// A quantum of stereo sound, 1.0 is full scale.
pub type Block = [[f32; 2]; QUANTUM];

/// A quantum of each stem, in the order of [`Stem::ALL`].
pub type Stems = [Block; Stem::COUNT];

/// A quantum of silence.
pub const SILENCE: Stems = [[[0.0; 2]; QUANTUM]; Stem::COUNT];
