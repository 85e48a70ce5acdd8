//! A slot from which one thread at a time can take a value, without waiting.
//!
//! `AtomicCell` of crossbeam is not used, because it uses the processor's atomics. So loom could not test every order of its
//! events.
#![allow(unsafe_code)]

use std::ptr;

use super::atomic::{AtomicPtr, Ordering};

/// A slot for one boxed value that several threads may take. The value is the renderer, and the threads are those of a
/// lost device's callback and of the next device's callback. Taking the value is one atomic swap, and so is putting it
/// back. Neither waits.
pub(crate) struct Slot<T> {
    value: AtomicPtr<T>,
    _owns: std::marker::PhantomData<Box<T>>,
}

impl<T> Slot<T> {
    /// An empty slot.
    pub fn empty() -> Self {
        Self { value: AtomicPtr::new(ptr::null_mut()), _owns: std::marker::PhantomData }
    }

    /// Takes the value. `None` while another thread has it, or when the slot is empty.
    pub fn take(&self) -> Option<Box<T>> {
        let pointer = self.value.swap(ptr::null_mut(), Ordering::Acquire);
        if pointer.is_null() {
            return None;
        }
        // SAFETY: a pointer in the slot came from `Box::into_raw` in `put` and the swap above removed it, so no other
        // thread can get the same one: this thread alone owns the box. Acquire pairs with the Release of `put`, so the
        // writes of its last owner are visible here.
        Some(unsafe { Box::from_raw(pointer) })
    }

    /// Puts a value into the slot. Returns the value that was there before, if there was one.
    pub fn put(&self, value: Box<T>) -> Option<Box<T>> {
        let pointer = self.value.swap(Box::into_raw(value), Ordering::AcqRel);
        if pointer.is_null() {
            return None;
        }
        // SAFETY: as in `take`: the swap made this thread the only holder of that pointer.
        Some(unsafe { Box::from_raw(pointer) })
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

// SAFETY: the slot passes a `T` from one thread to another but never gives two of them access at once, so `T: Send` is
// enough. (AtomicPtr is Send and Sync for every T; PhantomData<Box<T>> takes both away where `T` is not Send or not
// Sync, and this gives Sync back for a T that is only Send.)
unsafe impl<T: Send> Sync for Slot<T> {}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_taken_value_is_gone_until_it_is_put_back() {
        let slot = Slot::empty();
        assert!(slot.take().is_none());
        assert!(slot.put(Box::new(7)).is_none());
        let value = slot.take().unwrap();
        assert!(slot.take().is_none());
        assert!(slot.put(value).is_none());
        assert_eq!(slot.put(Box::new(8)), Some(Box::new(7)));
    }

    /// A test for Miri and the thread sanitizer; the loom test below covers every order of events.
    #[test]
    fn two_threads_share_a_value_without_a_race() {
        let slot = Slot::empty();
        assert!(slot.put(Box::new([0u64; 4])).is_none());
        let add = || {
            let mut rounds = 0;
            while rounds < 50 {
                let Some(mut value) = slot.take() else { continue };
                value.iter_mut().for_each(|x| *x += 1);
                assert!(slot.put(value).is_none());
                rounds += 1;
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(add);
            add();
        });
        assert_eq!(slot.take().as_deref(), Some(&[100; 4]));
    }
}

#[cfg(all(test, loom))]
mod proof {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn two_callbacks_never_hold_the_renderer_together() {
        loom::model(|| {
            let slot = Arc::new(Slot::empty());
            assert!(slot.put(Box::new(AtomicUsize::new(0))).is_none());
            let use_once = |slot: &Slot<AtomicUsize>| {
                if let Some(value) = slot.take() {
                    assert_eq!(value.fetch_add(1, Ordering::Relaxed), 0);
                    loom::thread::yield_now();
                    assert_eq!(value.fetch_sub(1, Ordering::Relaxed), 1);
                    assert!(slot.put(value).is_none());
                }
            };
            let other = {
                let slot = slot.clone();
                loom::thread::spawn(move || use_once(&slot))
            };
            use_once(&slot);
            assert!(other.join().is_ok());
            assert!(slot.take().is_some());
        });
    }
}
