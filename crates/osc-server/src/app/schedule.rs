//! A schedule: items in the order of the frames that they are scheduled for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The largest number of scheduled items.
pub const CAPACITY: usize = 65_536;

/// Items in the order of their frames. Items of the same frame are in the order in which they were added.
#[derive(Debug)]
pub struct Schedule<T> {
    heap: BinaryHeap<Reverse<ScheduleEntry<T>>>,
    added: u64,
}

#[derive(Debug)]
struct ScheduleEntry<T> {
    frame: u64,
    order: u64,
    item: T,
}

impl<T> PartialEq for ScheduleEntry<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.frame, self.order) == (other.frame, other.order)
    }
}

impl<T> Eq for ScheduleEntry<T> {}

impl<T> PartialOrd for ScheduleEntry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for ScheduleEntry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.frame, self.order).cmp(&(other.frame, other.order))
    }
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), added: 0 }
    }
}

impl<T> Schedule<T> {
    /// Schedules `item` for `frame`. When [`CAPACITY`] items are scheduled already, `item` is returned as the error.
    pub fn add(&mut self, frame: u64, item: T) -> Result<(), T> {
        if self.heap.len() >= CAPACITY {
            return Err(item);
        }
        self.heap.push(Reverse(ScheduleEntry { frame, order: self.added, item }));
        self.added += 1;
        Ok(())
    }

    /// The frame of the first item.
    pub fn next(&self) -> Option<u64> {
        self.heap.peek().map(|entry| entry.0.frame)
    }

    /// Removes and returns the first item and its frame, if that is `frame` or earlier.
    pub fn take_until(&mut self, frame: u64) -> Option<(u64, T)> {
        if self.next()? > frame {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| (entry.frame, entry.item))
    }

    /// Removes the items for which `keep` returns false. Returns the number of removed items.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) -> usize {
        let before = self.heap.len();
        let mut entries = std::mem::take(&mut self.heap).into_vec();
        entries.retain_mut(|entry| keep(&mut entry.0.item));
        self.heap = entries.into();
        before - self.heap.len()
    }

    /// All items, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.heap.iter().map(|entry| &entry.0.item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_taken_in_order() {
        let mut schedule = Schedule::default();
        for (frame, item) in [(20, 'c'), (10, 'a'), (20, 'd'), (10, 'b'), (30, 'e')] {
            schedule.add(frame, item).unwrap();
        }
        assert_eq!(schedule.take_until(9), None);
        let done: Vec<_> = std::iter::from_fn(|| schedule.take_until(20)).collect();
        assert_eq!(done, [(10, 'a'), (10, 'b'), (20, 'c'), (20, 'd')]);
        assert_eq!(schedule.next(), Some(30));
        assert_eq!(schedule.retain(|item| *item != 'e'), 1);
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn a_full_schedule_returns_the_item() {
        let mut schedule = Schedule::default();
        for n in 0..CAPACITY as u64 {
            schedule.add(n, n).unwrap();
        }
        assert_eq!(schedule.add(0, 7), Err(7));
    }
}
