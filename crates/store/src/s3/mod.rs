//! A store of chunks that several machines share through a bucket of an S3-compatible object store.
//!
//! A chunk is an object with the same name and bytes as the [file](crate::format) on a machine. While a node makes the chunk, the
//! bucket also has an object `<index>.claim`. It is put on the condition that it does not exist yet, and renewed until the chunk is
//! uploaded. Nodes do not compare their clocks. When the claim of another node does not change for [`LEASE`], by the clock of the node
//! that waits, the other node has ended. The claim is then taken over, on the condition that it is still the same.
//!
//! Requests to the bucket have short timeouts. After one that failed, no requests are sent for [`BACKOFF`], and the node makes its
//! chunks as if there were no other node.
//!
//! [`Objects`] are for programs that share something other than chunks: named objects that are put on a condition.

mod bucket;
mod claims;
mod limits;
mod node;
mod objects;
mod request_lock;
mod s3_store;
mod settings;
mod writer;

pub use limits::{BACKOFF, LEASE};
pub use objects::{Object, ObjectHeaders, ObjectVersion, Objects, PutIf};
pub use s3_store::S3Store;
