//! Answering `/sync` when what came before it is done.

use super::loader::Ticket;
use std::net::SocketAddr;

/// Blocks after which a command that was handed over has surely acted: the one under way, and one more.
const BLOCKS: u64 = 2;

/// Those who wait for an answer.
#[derive(Debug, Default)]
pub struct Syncs {
    waiting: Vec<Sync>,
}

#[derive(Debug)]
struct Sync {
    address: SocketAddr,
    n: i64,
    /// Files the sender asked for that are not here yet.
    loads: Vec<Ticket>,
    /// The block by which the commands have acted, once they were handed over.
    block: Option<u64>,
}

impl Syncs {
    /// Adds a `/sync`.
    pub fn add(&mut self, address: SocketAddr, n: i64, loads: Vec<Ticket>) {
        self.waiting.push(Sync { address, n, loads, block: None });
    }

    /// Notes that a load has ended.
    pub fn loaded(&mut self, ticket: Ticket) {
        for sync in &mut self.waiting {
            sync.loads.retain(|t| *t != ticket);
        }
    }

    /// Those to be answered now; those of one sender in the order they came.
    pub fn done(&mut self, blocks: u64, handed_over: bool) -> Vec<(SocketAddr, i64)> {
        let mut held: Vec<SocketAddr> = Vec::new();
        let mut done = Vec::new();
        self.waiting.retain_mut(|sync| {
            if sync.loads.is_empty() && handed_over && sync.block.is_none() {
                sync.block = Some(blocks + BLOCKS);
            }
            let ready = sync.block.is_some_and(|block| blocks >= block) && !held.contains(&sync.address);
            if ready {
                done.push((sync.address, sync.n));
            } else {
                held.push(sync.address);
            }
            !ready
        });
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_waits_for_loads_commands_and_earlier_ones() {
        let (a, b) = (SocketAddr::from(([127, 0, 0, 1], 1)), SocketAddr::from(([127, 0, 0, 1], 2)));
        let mut syncs = Syncs::default();
        syncs.add(a, 1, vec![7]);
        syncs.add(a, 2, vec![]);
        syncs.add(b, 3, vec![]);
        assert_eq!(syncs.done(10, false), []);
        assert_eq!(syncs.done(10, true), []);
        assert_eq!(syncs.done(12, true), [(b, 3)]);
        syncs.loaded(7);
        assert_eq!(syncs.done(13, true), []);
        assert_eq!(syncs.done(15, true), [(a, 1), (a, 2)]);
        assert_eq!(syncs.done(99, true), []);
    }
}
