//! The sound of items: decoded, at the sample rate and the loudness of the station.

mod item_sound;
mod mount_point;
mod reader_thread;
mod sound_cache;

pub use item_sound::{GAINS_DB, ItemSound, chain, gain_db};
pub use reader_thread::ReadLimits;
pub use sound_cache::SoundCache;
