//! Threads that make pieces.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crowd_store::{ChunkBytes, Claim};

use super::job::{Job, Slot};
use super::shared::{Shared, Tally};
use crate::error::Error;
use crate::maker::Maker;
use crate::turns::{Rank, Turn, Wanted};

/// What became of a piece.
enum Outcome {
    Done(ChunkBytes),
    Elsewhere(Duration),
    /// Nobody wants it any more.
    Left,
}

/// A piece as work.
struct Piece {
    job: Arc<Job>,
    index: usize,
}

impl Wanted for Piece {
    fn rank(&self, now: Instant) -> Option<Rank> {
        self.job.rank(self.index, now)
    }
}

/// Starts a thread for each piece of a job that is to have one and has none.
pub(super) fn start(shared: &Arc<Shared>, job: &Arc<Job>) {
    while !shared.turns.is_closed()
        && let Some(index) = job.take()
    {
        let (ours, theirs) = (shared.clone(), job.clone());
        let name = std::thread::Builder::new().name("maker".to_owned());
        if let Err(error) = name.spawn(move || run(&ours, &theirs, index)) {
            finish(shared, job, index, Err(Error::io("a maker's thread", "start", error)));
        }
    }
}

/// Makes a piece, and those that are to be made then.
fn run(shared: &Arc<Shared>, job: &Arc<Job>, index: usize) {
    let mut next = Some(index);
    while let Some(index) = next {
        let turn = shared.turns.begin(Arc::new(Piece { job: job.clone(), index }));
        let outcome = turn.map_or(Ok(Outcome::Left), |turn| make(shared, job, index, &turn));
        let left = matches!(outcome, Ok(Outcome::Left) | Err(Error::Cancelled));
        finish(shared, job, index, outcome);
        if left {
            // Somebody may have come meanwhile.
            return start(shared, job);
        }
        next = job.take();
        start(shared, job);
    }
}

fn finish(shared: &Shared, job: &Job, index: usize, outcome: Result<Outcome, Error>) {
    let mut failure = None;
    let slot = match outcome {
        Ok(Outcome::Done(stored)) => {
            job.done(index, stored);
            None
        }
        Ok(Outcome::Elsewhere(wait)) => {
            Tally::count(&shared.tally.elsewhere, 1);
            Some(Slot::Elsewhere(Instant::now() + wait))
        }
        Ok(Outcome::Left) | Err(Error::Cancelled) => {
            Tally::count(&shared.tally.abandoned, 1);
            Some(Slot::Missing)
        }
        Err(error) => {
            Tally::count(&shared.tally.failed, 1);
            tracing::warn!(file = %job.rendition.music.path().display(), piece = index, "{error}");
            failure = Some(error.to_string().into());
            Some(Slot::Missing)
        }
    };
    job.finish(index, slot, failure);
}

fn make(shared: &Arc<Shared>, job: &Arc<Job>, index: usize, turn: &Turn) -> Result<Outcome, Error> {
    if !turn.go_on() {
        return Ok(Outcome::Left);
    }
    let rendition = &job.rendition;
    let settled = match rendition.settled() {
        Some(settled) => settled,
        None => {
            // What is there needs no measuring.
            if let Some(id) = rendition.chunk(index)
                && let Some(stored) = shared.store.get(&id)?
            {
                return Ok(Outcome::Done(stored));
            }
            let settled = shared.measurements.settle(&rendition.music, &rendition.treatment, rendition.kind, turn)?;
            Tally::count(&shared.tally.measured, 1);
            rendition.settle(settled)
        }
    };
    if job.change(|state| std::mem::take(&mut state.measuring)) {
        // From here on others may make pieces of it too.
        start(shared, job);
    }
    let most = rendition.layout.piece_bytes(index);
    let claim = match rendition.chunk(index) {
        Some(id) => shared.store.claim(&id, most)?,
        None => shared.store.claim_in_memory(&rendition.piece(index), most)?,
    };
    let mut making = match claim {
        Claim::Available(stored) => return Ok(Outcome::Done(stored)),
        Claim::HeldElsewhere(wait) => return Ok(Outcome::Elsewhere(wait)),
        Claim::Granted(making) => making,
    };
    let (begun, away) = (Instant::now(), turn.away());
    let mut maker = match job.take_maker(index) {
        Some(maker) => maker,
        None => Maker::new(rendition, settled)?,
    };
    let mut failure = None;
    let complete = maker.make(rendition, index, |bytes| {
        if !turn.go_on() {
            return ControlFlow::Break(());
        }
        if bytes.is_empty() {
            return ControlFlow::Continue(());
        }
        if let Err(error) = making.append(bytes) {
            failure = Some(error);
            return ControlFlow::Break(());
        }
        job.set(index, Slot::Growing(making.written()));
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
    let busy = begun.elapsed().saturating_sub(turn.away().saturating_sub(away));
    let span = rendition.layout.span(index);
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
