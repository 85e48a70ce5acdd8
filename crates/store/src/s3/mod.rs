//! Chunks that several machines share through a bucket of an S3-compatible object store.
//!
//! A chunk is an object of the same name and bytes as the [file](crate::format) on a machine. Beside it stands
//! `<index>.claim` while a node makes it: put there on the condition that there is none, and renewed until the chunk is
//! uploaded. Nodes compare no clocks: a claim that one sees unchanged for [`LEASE`] belongs to a node that is no more, and is
//! taken over on the condition that it is still the same.
//!
//! The bucket is never waited for long, and never in vain for every chunk: what does not answer in time is left alone for
//! [`REST`], and chunks are made here, as if there were no other node.

mod bucket;
mod claims;
mod limits;
mod making;
mod node;
mod settings;
mod store;
mod turn;

pub use limits::{LEASE, REST};
pub use store::S3Store;
