//! The worker thread that synthesises STFT frames of [`Hq`](crate::stretch::Hq), so that the audio thread need not.
//!
//! An STFT frame is submitted when a hop begins. It is needed when the hop ends, 23 ms later. If it is not finished by
//! then, because the machine is busy or a block is longer than a hop, the audio thread synthesises it. An STFT frame
//! depends only on its spec and on the STFT frame before it, so the samples are the same in both cases.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::audio::{FrameJob, FrameJobQueue};
use crate::types::error::{Error, Result};
use crate::types::units::SampleRate;
use crate::worker::Worker;

/// The number of jobs that can be submitted at the same time. The audio thread synthesises further frames itself.
const MAX_JOBS: usize = 16;
/// The interval at which the worker polls for jobs: a small part of a hop. It has to poll, because the audio thread wakes no thread.
const POLL_BUSY: Duration = Duration::from_millis(2);
/// The interval after [`IDLE_AFTER`] without a job.
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
