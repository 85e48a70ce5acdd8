//! The way home for what may not be freed on the audio thread.

/// Collects dead resources on the audio thread and hands them to the control half.
///
/// When the ring is full they wait here for the next block; there is always room for what
/// [`ReturnBin::has_room_for`] promised.
pub(crate) struct ReturnBin<T> {
    ring: rtrb::Producer<T>,
    waiting: Vec<T>,
}

impl<T> ReturnBin<T> {
    /// A bin that keeps up to `waiting` things while the ring is full.
    pub fn new(ring: rtrb::Producer<T>, waiting: usize) -> Self {
        Self { ring, waiting: Vec::with_capacity(waiting) }
    }

    /// Whether `count` more things can be taken now without allocating.
    pub fn has_room_for(&self, count: usize) -> bool {
        self.waiting.capacity() - self.waiting.len() >= count
    }

    /// Takes `thing` for return; gives it back when there is no room at all.
    pub fn put(&mut self, thing: T) -> Result<(), T> {
        match self.ring.push(thing) {
            Ok(()) => Ok(()),
            Err(rtrb::PushError::Full(thing)) if self.has_room_for(1) => {
                self.waiting.push(thing);
                Ok(())
            }
            Err(rtrb::PushError::Full(thing)) => Err(thing),
        }
    }

    /// Sends home what waited.
    pub fn flush(&mut self) {
        while let Some(thing) = self.waiting.pop() {
            if let Err(rtrb::PushError::Full(thing)) = self.ring.push(thing) {
                self.waiting.push(thing);
                return;
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_full_ring_means_keep_it_one_block_more() {
        let (producer, mut home) = rtrb::RingBuffer::new(1);
        let mut bin = ReturnBin::new(producer, 2);
        assert_eq!((bin.put(1), bin.put(2), bin.put(3)), (Ok(()), Ok(()), Ok(())));
        assert!(!bin.has_room_for(1));
        assert_eq!(bin.put(4), Err(4));
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.extend(home.pop());
            bin.flush();
        }
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3]);
        assert!(bin.has_room_for(2));
    }
}
