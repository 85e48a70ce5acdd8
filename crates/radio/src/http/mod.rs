//! The server.

mod now;
mod router;
mod stream;

pub use router::{App, SharedApp, router};
