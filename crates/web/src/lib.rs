#![forbid(unsafe_code)]
//! Parts that HTTP services for streaming audio have in common.
//!
//! | part | content |
//! |---|---|
//! | [`listen()`], [`serve()`], [`TlsIdentity`] | listening on an address, and serving HTTP or HTTPS there |
//! | [`Connections`], [`Limits`] | how many connections there may be, and how long each may take |
//! | [`Client`], [`Proxies`] | the client of a request, with or without a proxy in between |
//! | [`service()`] | the layers of every service: a [`BasePath`], the allowed [`Hosts`], errors as JSON, a count of responses |
//! | [`open_files`] | the limit of open files |
//! | [`args`] | command line flags for these parts |
//! | [`token`] | a secret that requests must have |
//! | [`StreamSlots`] | how many streams may be sent at once, and how many of them to one client |
//! | [`Problem`], [`not_found`], [`blocking`] | errors as JSON; work that may block |
//! | [`FileResponse`], [`range`], [`condition`] | `ETag`, `Range`, `If-Range`, `If-Match`, `If-None-Match` for a file that may not exist yet |
//! | [`ChunkedFile`], [`disk`] | the bytes of a file that is being made, and of a file on the disk |
//! | [`metrics`] | metrics for Prometheus |
//! | [`assets`], [`page`] | the files of a page, and JavaScript modules that several pages use |
//!
//! The response to a request for a file depends on the tag and the length of the file, not on how much of it exists already:
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
//! assert_eq!(response.byte_range().expect("the response has bytes"), 900..1_000);
//! ```

pub mod args;
pub mod assets;
mod base_path;
mod chunked_file;
mod client;
mod client_share;
mod connections;
pub mod disk;
mod entity_tag;
mod error_body;
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
