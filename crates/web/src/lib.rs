#![forbid(unsafe_code)]
//! Parts of HTTP services that stream audio: what every one of them needs, and no service by itself.
//!
//! | part | |
//! |---|---|
//! | [`listen`], [`serve`], [`TlsIdentity`] | an address, and what is served there, encrypted or not |
//! | [`Connections`], [`Limits`] | how many connections there may be, and how long each may take for what |
//! | [`Client`], [`Proxies`] | who a request comes from, behind proxies too |
//! | [`service`] | what every service has around it: a [`BasePath`], the [`Hosts`] it is for, errors as JSON, a count of answers |
//! | [`open_files`] | as many open files as may be needed |
//! | [`args`] | the flags for these, to be flattened into a command line |
//! | [`token`] | a secret that requests must bring |
//! | [`StreamSlots`] | at most so many streams at once, and a share of them for each client |
//! | [`Problem`], [`not_found`], [`blocking`] | errors as JSON; work that waits for a disk |
//! | [`FileResponse`], [`range`], [`condition`] | `ETag`, `Range`, `If-Range`, `If-Match`, `If-None-Match` for a file that may not exist yet |
//! | [`ChunkedFile`], [`disk`] | the bytes of a file that is being made, and of one that is there |
//! | [`metrics`] | numbers for Prometheus |
//! | [`assets`], [`page`] | the files of a page, and modules that pages have in common |
//!
//! What a request for a file is answered with depends on its tag and its length, never on how much of it is there:
//!
//! ```
//! use axum::http::{HeaderMap, HeaderValue, Method, header};
//! use crowd_web::{FileResponse, FileDescription};
//!
//! let mut headers = HeaderMap::new();
//! headers.insert(header::RANGE, HeaderValue::from_static("bytes=-100"));
//! let (length, tag, name) = (Some(1_000), Some("\"v1\"".into()), "a.wav".into());
//! let file = FileDescription { length, tag, media_type: "audio/wav", name, attachment: false };
//! let response = FileResponse::new(&Method::GET, &headers, file);
//! assert_eq!(response.byte_range().expect("bytes are asked for"), 900..1_000);
//! ```

pub mod args;
pub mod assets;
mod base_path;
mod chunked_file;
mod client;
mod connections;
pub mod disk;
mod entity_tag;
mod error_body;
mod fair_share;
mod file_response;
mod guarded_body;
mod host;
mod listen;
pub mod metrics;
pub mod open_files;
pub mod page;
mod problem;
pub mod query;
pub mod range;
mod request_body;
mod respond;
mod response_guard;
mod serve;
mod service;
mod stream_slots;
mod tls_identity;
pub mod token;

pub use base_path::BasePath;
pub use chunked_file::{ChunkReader, ChunkedFile};
pub use client::{Client, Proxies};
pub use connections::{Connections, Limits};
pub use entity_tag::{Condition, condition};
pub use file_response::{FileDescription, FileResponse};
pub use host::Hosts;
pub use listen::{ListenError, listen};
pub use problem::{Problem, blocking, not_found};
pub use serve::{HttpService, serve};
pub use service::service;
pub use stream_slots::{LimitReached, SlotError, StreamSlot, StreamSlots};
pub use tls_identity::{TlsError, TlsIdentity};
