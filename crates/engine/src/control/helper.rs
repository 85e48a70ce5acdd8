//! A thread that makes frames of [`Hq`](crate::stretch::Hq) in the meantime, so that the audio thread need not.
//!
//! A frame is ordered when a hop begins and heard when it is over, 23 ms later. Whatever is not finished by then (the machine
//! is busy, a block is longer than a hop) the audio thread makes itself. A frame depends on nothing but its order, so the
//! samples are the same, whoever makes them.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::audio::{Errand, Errands};
use crate::types::error::{Error, Result};
use crate::types::units::SampleRate;
use crate::worker::Worker;

/// Frames that can be on their way at the same time; of what goes beyond, the audio thread makes its own.
const ERRANDS: usize = 16;
/// How long to rest while frames are ordered: a small part of a hop. The audio thread wakes nobody.
const NAP: Duration = Duration::from_millis(2);
/// How long to rest when none has been ordered for a second.
const SLEEP: Duration = Duration::from_millis(20);
const QUIET: Duration = Duration::from_secs(1);

/// Starts a helper. It ends when the worker is dropped.
pub(crate) fn start(sample_rate: SampleRate) -> Result<(Worker, Errands)> {
    let (out, mut orders) = rtrb::RingBuffer::<Errand>::new(ERRANDS);
    let (mut finished, back) = rtrb::RingBuffer::new(ERRANDS);
    let home = (0..ERRANDS).map(|_| Errand::new(sample_rate.get())).collect();
    let work = move |stop: &AtomicBool| {
        let mut latest = Instant::now();
        while !stop.load(Relaxed) {
            let Ok(mut errand) = orders.pop() else {
                thread::park_timeout(if latest.elapsed() < QUIET { NAP } else { SLEEP });
                continue;
            };
            errand.run();
            latest = Instant::now();
            if finished.push(errand).is_err() {
                return;
            }
        }
    };
    let worker = Worker::start("crowd-stretch", work)
        .map_err(|source| Error::Thread { purpose: "for the stretch worker", source })?;
    Ok((worker, Errands::new(out, back, home)))
}
