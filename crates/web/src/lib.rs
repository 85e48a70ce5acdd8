#![forbid(unsafe_code)]
//! Parts of HTTP services that stream audio: what every one of them needs, and no service by itself.
//!
//! | part | |
//! |---|---|
//! | [`listen`], [`serve`], [`Identity`] | an address, and what is served there, encrypted or not |
//! | [`Connections`], [`Limits`] | how many connections there may be, and how long each may take for what |
//! | [`Client`], [`Proxies`] | who a request comes from, behind proxies too |
//! | [`service`] | what every service has around it: a [`BasePath`], the [`Hosts`] it is for, errors as JSON, a count of answers |
//! | [`nofile`] | as many open files as may be needed |
//! | [`args`] | the flags for these, to be flattened into a command line |
//! | [`token`] | a secret that requests must bring |
//! | [`Places`] | at most so many streams at once, and a share of them for each client |
//! | [`Problem`], [`nothing_here`], [`blocking`] | errors as JSON; work that waits for a disk |
//! | [`Answer`], [`range`], [`condition`] | `ETag`, `Range`, `If-Range`, `If-Match`, `If-None-Match` for a file that may not exist yet |
//! | [`PiecedFile`], [`disk`] | the bytes of a file that is being made, and of one that is there |
//! | [`metrics`] | numbers for Prometheus |
//! | [`assets`], [`page`] | the files of a page, and modules that pages have in common |
//!
//! What a request for a file is answered with depends on its tag and its length, never on how much of it is there:
//!
//! ```
//! use axum::http::{HeaderMap, HeaderValue, Method, header};
//! use crowd_web::{Answer, Told};
//!
//! let mut headers = HeaderMap::new();
//! headers.insert(header::RANGE, HeaderValue::from_static("bytes=-100"));
//! let (length, tag, name) = (Some(1_000), Some("\"v1\"".into()), "a.wav".into());
//! let told = Told { length, tag, media_type: "audio/wav", name, saved: false };
//! let answer = Answer::new(&Method::GET, &headers, told);
//! assert_eq!(answer.begin().expect("bytes are asked for"), 900..1_000);
//! ```

mod answer;
mod answering;
pub mod args;
pub mod assets;
mod base_path;
mod client;
mod connections;
pub mod disk;
mod host;
mod listen;
pub mod metrics;
pub mod nofile;
pub mod page;
mod pieces;
mod places;
mod problem;
pub mod query;
pub mod range;
mod request_body;
mod respond;
mod serve;
mod service;
mod share;
mod tag;
mod tls;
pub mod token;
mod unreadable;

pub use answer::{Answer, Told};
pub use base_path::BasePath;
pub use client::{Client, Proxies};
pub use connections::{Connections, Limits};
pub use host::Hosts;
pub use listen::{Unavailable, listen};
pub use pieces::{PiecedFile, Pieces};
pub use places::{Busy, NoPlace, Place, Places};
pub use problem::{Problem, blocking, nothing_here};
pub use serve::{Serving, serve};
pub use service::service;
pub use tag::{Condition, condition};
pub use tls::{Identity, TlsError};
