//! Prepares music for a station: it is scanned, measured and encoded.

mod generated_music;
mod prepare;
mod prepared_item;
mod sections;

pub use generated_music::GeneratedMusic;
pub use prepare::Preparer;
