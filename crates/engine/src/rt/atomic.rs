//! Atomics of the standard library. In loom's tests, which try every order of events, they are those of loom.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::*;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::*;
