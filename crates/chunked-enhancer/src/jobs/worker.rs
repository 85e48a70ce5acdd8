//! Threads that make chunks.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crowd_store::{ChunkBytes, Claim};

use super::context::{JobContext, JobCounters};
use super::job::{ChunkState, Job};
use crate::error::Error;
use crate::maker::Maker;
use crate::permits::{Demand, Permit, Rank};

/// The result of the work on a chunk.
enum ChunkResult {
    Done(ChunkBytes),
    /// Another node makes it. It is looked up in the store again after this time at the latest.
    Elsewhere(Duration),
    /// It is not needed any more.
    Abandoned,
}

/// The demand for a chunk.
struct ChunkDemand {
    job: Arc<Job>,
    index: usize,
}

impl Demand for ChunkDemand {
    fn rank(&self, now: Instant) -> Option<Rank> {
        self.job.rank(self.index, now)
    }
}

/// Starts threads for the chunks of a job that have to be made and have no thread yet.
pub(super) fn start(context: &Arc<JobContext>, job: &Arc<Job>) {
    while !context.permits.is_closed()
        && let Some(index) = job.claim_next()
    {
        let (thread_context, thread_job) = (context.clone(), job.clone());
        let thread = std::thread::Builder::new().name("maker".to_owned());
        if let Err(error) = thread.spawn(move || run(&thread_context, &thread_job, index)) {
            finish(context, job, index, Err(Error::io("a maker's thread", "start", error)));
        }
    }
}

/// Makes a chunk, and then further chunks of the same job, the most urgent one first.
fn run(context: &Arc<JobContext>, job: &Arc<Job>, index: usize) {
    let mut next = Some(index);
    while let Some(index) = next {
        let permit = context.permits.acquire(Arc::new(ChunkDemand { job: job.clone(), index }));
        let result = permit.map_or(Ok(ChunkResult::Abandoned), |permit| make(context, job, index, &permit));
        let abandoned = matches!(result, Ok(ChunkResult::Abandoned) | Err(Error::Cancelled));
        finish(context, job, index, result);
        if abandoned {
            // A listener that needs the chunk may have arrived meanwhile.
            return start(context, job);
        }
        next = job.claim_next();
        start(context, job);
    }
}

fn finish(context: &JobContext, job: &Job, index: usize, result: Result<ChunkResult, Error>) {
    let mut failure = None;
    let chunk_state = match result {
        Ok(ChunkResult::Done(stored)) => {
            job.complete(index, stored);
            None
        }
        Ok(ChunkResult::Elsewhere(wait)) => {
            JobCounters::add(&context.counters.elsewhere, 1);
            Some(ChunkState::Elsewhere(Instant::now() + wait))
        }
        Ok(ChunkResult::Abandoned) | Err(Error::Cancelled) => {
            JobCounters::add(&context.counters.abandoned, 1);
            Some(ChunkState::Missing)
        }
        Err(error) => {
            JobCounters::add(&context.counters.failed, 1);
            tracing::warn!(file = %job.rendition.music.path().display(), piece = index, "{error}");
            failure = Some(error.to_string().into());
            Some(ChunkState::Missing)
        }
    };
    job.end_claim(index, chunk_state, failure);
}

fn make(context: &Arc<JobContext>, job: &Arc<Job>, index: usize, permit: &Permit) -> Result<ChunkResult, Error> {
    if !permit.may_continue() {
        return Ok(ChunkResult::Abandoned);
    }
    let rendition = &job.rendition;
    let resolved = match rendition.resolved() {
        Some(resolved) => resolved,
        None => {
            // A chunk that exists in the store needs no measurement.
            if let Some(id) = rendition.chunk_id(index)
                && let Some(stored) = context.store.get(&id)?
            {
                return Ok(ChunkResult::Done(stored));
            }
            let resolved =
                context.measurements.resolve(&rendition.music, &rendition.treatment, rendition.analysis, permit)?;
            JobCounters::add(&context.counters.measured, 1);
            rendition.set_resolved(resolved)
        }
    };
    if job.update(|state| std::mem::take(&mut state.measuring)) {
        // The measurement is complete, so other threads may make chunks too.
        start(context, job);
    }
    let most = rendition.layout.chunk_bytes(index);
    let claim = match rendition.chunk_id(index) {
        Some(id) => context.store.claim(&id, most)?,
        None => context.store.claim_in_memory(&rendition.local_chunk_id(index), most)?,
    };
    let mut making = match claim {
        Claim::Available(stored) => return Ok(ChunkResult::Done(stored)),
        Claim::HeldElsewhere(wait) => return Ok(ChunkResult::Elsewhere(wait)),
        Claim::Granted(making) => making,
    };
    let (started, waited) = (Instant::now(), permit.waited());
    let mut maker = match job.take_maker(index) {
        Some(maker) => maker,
        None => Maker::new(rendition, resolved)?,
    };
    let mut failure = None;
    let complete = maker.make(rendition, index, |bytes| {
        if !permit.may_continue() {
            return ControlFlow::Break(());
        }
        if bytes.is_empty() {
            return ControlFlow::Continue(());
        }
        if let Err(error) = making.append(bytes) {
            failure = Some(error);
            return ControlFlow::Break(());
        }
        job.grown(index, making.written());
        ControlFlow::Continue(())
    })?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    if !complete {
        return Ok(ChunkResult::Abandoned);
    }
    // A chunk of a file that was changed while it was read is not kept.
    rendition.music.check()?;
    let stored = making.commit()?;
    let warnings = maker.warnings();
    job.keep_maker(maker);
    let busy = started.elapsed().saturating_sub(permit.waited().saturating_sub(waited));
    let span = rendition.layout.span(index);
    job.update(|state| {
        state.made += 1;
        // Each warning is logged once. Another maker has read other spans of the file, so it may have fewer warnings.
        if state.warnings.len() < warnings.len() {
            for warning in warnings.iter().skip(state.warnings.len()) {
                tracing::warn!(file = %rendition.music.path().display(), "{warning}");
            }
            state.warnings = warnings;
        }
        state.busy += busy;
    });
    JobCounters::add(&context.counters.made, 1);
    JobCounters::add(&context.counters.frames, span.end - span.start);
    JobCounters::add(&context.counters.busy_us, u64::try_from(busy.as_micros()).unwrap_or(u64::MAX));
    Ok(ChunkResult::Done(stored))
}
