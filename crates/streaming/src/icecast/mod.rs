//! The protocol with which a source sends sound to an Icecast server. No sockets: requests and replies are bytes.
//!
//! It is HTTP except that the body of a `PUT` or `SOURCE` request has no length: it ends when the source closes the connection.

mod credentials;
mod head;
mod reply;
mod request;
pub mod source;
mod source_reply;
mod source_url;
mod text;

pub use credentials::Credentials;
pub use reply::Reply;
pub use request::{BadRequest, MAX_HEAD, Request, SourceRequest, TitleRequest, head_length};
