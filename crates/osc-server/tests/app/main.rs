//! Tests of the app on an engine without a device.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

#[path = "../common/mod.rs"]
mod common;

mod messages;
mod starts;
mod stems;
mod tempo;
