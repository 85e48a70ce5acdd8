//! Connects on a thread of its own, so that another connection plays meanwhile.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use super::socket::{Socket, Target};
use crate::provider::fault::Fault;

/// A connection that is being opened. When it is dropped, the connection is closed as soon as it is there.
pub(super) struct Opening {
    receiver: Receiver<Result<Socket, Fault>>,
    until: Instant,
    most: Duration,
}

impl Opening {
    /// Starts the thread.
    pub fn start(target: &Arc<Target>, most: Duration, waker: Waker) -> Result<Self, Fault> {
        let (sender, receiver) = channel();
        let target = target.clone();
        let until = Instant::now() + most;
        thread::Builder::new()
            .name("lyria-connect".to_owned())
            .spawn(move || {
                // When it is not waited for any more, the connection is dropped.
                let _unwanted = sender.send(Socket::connect(&target, until));
                waker.wake();
            })
            .map_err(|error| Fault::NotStarted(error.kind().to_string()))?;
        Ok(Self { receiver, until, most })
    }

    /// The connection, or why there is none; none when it is still being opened.
    pub fn result(&self, now: Instant) -> Option<Result<Socket, Fault>> {
        match self.receiver.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Disconnected) => Some(Err(Fault::NotReached("the thread ended".to_owned()))),
            // Looking up a name has no limit of its own.
            Err(TryRecvError::Empty) if now >= self.until => {
                Some(Err(Fault::NotReached(format!("no connection within {:?}", self.most))))
            }
            Err(TryRecvError::Empty) => None,
        }
    }
}
