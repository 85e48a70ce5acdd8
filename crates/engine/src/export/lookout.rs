//! Looks ahead on the other cores, for an export: its course is known, so all that does not depend on what was heard before
//! can be there when the stretcher comes.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::Scope;

use crate::dsp::{Position, Step};
use crate::stretch::{Help, Look, Maker, Order, Shape};
use crate::track::Track;

/// Looks that a thread is ahead at most.
const AHEAD: usize = 4;

/// What is seen where a frame of output begins.
struct Seen {
    order: Order,
    look: Look,
}

/// A thread that looks, and the way for looks that can be used again.
struct Lane {
    seen: Receiver<Seen>,
    used: Sender<Look>,
}

/// Threads that take turns.
pub(super) struct Lookout {
    /// None when the stretcher went another way.
    lanes: Vec<Lane>,
    next: usize,
    seen: Option<Seen>,
}

impl Lookout {
    /// Starts `threads` of them, for `hops` hops. `place` tells position and speed at a frame of output.
    pub fn start<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        threads: usize,
        track: &'env Track,
        hops: usize,
        place: impl Fn(u64) -> (Position, Step) + Copy + Send + 'scope,
    ) -> Self {
        let lane = |nth: usize| {
            let (to, seen) = sync_channel(AHEAD);
            let (used, back) = channel();
            // The first frame follows the untouched track: the stretcher makes it itself.
            scope.spawn(move || look((1 + nth..hops).step_by(threads), track, place, &to, &back));
            Lane { seen, used }
        };
        Self { lanes: (0..threads).map(lane).collect(), next: 0, seen: None }
    }
}

/// Looks at every one of `hops`, until nobody wants to know any more.
fn look(
    hops: impl Iterator<Item = usize>,
    track: &Track,
    place: impl Fn(u64) -> (Position, Step),
    to: &SyncSender<Seen>,
    back: &Receiver<Look>,
) {
    let shape = Shape::new(f64::from(track.sample_rate().get()));
    for hop in hops {
        let (position, step) = place((hop * shape.hop) as u64);
        let order = shape.order(track, position, step, None);
        let mut look = back.try_recv().unwrap_or_else(|_| Look::new(shape.size));
        look.make(&order, track);
        if to.send(Seen { order, look }).is_err() {
            return;
        }
    }
}

impl Help for Lookout {
    fn take(&mut self, order: &Order, _: &Maker) -> bool {
        if order.untouched.is_some() {
            return false;
        }
        let lanes = self.lanes.len().max(1);
        let seen = self.lanes.get(self.next % lanes).and_then(|lane| lane.seen.recv().ok());
        self.seen = seen.filter(|seen| seen.order == *order);
        if self.seen.is_none() {
            // The stretcher became a wire and began anew in between: from here on it looks for itself.
            self.lanes.clear();
        }
        self.seen.is_some()
    }

    fn give(&mut self, maker: &mut Maker) -> bool {
        let Some(Seen { order, look }) = self.seen.take() else { return false };
        let used = maker.finish(&order, look);
        let lanes = self.lanes.len().max(1);
        if let Some(lane) = self.lanes.get(self.next % lanes) {
            // A thread that has finished wants none.
            let _finished = lane.used.send(used);
        }
        self.next += 1;
        true
    }
}
