#![forbid(unsafe_code)]
//! Files, directories and names for IPFS as bytes.

mod block;
mod body;
mod car;
mod content;
mod content_type;
mod directory;
mod error;
mod file_dag;
mod gateway;
mod index;
mod ipns_key;
mod ipns_name;
mod ipns_publisher;
mod ipns_record;
mod link;
mod published;
mod request;
mod resolve;
mod response;
mod routing;

pub use block::Block;
pub use body::{Body, BodyPart, Source};
pub use cid::Cid;
pub use directory::{DIRECTORY_BYTES, Directory};
pub use error::Error;
pub use file_dag::{CHUNK_BYTES, FileDag, Profile};
pub use gateway::Gateway;
pub use index::{BlockIndex, IndexLimits};
pub use ipns_key::IpnsKey;
pub use ipns_name::IpnsName;
pub use ipns_publisher::IpnsPublisher;
pub use ipns_record::{IpnsRecord, IpnsTimes};
pub use link::Link;
pub use request::Request;
pub use response::Response;
