//! The configuration of a station.

mod buffer_config;
mod check;
mod older_files;
mod read;
mod station_config;

pub use buffer_config::{BUILT_IN, BufferConfig, ThresholdsConfig};
pub use station_config::{PlaylistConfig, ScheduleConfig, StationConfig, StreamSettings};
