//! Publishing to an RTMP server (Adobe, "Real-Time Messaging Protocol (RTMP) specification", version 1.0), also with TLS (RTMPS).

mod connection;
mod negotiation;
mod target;
mod transport;

pub use connection::RtmpConnection;
pub use target::{RtmpMetadata, RtmpTarget};
