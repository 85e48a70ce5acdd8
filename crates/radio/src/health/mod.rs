//! Listens to a station as its listeners do, and tells what is wrong.

mod heard;
mod levels;
mod log;
mod monitor;
mod playlist;

pub use heard::{Heard, Listener, Sound, USER_AGENT};
pub use levels::Levels;
pub use log::{HealthChange, HealthLog};
pub use monitor::{Alarm, AlarmKind, Health, Monitor};
