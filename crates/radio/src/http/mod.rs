//! The server.

mod app;
mod control;
mod listen;
mod listeners;
mod now;
mod router;
mod stream;

pub use app::{App, SharedApp};
pub use listeners::ListenerCounts;
pub use router::router;
