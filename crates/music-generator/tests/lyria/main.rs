//! Lyria RealTime, played by a server of these tests.
#![cfg(all(unix, feature = "lyria"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod daily_limit;
mod faults;
mod harness;
mod messages;
mod rollover;
mod secrecy;
mod server;
