//! Reverb, delay, tape, vinyl: what stems go through, and noises.
//!
//! | module | what it does |
//! |---|---|
//! | [`chain`] | everything a stem goes through, in order |
//! | [`reverb`] | a room: a network of delays that feed each other |
//! | [`echo`] | a delay that repeats |
//! | [`tape`] | wow and flutter, saturation, head bump |
//! | [`crush`] | bit depth and rate of a sampler |
//! | [`duck`] | a kick that lowers other stems |
//! | [`noises`] | vinyl, hiss, weather, places |
#![allow(clippy::needless_range_loop, reason = "lanes of several arrays side by side")]

pub mod chain;
pub mod crush;
pub mod duck;
pub mod echo;
pub mod noises;
pub mod reverb;
pub mod smooth;
pub mod tape;
