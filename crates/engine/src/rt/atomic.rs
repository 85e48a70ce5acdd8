//! Atomics of the standard library, or of loom where loom tests every order of events.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::*;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::*;
