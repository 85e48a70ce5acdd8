//! The control half: what an application holds. It may allocate, lock and wait; nothing it does makes the audio half wait.

mod deck_handle;
mod engine;
mod helper;
mod status;

pub use deck_handle::DeckHandle;
pub use engine::Engine;
