//! Outputs without a device. A thread renders each block at the time at which a device would need it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::cause::Cause;
use super::health::HealthCounters;
use crate::audio::Renderer;
use crate::types::error::Result;
use crate::types::units::SampleRate;
use crate::worker::Worker;

/// When the thread was stopped for longer than this, by a debugger or in a frozen container, it continues from now on, as a
/// device would. It does not render the blocks that were missed.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// The shortest buffer that a sound server uses for a program without realtime priority. On a device, a block that is later than
/// this makes an audible gap.
const BUFFER: Duration = Duration::from_millis(50);

/// The destination of paced blocks.
pub(crate) trait BlockSink: Send {
    /// Takes a block of interleaved stereo without blocking.
    fn take(&mut self, block: &[f32]);
}

/// Drops all blocks.
pub(crate) struct Discard;

impl BlockSink for Discard {
    fn take(&mut self, _block: &[f32]) {}
}

#[cfg(feature = "decode")]
impl BlockSink for crate::rt::OutputRing {
    /// A slow disk costs frames of the recording, and does not delay the blocks.
    fn take(&mut self, block: &[f32]) {
        self.push(block);
    }
}

/// A simulation of a device's buffer. It counts the gaps that a device would have had.
struct SimulatedBuffer {
    /// The length of the buffer: that of a block, but at least [`BUFFER`].
    buffer: Duration,
    /// A block that is later than this makes a gap. Every gap extends this time by the length of the buffer, because a device
    /// waits for a full buffer before it continues.
    limit: Duration,
}

impl SimulatedBuffer {
    fn new(block: Duration) -> Self {
        let buffer = block.max(BUFFER);
        Self { buffer, limit: buffer }
    }

    /// Whether a block that is later than planned by `late` makes a gap. A block that is on time fills the buffer again.
    fn is_gap(&mut self, late: Duration) -> bool {
        if late.is_zero() {
            self.limit = self.buffer;
        }
        let missed = late > self.limit;
        if missed {
            self.limit = late + self.buffer;
        }
        missed
    }
}

/// Starts a worker that renders blocks of `frames` frames, each when it is due, until it is stopped.
///
/// # Errors
/// [`Error::Output`](crate::Error::Output) when no thread can be started.
pub(crate) fn start(
    renderer: Renderer,
    frames: usize,
    rate: SampleRate,
    meter: Arc<HealthCounters>,
    sink: impl BlockSink + 'static,
) -> Result<Worker> {
    let output = meter.condition().output.clone();
    Worker::start("crowd-paced", move |stop| run(renderer, frames, rate, &meter, sink, stop))
        .map_err(|error| Cause::no_thread(error).of(output).into())
}

fn run(
    mut renderer: Renderer,
    frames: usize,
    rate: SampleRate,
    meter: &HealthCounters,
    mut sink: impl BlockSink,
    stop: &AtomicBool,
) {
    let mut block = vec![0.0; 2 * frames];
    let mut zero = Instant::now();
    let mut made = 0;
    let mut buffer = SimulatedBuffer::new(Duration::from_nanos(frames as u64 * 1_000_000_000 / u64::from(rate.get())));
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        renderer.render(&mut block);
        meter.block(frames, rate, began.elapsed());
        sink.take(&block);
        made += frames as u64;
        // The time is computed from the start, so that rounding errors do not accumulate.
        let due = zero + Duration::from_nanos((u128::from(made) * 1_000_000_000 / u128::from(rate.get())) as u64);
        let late = Instant::now().saturating_duration_since(due);
        if buffer.is_gap(late) {
            meter.missed();
        }
        if late > RESTART_AFTER {
            zero += late;
        }
        sleep_until(due, stop);
    }
}

fn sleep_until(due: Instant, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(buffer: &mut SimulatedBuffer, late: impl IntoIterator<Item = u64>) -> usize {
        late.into_iter().filter(|late| buffer.is_gap(Duration::from_millis(*late))).count()
    }

    #[test]
    fn a_thread_that_wakes_late_within_a_devices_buffer_makes_no_gap() {
        let mut buffer = SimulatedBuffer::new(Duration::from_millis(23));
        assert_eq!(gaps(&mut buffer, (0..1_000).map(|n| n % 50)), 0);
        let mut large = SimulatedBuffer::new(Duration::from_millis(186));
        assert_eq!(gaps(&mut large, (0..1_000).map(|n| n % 187)), 0);
    }

    #[test]
    fn a_stall_is_one_gap_however_many_blocks_it_delays() {
        let mut buffer = SimulatedBuffer::new(Duration::from_millis(23));
        assert_eq!(gaps(&mut buffer, [0, 0, 300, 277, 254, 100, 20, 0, 0]), 1);
        assert_eq!(gaps(&mut buffer, [51, 0, 51, 0]), 2);
    }

    #[test]
    fn sound_that_takes_longer_than_it_lasts_is_missed_again_and_again() {
        let mut buffer = SimulatedBuffer::new(Duration::from_millis(1));
        assert_eq!(gaps(&mut buffer, (0..1_000).map(|n| 10 * n)), 1_000 * 10 / 60);
    }
}
