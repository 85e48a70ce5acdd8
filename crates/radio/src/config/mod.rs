//! The configuration of a station.

mod check;
mod older_files;
mod station_config;

pub use station_config::{PlaylistConfig, ScheduleConfig, StationConfig, StreamSettings};
