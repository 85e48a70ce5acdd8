//! Wakes a thread that waits for file descriptors.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Duration;

use rustix::event::{PollFd, Timespec, poll};

struct Sender(UnixStream);

impl Wake for Sender {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // When the socket is full, the thread is woken anyway.
        let _full = (&self.0).write(&[1]);
    }
}

/// The end that is waited for.
pub(super) struct Alarm(UnixStream);

impl Alarm {
    /// An alarm and what sets it off.
    pub fn new() -> std::io::Result<(Self, Waker)> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok((Self(receiver), Waker::from(Arc::new(Sender(sender)))))
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Makes it ready for the next time.
    pub fn reset(&self) {
        let mut bytes = [0; 256];
        while matches!((&self.0).read(&mut bytes), Ok(256)) {}
    }
}

/// Waits until a file descriptor is ready, or for this long.
pub(super) fn wait_for(ends: &mut [PollFd<'_>], time: Duration) {
    // An error (a signal) is no reason not to go on: what is ready is checked again.
    let _ready = poll(ends, Timespec::try_from(time).ok().as_ref());
}
