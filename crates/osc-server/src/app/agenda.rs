//! What is to happen later, in the order it will.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How much may be planned at a time.
pub const CAPACITY: usize = 65_536;

/// Things planned for a moment; those of one moment happen in the order they were planned.
#[derive(Debug)]
pub struct Agenda<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    planned: u64,
}

#[derive(Debug)]
struct Entry<T> {
    frame: u64,
    order: u64,
    what: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.frame, self.order) == (other.frame, other.order)
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.frame, self.order).cmp(&(other.frame, other.order))
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), planned: 0 }
    }
}

impl<T> Agenda<T> {
    /// Plans `what` for `frame`; gives it back when [`CAPACITY`] things are planned already.
    pub fn plan(&mut self, frame: u64, what: T) -> Result<(), T> {
        if self.heap.len() >= CAPACITY {
            return Err(what);
        }
        self.heap.push(Reverse(Entry { frame, order: self.planned, what }));
        self.planned += 1;
        Ok(())
    }

    /// The moment of the first thing planned.
    pub fn next(&self) -> Option<u64> {
        self.heap.peek().map(|entry| entry.0.frame)
    }

    /// The first thing planned, with its moment, if that is `frame` or earlier.
    pub fn take_until(&mut self, frame: u64) -> Option<(u64, T)> {
        if self.next()? > frame {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| (entry.frame, entry.what))
    }

    /// Forgets what `keep` does not want; returns how much that was.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) -> usize {
        let before = self.heap.len();
        let mut entries = std::mem::take(&mut self.heap).into_vec();
        entries.retain_mut(|entry| keep(&mut entry.0.what));
        self.heap = entries.into();
        before - self.heap.len()
    }

    /// Everything planned, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.heap.iter().map(|entry| &entry.0.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planned_happens_in_order() {
        let mut agenda = Agenda::default();
        for (frame, what) in [(20, 'c'), (10, 'a'), (20, 'd'), (10, 'b'), (30, 'e')] {
            agenda.plan(frame, what).unwrap();
        }
        assert_eq!(agenda.take_until(9), None);
        let done: Vec<_> = std::iter::from_fn(|| agenda.take_until(20)).collect();
        assert_eq!(done, [(10, 'a'), (10, 'b'), (20, 'c'), (20, 'd')]);
        assert_eq!(agenda.next(), Some(30));
        assert_eq!(agenda.retain(|what| *what != 'e'), 1);
        assert_eq!(agenda.next(), None);
    }

    #[test]
    fn a_full_agenda_gives_it_back() {
        let mut agenda = Agenda::default();
        for n in 0..CAPACITY as u64 {
            agenda.plan(n, n).unwrap();
        }
        assert_eq!(agenda.plan(0, 7), Err(7));
    }
}
