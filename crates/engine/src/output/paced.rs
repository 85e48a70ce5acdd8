//! Outputs without a device: a thread that asks for a block whenever one would have been played.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::health::Meter;
use crate::error::{Error, Result};
use crate::render::Renderer;
use crate::units::SampleRate;
use crate::worker::Worker;

/// A thread that was stopped for longer than this (a debugger, a frozen container) goes on from now, as a device
/// would, and does not make up for it.
const TOO_LATE: Duration = Duration::from_secs(1);

/// Where paced blocks go.
pub(crate) trait Sink: Send {
    /// Takes a block of interleaved stereo; `stop` says that nobody will wait for it much longer.
    fn take(&mut self, block: &[f32], stop: &AtomicBool);
}

/// Hears nothing.
pub(crate) struct Discard;

impl Sink for Discard {
    fn take(&mut self, _block: &[f32], _stop: &AtomicBool) {}
}

/// Starts to render blocks of `frames` frames, each at its time, until the worker is stopped.
///
/// # Errors
/// [`Error::Output`] when there is no thread to be had.
pub(crate) fn start(
    renderer: Renderer,
    frames: usize,
    rate: SampleRate,
    meter: Arc<Meter>,
    sink: impl Sink + 'static,
) -> Result<Worker> {
    let output = meter.condition().output.clone();
    Worker::start("crowd-paced", move |stop| run(renderer, frames, rate, &meter, sink, stop))
        .map_err(|cause| Error::Output { output, cause: format!("no thread for it: {cause}") })
}

fn run(mut renderer: Renderer, frames: usize, rate: SampleRate, meter: &Meter, mut sink: impl Sink, stop: &AtomicBool) {
    let mut block = vec![0.0; 2 * frames];
    let mut zero = Instant::now();
    let mut made = 0;
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        renderer.render(&mut block);
        meter.block(frames, rate, began.elapsed());
        sink.take(&block, stop);
        made += frames as u64;
        // Counted from the start, so that rounding never adds up.
        let due = zero + Duration::from_nanos((u128::from(made) * 1_000_000_000 / u128::from(rate.get())) as u64);
        let late = Instant::now().saturating_duration_since(due);
        if !late.is_zero() {
            meter.missed();
        }
        if late > TOO_LATE {
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
