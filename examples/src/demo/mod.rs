//! The demo of `make demo`: the set, the server that plays it, the client that controls the server over OSC, and a
//! report of the recording.

pub mod client;
pub mod plan;
pub mod report;
pub mod server;

/// An error of the demo.
pub type DemoError = Box<dyn std::error::Error + Send + Sync>;
