//! The log of bars (`/print_clock`).

use crowd_cli::log::ClockTime;
use crowd_engine::{Frames, SampleRate, Status};

/// Logs each bar as it begins.
#[derive(Debug, Default)]
pub struct BarLog {
    on: bool,
    bar: Option<i64>,
}

impl BarLog {
    /// Switches the log on or off.
    pub const fn set(&mut self, on: bool) {
        self.on = on;
        self.bar = None;
    }

    /// Logs the bar if it is a new one.
    pub fn log_new_bar(&mut self, status: &Status, rate: SampleRate, zero: u64) {
        if !self.on {
            return;
        }
        let bar = (status.beat / f64::from(status.beats_per_bar.max(1))).floor() as i64;
        if self.bar.replace(bar) != Some(bar) {
            let time = ClockTime(status.frames.seconds(rate) - Frames(zero).seconds(rate));
            tracing::info!("bar {} at {time}, {:.2} BPM", bar + 1, status.tempo);
        }
    }
}
