//! The worker thread that synthesises STFT frames of [`Hq`](crate::stretch::Hq), so that the audio thread need not.
//!
//! A frame is submitted when a hop begins and needed when it ends, 23 ms later. A frame that is not finished by then
//! (the machine is busy, a block is longer than a hop) is synthesised by the audio thread. A frame depends on its spec
//! and the frame before it only, so the samples are the same in both cases.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::audio::{FrameJob, FrameJobQueue};
use crate::types::error::{Error, Result};
use crate::types::units::SampleRate;
use crate::worker::Worker;

/// Jobs that can be submitted at the same time; the audio thread synthesises further frames itself.
const MAX_JOBS: usize = 16;
/// The poll interval while jobs are submitted, a small part of a hop. The audio thread wakes no thread.
const POLL_BUSY: Duration = Duration::from_millis(2);
/// The poll interval after a second without a job.
const POLL_IDLE: Duration = Duration::from_millis(20);
const IDLE_AFTER: Duration = Duration::from_secs(1);

/// Starts the worker thread, which ends when the `Worker` is dropped.
pub(crate) fn start(sample_rate: SampleRate) -> Result<(Worker, FrameJobQueue)> {
    let (submit, mut submitted) = rtrb::RingBuffer::<FrameJob>::new(MAX_JOBS);
    let (mut finish, finished) = rtrb::RingBuffer::new(MAX_JOBS);
    let idle = (0..MAX_JOBS).map(|_| FrameJob::new(sample_rate.get())).collect();
    let work = move |stop: &AtomicBool| {
        let mut latest = Instant::now();
        while !stop.load(Relaxed) {
            let Ok(mut job) = submitted.pop() else {
                thread::park_timeout(if latest.elapsed() < IDLE_AFTER { POLL_BUSY } else { POLL_IDLE });
                continue;
            };
            job.run();
            latest = Instant::now();
            if finish.push(job).is_err() {
                return;
            }
        }
    };
    let worker = Worker::start("crowd-stretch", work)
        .map_err(|source| Error::Thread { purpose: "for the stretch worker", source })?;
    Ok((worker, FrameJobQueue::new(submit, finished, idle)))
}
