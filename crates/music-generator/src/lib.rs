//! Endless music that needs no model: composed and synthesised on the spot, repeatable from a seed, steered while it plays.
//!
//! | module | what it does |
//! |---|---|
//! | [`types`] | musical time, pitch, notes, bars, settings, random numbers |
//! | [`prompt`] | words in free text to a [`Target`](types::target::Target) |
//! | [`compose`] | harmony, voice leading, melody, bass, drums, form: what all styles share |
//! | [`style`] | one file for each style: its tables, and how it composes a bar |
//! | [`synth`] | instruments: a note to sound |
//! | [`effects`] | reverb, delay, tape, vinyl |
//! | [`mix`] | stems to levels, panorama, sends, the sum |
//! | [`steering`] | a session that follows prompts and settings, and logs of what was changed |
//! | [`live_session`] | a session as the live input of `crowd_engine`, with a handle that steers it |
//! | `cli` | the command line of the program (feature `program`) |
//! | [`session`] | all of it together: composes, plays and mixes a block at a time |
//! | [`provider`] | music from here, from another process or from a network, behind one trait |

#[cfg(feature = "program")]
pub mod cli;
pub mod compose;
pub mod effects;
pub mod live_session;
pub mod mix;
pub mod prompt;
pub mod provider;
pub mod session;
pub mod steering;
pub mod style;
pub mod synth;
pub mod types;
