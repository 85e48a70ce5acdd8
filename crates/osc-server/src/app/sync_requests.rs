//! The `/sync` messages that are to be answered when everything before them is done.

use super::loader::LoadId;
use std::net::SocketAddr;

/// The number of blocks after which a command that the engine has taken has certainly acted. They are the current block and
/// the next one.
const BLOCKS_UNTIL_DONE: u64 = 2;

/// The `/sync` messages that are not answered yet.
#[derive(Debug, Default)]
pub struct SyncRequests {
    waiting: Vec<SyncRequest>,
}

#[derive(Debug)]
struct SyncRequest {
    address: SocketAddr,
    /// The number in the `/sync`, which the answer repeats.
    n: i64,
    /// The loads of the sender that have not ended.
    loads: Vec<LoadId>,
    /// The count of rendered blocks from which on the commands have acted. `None` while the engine has not taken all of
    /// them.
    done_at_block: Option<u64>,
}

impl SyncRequests {
    /// Adds a `/sync`.
    pub fn add(&mut self, address: SocketAddr, n: i64, loads: Vec<LoadId>) {
        self.waiting.push(SyncRequest { address, n, loads, done_at_block: None });
    }

    /// Notes that a load has ended.
    pub fn load_ended(&mut self, load: LoadId) {
        for sync in &mut self.waiting {
            sync.loads.retain(|other| *other != load);
        }
    }

    /// Removes and returns the `/sync` messages that are to be answered now. Those of one client are answered in order.
    pub fn take_done(&mut self, blocks: u64, all_sent: bool) -> Vec<(SocketAddr, i64)> {
        let mut not_yet: Vec<SocketAddr> = Vec::new();
        let mut done = Vec::new();
        self.waiting.retain_mut(|sync| {
            if sync.loads.is_empty() && all_sent && sync.done_at_block.is_none() {
                sync.done_at_block = Some(blocks + BLOCKS_UNTIL_DONE);
            }
            let ready = sync.done_at_block.is_some_and(|block| blocks >= block) && !not_yet.contains(&sync.address);
            if ready {
                done.push((sync.address, sync.n));
            } else {
                not_yet.push(sync.address);
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
    fn an_answer_waits_for_loads_for_commands_and_for_earlier_answers() {
        let (a, b) = (SocketAddr::from(([127, 0, 0, 1], 1)), SocketAddr::from(([127, 0, 0, 1], 2)));
        let mut syncs = SyncRequests::default();
        syncs.add(a, 1, vec![7]);
        syncs.add(a, 2, vec![]);
        syncs.add(b, 3, vec![]);
        assert_eq!(syncs.take_done(10, false), []);
        assert_eq!(syncs.take_done(10, true), []);
        assert_eq!(syncs.take_done(12, true), [(b, 3)]);
        syncs.load_ended(7);
        assert_eq!(syncs.take_done(13, true), []);
        assert_eq!(syncs.take_done(15, true), [(a, 1), (a, 2)]);
        assert_eq!(syncs.take_done(99, true), []);
    }
}
