//! A thread that makes pieces.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crowd_store::{Claim, Stored};

use super::job::{Job, Slot};
use super::shared::{Desk, Shared, Tally};
use super::urgency::Urgency;
use crate::error::Error;
use crate::maker::Maker;

/// How often a worker looks up without having been called: for pieces that others make, and to tidy.
const LOOK: Duration = Duration::from_millis(100);

struct Task {
    job: Arc<Job>,
    index: usize,
    urgency: Urgency,
}

/// What became of a piece.
enum Outcome {
    Done(Stored),
    Elsewhere(Duration),
    /// Nobody wants it any more.
    Left,
}

/// Works until the desk is closed.
pub(super) fn run(shared: &Arc<Shared>) {
    let mut desk = shared.desk();
    while !desk.closed {
        let Some(task) = next(shared, &mut desk) else {
            desk.tidy();
            desk = shared.work.wait_timeout(desk, LOOK).unwrap_or_else(PoisonError::into_inner).0;
            continue;
        };
        let background = usize::from(task.urgency == Urgency::Background);
        desk.in_background += background;
        drop(desk);
        finish(shared, &task, make(shared, &task));
        desk = shared.desk();
        desk.in_background -= background;
        // What was held back for this one may go now.
        shared.work.notify_all();
    }
}

/// The most urgent task there is, taken. One worker is kept free of what nobody waits for.
fn next(shared: &Shared, desk: &mut Desk) -> Option<Task> {
    let free = shared.settings.workers == 1 || desk.in_background + 1 < shared.settings.workers;
    let wanted = desk.jobs.values().filter_map(|job| Some((job.wanted(shared.ahead(job))?, job)));
    let ((urgency, index), job) = wanted.min_by_key(|(wanted, _)| *wanted)?;
    if urgency == Urgency::Background && !free {
        return None;
    }
    let job = job.clone();
    let measured = job.rendition.settled().is_some();
    job.change(|state| {
        if let Some(slot) = state.slots.get_mut(index) {
            *slot = Slot::Taken;
        }
        state.measuring = !measured;
    });
    Some(Task { job, index, urgency })
}

fn finish(shared: &Shared, task: &Task, outcome: Result<Outcome, Error>) {
    let Task { job, index, .. } = task;
    let mut failure = None;
    match outcome {
        Ok(Outcome::Done(stored)) => job.done(*index, stored),
        Ok(Outcome::Elsewhere(wait)) => {
            Tally::count(&shared.tally.elsewhere, 1);
            job.set(*index, Slot::Elsewhere(Instant::now() + wait));
        }
        Ok(Outcome::Left) | Err(Error::Cancelled) => {
            Tally::count(&shared.tally.abandoned, 1);
            job.set(*index, Slot::Missing);
        }
        Err(error) => {
            Tally::count(&shared.tally.failed, 1);
            tracing::warn!(file = %job.rendition.music.path().display(), piece = index, "{error}");
            failure = Some(error.to_string().into());
            job.set(*index, Slot::Missing);
        }
    }
    job.change(|state| {
        state.measuring = false;
        state.failure = failure.or(state.failure.take());
    });
    if job.idle.load(Ordering::Relaxed) {
        job.rest();
    }
}

fn make(shared: &Shared, task: &Task) -> Result<Outcome, Error> {
    let Task { job, index, .. } = task;
    let rendition = &job.rendition;
    let id = rendition.chunk(*index);
    let settled = match rendition.settled() {
        Some(settled) => settled,
        None => {
            // What is there needs no measuring.
            if let Some(stored) = shared.store.get(&id)? {
                return Ok(Outcome::Done(stored));
            }
            let settled =
                shared.measurements.settle(&rendition.music, &rendition.treatment, rendition.kind, &job.idle)?;
            Tally::count(&shared.tally.measured, 1);
            rendition.settle(settled)
        }
    };
    // From here on others may make pieces of it too.
    job.change(|state| state.measuring = false);
    let mut making = match shared.store.claim(&id, rendition.layout.piece_bytes(*index))? {
        Claim::Done(stored) => return Ok(Outcome::Done(stored)),
        Claim::Theirs(wait) => return Ok(Outcome::Elsewhere(wait)),
        Claim::Mine(making) => making,
    };
    let begun = Instant::now();
    let mut maker = match job.take_maker(*index) {
        Some(maker) => maker,
        None => Maker::new(rendition, settled)?,
    };
    let mut failure = None;
    let complete = maker.make(rendition, *index, |bytes| {
        if job.idle.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        if let Err(error) = making.append(bytes) {
            failure = Some(error);
            return ControlFlow::Break(());
        }
        job.set(*index, Slot::Growing(making.so_far()));
        ControlFlow::Continue(())
    })?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    if !complete {
        return Ok(Outcome::Left);
    }
    // What was written over while it was read is not kept.
    rendition.music.check()?;
    let stored = making.commit()?;
    let warnings = maker.warnings();
    job.put_maker(maker);
    let (busy, span) = (begun.elapsed(), rendition.layout.span(*index));
    job.change(|state| {
        state.made += 1;
        // Told when it is met first; another maker has read other parts of the file.
        if state.warnings.len() < warnings.len() {
            for warning in warnings.iter().skip(state.warnings.len()) {
                tracing::warn!(file = %rendition.music.path().display(), "{warning}");
            }
            state.warnings = warnings;
        }
        state.busy += busy;
    });
    Tally::count(&shared.tally.made, 1);
    Tally::count(&shared.tally.frames, span.end - span.start);
    Tally::count(&shared.tally.busy_us, u64::try_from(busy.as_micros()).unwrap_or(u64::MAX));
    Ok(Outcome::Done(stored))
}
