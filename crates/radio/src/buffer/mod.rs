//! A rolling buffer of generated music: chunk files of equal length, made ahead of time and played once.
//!
//! [`RollingBuffer`] is the folder of the chunks with its log, which is the only place of its state. Several processes can use it: one
//! generates, another one plays. What is in the buffer, and what happens next, follows from [`Contents`], which follow from the log.

mod chunk;
mod contents;
#[cfg(feature = "aac")]
mod feeder;
#[cfg(feature = "aac")]
mod generator;
mod health;
mod import;
mod log;
mod old_metadata;
mod rolling_buffer;
mod settings;
#[cfg(feature = "aac")]
mod sound;

pub use chunk::{Chunk, ChunkName};
pub use contents::{Contents, Event, Held, Taken, WaitingChunks};
#[cfg(feature = "aac")]
pub use feeder::Feeder;
#[cfg(feature = "aac")]
pub use generator::{Generator, Made};
pub use health::{Cooldowns, Health, Thresholds};
pub use import::{Imported, import};
pub use old_metadata::{OldChunk, OldMetadata, same_numbers};
pub(crate) use rolling_buffer::names_in;
pub use rolling_buffer::{ChunkSound, NewChunk, RollingBuffer, Status};
pub use settings::BufferSettings;
