//! Providers with real processes and sockets. Python 3 is required.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod adapter;
mod built_in;
mod deck;
mod external;
mod faults;
mod harness;
mod network;
mod requests;
