//! A thread that hashes large files, one after the other, when nothing more urgent needs the processor.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::identity::Hashes;
use crate::music::Music;

/// Files that wait to be hashed, each of them open. What is more waits to be asked for again.
const WAITING: usize = 64;
/// How much less urgent than others the thread is, of 19 at most.
const NICE: i32 = 10;

/// The thread, once there was something to hash. It ends soon after this is dropped, whatever it is doing; it is not waited for,
/// because it may wait for a disk.
#[derive(Default)]
pub struct Background {
    queue: Mutex<Option<SyncSender<Music>>>,
    stop: Arc<AtomicBool>,
}

impl Background {
    /// Has a file hashed some time, unless that will be done or was.
    pub fn hash(&self, music: &Music, hashes: Option<&Arc<dyn Hashes>>) {
        let identity = music.identity();
        if !identity.queue() {
            return;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.is_none() {
            *queue = self.start(hashes.cloned()).inspect_err(|e| tracing::warn!("no thread hashes files: {e}")).ok();
        }
        let sent = queue.as_ref().is_some_and(|queue| queue.try_send(music.clone()).is_ok());
        if !sent {
            identity.unqueue();
        }
    }

    fn start(&self, hashes: Option<Arc<dyn Hashes>>) -> io::Result<SyncSender<Music>> {
        let (queue, waiting) = sync_channel(WAITING);
        let stop = self.stop.clone();
        let work = move || run(&waiting, hashes.as_deref(), &stop);
        thread::Builder::new().name("hashes".to_owned()).spawn(work)?;
        Ok(queue)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn run(waiting: &Receiver<Music>, hashes: Option<&dyn Hashes>, stop: &AtomicBool) {
    be_less_urgent();
    let go_on = || !stop.load(Ordering::Relaxed);
    while let Ok(music) = waiting.recv()
        && go_on()
    {
        if let Err(error) = music.identity().read(music.opened(), hashes, go_on) {
            tracing::warn!("{error}");
        }
        music.identity().unqueue();
    }
}

/// On Linux a thread has an urgency of its own; elsewhere that would be the whole process's.
fn be_less_urgent() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!("files are hashed as urgently as anything else: {error}");
    }
}
