//! Uploads: files that users try. They are a second library in the cache folder, limited in size and removed when the server ends.

mod error;
mod file_name;
mod folder;
mod incoming_file;
mod uploaded_files;

pub use error::UploadError;
pub use incoming_file::IncomingFile;
pub use uploaded_files::{MOST_AT_ONCE, MOST_BYTES, MOST_FILES, Uploads};

#[cfg(test)]
mod tests;
