//! The protocol with which a source sends sound to an Icecast server. Requests and replies are bytes. Only `SourceConnection` and
//! `TitleUpdates`, with the feature `icecast-client`, open sockets.
//!
//! It is HTTP except that the body of a `PUT` or `SOURCE` request has no length: it ends when the source closes the connection.

mod credentials;
mod head;
mod reply;
mod request;
pub mod source;
#[cfg(feature = "icecast-client")]
mod source_connection;
mod source_reply;
mod source_url;
mod text;
#[cfg(feature = "icecast-client")]
mod title_updates;

pub use credentials::Credentials;
pub use reply::Reply;
pub use request::{BadRequest, MAX_HEAD, Request, SourceRequest, TitleRequest, head_length};
#[cfg(feature = "icecast-client")]
pub use source_connection::SourceConnection;
#[cfg(feature = "icecast-client")]
pub use title_updates::TitleUpdates;
