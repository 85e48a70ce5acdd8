//! The audio half of the engine, which the audio thread runs. After construction nothing in it waits, allocates, frees
//! memory or fails. Errors are counted and reported as events.
#![warn(clippy::cast_possible_truncation)]

mod clock;
mod deck;
mod fade;
mod mixer;
mod renderer;
mod restart_limit;
mod schedule;
mod status_words;
mod tempo_glide;

pub(crate) use deck::{FrameJob, FrameJobQueue};
pub use renderer::Renderer;
pub(crate) use status_words::{RENDERER_WORDS, TIMED_WORD, UNKNOWN_LENGTH, WORDS_PER_DECK, words};
