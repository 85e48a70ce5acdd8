#![forbid(unsafe_code)]
//! A radio station: a schedule of music and jingles, as one stream without gaps.
//!
//! The [`program`] says which item plays at which frame. It is encoded ([`encode`]) piece by piece, and the [`station`] publishes
//! segments of it as time goes on. What plays follows from the program and the time of the station alone. So a station that was killed
//! continues as if it had never stopped, and publishes the same bytes.

pub mod buffer;
#[cfg(feature = "aac")]
pub mod cli;
pub mod config;
#[cfg(feature = "aac")]
pub mod encode;
pub mod error;
#[cfg(feature = "aac")]
pub mod health;
#[cfg(feature = "aac")]
pub mod http;
pub mod import_old;
pub mod item;
pub mod live;
mod lock_file;
pub mod manifest;
pub mod mix_point;
#[cfg(feature = "aac")]
mod page;
pub mod program;
#[cfg(feature = "aac")]
pub mod publish;
#[cfg(feature = "aac")]
pub mod setup;
#[cfg(all(feature = "aac", feature = "s3"))]
pub mod shared;
pub mod sound;
#[cfg(feature = "aac")]
pub mod station;
#[cfg(feature = "aac")]
pub mod takeover;

pub use error::Error;
