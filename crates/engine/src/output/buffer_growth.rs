//! Decides when the buffer of a device has to grow.

use std::time::Duration;

/// The default initial size, in frames.
pub(crate) const FIRST: u32 = 512;
/// The largest size, in frames.
pub(crate) const LARGEST: u32 = 8_192;

/// Two late blocks within this time make the buffer grow. A single late block may have any cause.
const WINDOW: Duration = Duration::from_secs(10);
/// For this long after a device was opened, late blocks do not count: caches are cold, and the audio thread has no realtime
/// priority yet.
const SETTLING: Duration = Duration::from_secs(1);

/// Doubles a buffer when blocks are late. The buffer never becomes smaller, because a size that was too small once in a set
/// will be too small again.
///
/// This is a state machine without a clock. Its time is the duration of the sound that was output, so time stands still
/// while no device plays.
#[derive(Clone, Debug)]
pub(crate) struct BufferGrowth {
    frames: u32,
    /// The time at which the device was opened with this buffer. `None` before the first call.
    opened: Option<Duration>,
    /// The number of late blocks at the latest call.
    counted: u64,
    /// The time of the latest late block.
    late: Option<Duration>,
}

impl BufferGrowth {
    /// A buffer of `frames` frames.
    pub fn new(frames: u32) -> Self {
        Self { frames, opened: None, counted: 0, late: None }
    }

    /// `sound` is the duration of the sound that was played so far, and `late` the number of late blocks so far. Returns the
    /// new size when the device needs a larger buffer.
    pub fn observe(&mut self, sound: Duration, late: u64) -> Option<u32> {
        let opened = *self.opened.get_or_insert(sound);
        let new = late.saturating_sub(self.counted);
        self.counted = late;
        if new == 0 || sound.saturating_sub(opened) < SETTLING {
            return None;
        }
        let again = self.late.replace(sound).is_some_and(|before| sound.saturating_sub(before) <= WINDOW);
        if (new == 1 && !again) || self.frames >= LARGEST {
            return None;
        }
        // The device is opened again with the larger buffer, so late blocks do not count again for a second. After a loss they
        // do count, because a machine that is too slow may lose its device every second.
        (self.opened, self.late) = (None, None);
        self.frames = self.frames.saturating_mul(2).min(LARGEST);
        Some(self.frames)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// The sizes of a buffer of `frames` frames when blocks are late at these seconds, checked every 50 ms.
    fn sizes(frames: u32, late: &[f64], until: f64) -> Vec<u32> {
        let mut adaptive = BufferGrowth::new(frames);
        let checks = (0..(until * 20.0) as u32).map(|n| f64::from(n) * 0.05);
        checks
            .filter_map(|now| adaptive.observe(at(now), late.iter().filter(|late| **late <= now).count() as u64))
            .collect()
    }

    #[test]
    fn two_late_blocks_within_ten_seconds_double_the_buffer() {
        assert_eq!(sizes(512, &[5.0, 15.0], 60.0), [1_024]);
        assert_eq!(sizes(512, &[5.0, 5.01], 60.0), [1_024]);
        assert_eq!(sizes(512, &[5.0, 5.0, 5.0], 60.0), [1_024]);
    }

    #[test]
    fn late_blocks_far_apart_change_nothing() {
        assert_eq!(sizes(512, &[5.0, 15.1, 25.2, 35.3, 45.4], 60.0), [0; 0]);
    }

    #[test]
    fn late_blocks_while_a_device_settles_do_not_count() {
        assert_eq!(sizes(512, &[0.1, 0.2, 0.3, 0.9, 3.0], 60.0), [0; 0]);
        // It settles again after it was opened with a larger buffer.
        assert_eq!(sizes(512, &[3.0, 3.1, 3.2, 3.3, 3.4, 4.0], 60.0), [1_024]);
        assert_eq!(sizes(512, &[3.0, 3.1, 4.2, 4.3], 60.0), [1_024, 2_048]);
    }

    #[test]
    fn the_buffer_doubles_up_to_its_maximum_and_never_shrinks() {
        let late: Vec<f64> = (0..600).map(|n| 2.0 + 0.1 * f64::from(n)).collect();
        assert_eq!(sizes(512, &late, 100.0), [1_024, 2_048, 4_096, 8_192]);
        assert_eq!(sizes(5_000, &late, 100.0), [8_192]);
        assert_eq!(sizes(LARGEST, &late, 100.0), [0; 0]);
        assert_eq!(sizes(20_000, &late, 100.0), [0; 0]);
    }

    #[test]
    fn no_time_passes_while_no_sound_is_requested() {
        let mut adaptive = BufferGrowth::new(256);
        assert_eq!(adaptive.observe(at(0.0), 7), None, "earlier late blocks are not counted");
        assert_eq!(adaptive.observe(at(2.0), 8), None);
        for _ in 0..1_000 {
            assert_eq!(adaptive.observe(at(2.0), 8), None);
        }
        assert_eq!(adaptive.observe(at(2.1), 9), Some(512));
    }
}
