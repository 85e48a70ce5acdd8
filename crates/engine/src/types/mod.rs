//! Plain data types that all other modules use. Nothing here depends on a thread, a track or a device.

pub(crate) mod band;
pub(crate) mod cast;
pub(crate) mod config;
pub(crate) mod crossfade_law;
pub(crate) mod error;
pub(crate) mod error_reasons;
pub(crate) mod frames;
pub(crate) mod ids;
pub(crate) mod loop_region;
pub(crate) mod onset;
pub(crate) mod opaque;
pub(crate) mod output_error;
pub(crate) mod pulse;
pub(crate) mod stretch_method;
pub(crate) mod units;
