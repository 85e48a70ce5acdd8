#![forbid(unsafe_code)]
//! Files, directories and names for IPFS as bytes, for a server that publishes them without a daemon. This crate opens no sockets.
//!
//! | item | |
//! |---|---|
//! | [`FileDag`] | the blocks of a file, with the CIDs that Kubo makes with its defaults |
//! | [`Directory`] | names of files and directories, in one block |
//! | [`BlockIndex`] | blocks by their CIDs, limited in size |
//! | [`IpnsKey`], [`IpnsName`] | the private key of a name, in a file, and the name |
//! | [`IpnsRecord`] | a signed record: what a name stands for |
//! | [`IpnsPublisher`] | the records of a name, whose sequence number only grows, also after a crash |
//! | [`Gateway`] | the answers of an IPFS gateway and of delegated routing |
//!
//! Blocks and files are not copied: an index keeps where their bytes are, and a [`Body`] reads them when it is sent. So the bytes of a file
//! must not change as long as an index has it. Clients that verify what they get would refuse others.
//!
//! ```
//! use std::time::SystemTime;
//! use crowd_ipfs::{BlockIndex, Directory, FileDag, Gateway, IpnsKey, IpnsRecord, IpnsTimes, Profile, Request, Source};
//!
//! # fn main() -> Result<(), crowd_ipfs::Error> {
//! let playlist = b"#EXTM3U\n";
//! let dag = FileDag::of_bytes(playlist, Profile::V1)?;
//! let directory = Directory::new([("live.m3u8".to_owned(), dag.link())], Profile::V1)?;
//! let value = format!("/ipfs/{}", directory.root());
//! let mut index = BlockIndex::default();
//! index.insert_file("live.m3u8", dag, Source::Bytes(playlist.as_slice().into()))?;
//! index.insert_directory(directory)?;
//!
//! let key = IpnsKey::generate();
//! let mut gateway = Gateway::new(index, key.name(), vec!["/dns4/radio.example/tcp/443/https".to_owned()]);
//! gateway.set_record(key.name(), IpnsRecord::sign(&key, &value, 1, IpnsTimes::default(), SystemTime::now())?)?;
//!
//! let target = format!("/ipns/{}/live.m3u8", key.name());
//! let response = gateway.respond(&Request { target: &target, ..Request::default() });
//! assert_eq!(response.status, 200);
//! assert_eq!(response.body.size(), 8);
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! A directory is one block, so it has at most some thousand entries ([`DIRECTORY_BYTES`]). Files have balanced trees of chunks of 256 KiB.
//! Nothing is announced in the distributed hash table of IPFS: clients find the content when they know this server, as a gateway or as a
//! router.
//!
//! # Sources
//!
//! The specifications of IPFS (specs.ipfs.tech): "UnixFS", "IPNS Record and Protocol", "Path Gateway", "Trustless Gateway" and "Delegated
//! Routing V1 HTTP API". The specifications of IPLD (ipld.io): "DAG-PB" and "CARv1".

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
mod rpc;

pub use block::Block;
pub use body::{Body, BodyPart, Source};
pub use car::Car;
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
pub use rpc::{RpcKey, RpcReply, RpcRequest};
