//! The control half: the engine, its handles, and the status. This code may allocate, lock and wait. It never makes the audio
//! half wait.

mod crossfade;
mod deck_handle;
mod engine;
mod frame_worker;
mod group;
mod handle;
mod mix_handle;
mod status;

pub use deck_handle::DeckHandle;
pub use engine::Engine;
pub use group::CommandGroup;
pub use handle::CommandTarget;
pub use mix_handle::MixHandle;
