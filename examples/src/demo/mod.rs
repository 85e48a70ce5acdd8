//! The parts of `make demo`: a set that is planned, a server that plays it, a client that drives it over OSC, and a
//! report of what was heard.

pub mod link;
pub mod plan;
pub mod report;
pub mod server;

/// What may go wrong in a demo, told to whoever runs it.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;
