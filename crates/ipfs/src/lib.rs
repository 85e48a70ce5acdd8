#![forbid(unsafe_code)]
//! Files, directories and names for IPFS as bytes.

mod block;
mod directory;
mod error;
mod file_dag;
mod link;

pub use block::Block;
pub use cid::Cid;
pub use directory::{DIRECTORY_BYTES, Directory};
pub use error::Error;
pub use file_dag::{CHUNK_BYTES, FileDag, Profile};
pub use link::Link;
