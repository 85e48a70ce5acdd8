//! The server.

mod app;
mod control;
mod hls_clients;
mod ipfs;
mod listen;
mod listeners;
mod now;
mod operator;
mod router;
mod stream;

pub use app::{App, Latest, Mount, SharedApp};
pub use hls_clients::HlsClients;
pub use listeners::ListenerCounts;
pub use now::COVER_READS;
pub use router::router;
