//! The server.

mod app;
mod now;
mod router;
mod stream;

pub use app::{App, SharedApp};
pub use router::router;
