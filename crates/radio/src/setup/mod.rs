//! Prepares music for a station: it is scanned, measured and encoded.

mod filler;
mod prepare;
mod prepared_item;

pub use prepare::Preparer;
