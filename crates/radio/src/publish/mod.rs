//! Where a station publishes its segments besides its own URLs.

mod ipfs;

pub use ipfs::{IpfsPublisher, SharedGateway};
