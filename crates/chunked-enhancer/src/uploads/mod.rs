//! Files that were sent to be tried: a library of their own in the cache folder, bounded, and gone when the server ends.

mod error;
mod folder;
mod incoming;
mod name;
mod shelf;

pub use error::UploadError;
pub use incoming::Incoming;
pub use shelf::{MOST_AT_ONCE, MOST_BYTES, MOST_FILES, Uploads};

#[cfg(test)]
mod tests;
