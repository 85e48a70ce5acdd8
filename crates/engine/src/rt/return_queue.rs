//! The return queue. It passes items that must not be freed on the audio thread to the control half.

/// Passes items that are no longer needed from the audio thread to the control half, which frees them.
///
/// While the ring is full, items are kept in a reserve of fixed size until the next block. [`ReturnQueue::has_room_for`]
/// tells whether there is room for a number of items.
pub(crate) struct ReturnQueue<T> {
    ring: rtrb::Producer<T>,
    reserve: Vec<T>,
}

impl<T> ReturnQueue<T> {
    /// A queue whose reserve keeps up to `reserve` items while the ring is full.
    pub fn new(ring: rtrb::Producer<T>, reserve: usize) -> Self {
        Self { ring, reserve: Vec::with_capacity(reserve) }
    }

    /// Whether there is room for `count` more items.
    pub fn has_room_for(&self, count: usize) -> bool {
        self.reserve.capacity() - self.reserve.len() >= count
    }

    /// Adds `item`, or returns it when neither the ring nor the reserve has room.
    pub fn put(&mut self, item: T) -> Result<(), T> {
        match self.ring.push(item) {
            Ok(()) => Ok(()),
            Err(rtrb::PushError::Full(item)) if self.has_room_for(1) => {
                self.reserve.push(item);
                Ok(())
            }
            Err(rtrb::PushError::Full(item)) => Err(item),
        }
    }

    /// Moves items from the reserve to the ring as long as the ring has room.
    pub fn flush(&mut self) {
        while let Some(item) = self.reserve.pop() {
            if let Err(rtrb::PushError::Full(item)) = self.ring.push(item) {
                self.reserve.push(item);
                return;
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn items_are_kept_for_the_next_block_while_the_ring_is_full() {
        let (producer, mut returned) = rtrb::RingBuffer::new(1);
        let mut queue = ReturnQueue::new(producer, 2);
        assert_eq!((queue.put(1), queue.put(2), queue.put(3)), (Ok(()), Ok(()), Ok(())));
        assert!(!queue.has_room_for(1));
        assert_eq!(queue.put(4), Err(4));
        let mut freed = Vec::new();
        for _ in 0..3 {
            freed.extend(returned.pop());
            queue.flush();
        }
        freed.sort_unstable();
        assert_eq!(freed, [1, 2, 3]);
        assert!(queue.has_room_for(2));
    }
}
