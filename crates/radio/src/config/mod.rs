//! The configuration of a station.

mod buffer_config;
mod check;
mod live_config;
pub(crate) mod older_files;
mod read;
mod station_config;

pub use buffer_config::{BUILT_IN, BufferConfig, ThresholdsConfig};
pub use live_config::{LiveConfig, LiveMountConfig, UserConfig};
pub use station_config::{PlaylistConfig, ScheduleConfig, StationConfig, StreamSettings};
