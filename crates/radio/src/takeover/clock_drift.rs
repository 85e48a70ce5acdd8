//! Keeps the amount of live sound constant that waits to be played, although the source has a clock of its own.

use std::time::Duration;

use crowd_media::DriftResampler;

/// The time over which the waiting sound is averaged. Sources send it in blocks, and the clock of the station moves in steps.
const AVERAGED: Duration = Duration::from_secs(10);
/// The deviation at which the change of the speed is largest, in seconds.
const FULL: f64 = 0.2;
/// A deviation up to this does not change the speed, in seconds.
const IGNORED: f64 = 0.02;
/// The interval at which the speed is changed.
const INTERVAL: Duration = Duration::from_secs(1);

/// Finds by how much faster a source has to be played. The waiting sound in the first seconds is the goal.
#[derive(Debug, Default)]
pub struct ClockDrift {
    /// The sum and the number of the observations of the present interval.
    sum: (f64, u32),
    begun: Option<Duration>,
    /// The averages of the last intervals, the latest last.
    averages: Vec<f64>,
    goal: Option<f64>,
}

impl ClockDrift {
    /// Observes that `waiting` seconds of sound wait to be played. Returns the speed from now on when it changes, in parts per million.
    pub fn observe(&mut self, now: Duration, waiting: f64) -> Option<f64> {
        let begun = *self.begun.get_or_insert(now);
        self.sum = (self.sum.0 + waiting, self.sum.1 + 1);
        if now < begun + INTERVAL {
            return None;
        }
        self.averages.push(self.sum.0 / f64::from(self.sum.1));
        (self.begun, self.sum) = (Some(now), (0.0, 0));
        let kept = AVERAGED.as_secs() as usize;
        if self.averages.len() < kept {
            return None;
        }
        self.averages.drain(..self.averages.len() - kept);
        let average = self.averages.iter().sum::<f64>() / kept as f64;
        let goal = *self.goal.get_or_insert(average);
        let deviation = average - goal;
        let excess = deviation.abs().max(IGNORED) - IGNORED;
        // Adding zero makes a negative zero positive.
        Some((excess / FULL).min(1.0).copysign(deviation) * DriftResampler::MAX_PPM + 0.0)
    }

    /// Begins anew, for example when the source sends as fast as it can.
    pub fn restart(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_with_another_clock_is_followed_without_a_growing_buffer() {
        for drift in [0.0, 20.0, -100.0, 250.0] {
            let (mut control, mut waiting, mut ppm) = (ClockDrift::default(), 4.0, 0.0);
            let mut most: f64 = 0.0;
            for tick in 0..36_000_u32 {
                let now = Duration::from_millis(100) * tick;
                waiting += 0.1 * (drift - ppm) / 1e6;
                // The source sends blocks, and the clock of the station moves every 0.4 s.
                let uneven = f64::from(tick % 7) * 0.02 + f64::from(tick % 4) * 0.1;
                ppm = control.observe(now, waiting + uneven).unwrap_or(ppm);
                assert!(ppm.abs() <= DriftResampler::MAX_PPM);
                most = most.max((waiting - 4.0).abs());
            }
            assert!((ppm - drift).abs() < 15.0, "{drift}: {ppm}");
            assert!(most < 0.25, "{drift}: {most}");
        }
    }
}
