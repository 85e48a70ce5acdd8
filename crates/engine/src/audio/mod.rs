//! The audio half: what the thread that makes sound runs. Nothing in here waits, allocates or frees once it is made, and
//! nothing fails: what goes wrong is counted and told.
#![warn(clippy::cast_possible_truncation)]

mod clock;
mod deck;
mod mixer;
mod publish;
mod renderer;
mod restarts;
mod schedule;

pub(crate) use deck::{Errand, Errands};
pub(crate) use publish::{HEAD, PER_DECK, TIMED, words};
pub use renderer::Renderer;
