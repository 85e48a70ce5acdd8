//! A thread with low priority that hashes large files, one after the other.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::identity::HashStore;
use crate::music_file::MusicFile;

/// The most files in the queue, each of which is open. A file that does not fit is queued when it is opened again.
const QUEUE: usize = 64;
/// The niceness of the thread; 19 is the lowest priority.
const NICE: i32 = 10;

/// Hashes files on a thread, which is started with the first file and ends soon after this is dropped. The drop does not wait for
/// the thread, because a disk may block it.
#[derive(Default)]
pub struct BackgroundHasher {
    queue: Mutex<Option<SyncSender<MusicFile>>>,
    stop: Arc<AtomicBool>,
}

impl BackgroundHasher {
    /// Queues a file to be hashed, unless it is queued or hashed already.
    pub fn hash(&self, music: &MusicFile, hashes: Option<&Arc<dyn HashStore>>) {
        let identity = music.identity();
        if !identity.try_queue() {
            return;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.is_none() {
            *queue = self
                .start(hashes.cloned())
                .inspect_err(|e| tracing::warn!("the thread that hashes files cannot be started: {e}"))
                .ok();
        }
        let queued = queue.as_ref().is_some_and(|queue| queue.try_send(music.clone()).is_ok());
        if !queued {
            identity.unqueue();
        }
    }

    fn start(&self, hashes: Option<Arc<dyn HashStore>>) -> io::Result<SyncSender<MusicFile>> {
        let (queue, files) = sync_channel(QUEUE);
        let stop = self.stop.clone();
        let work = move || run(&files, hashes.as_deref(), &stop);
        thread::Builder::new().name("hashes".to_owned()).spawn(work)?;
        Ok(queue)
    }
}

impl Drop for BackgroundHasher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn run(files: &Receiver<MusicFile>, hashes: Option<&dyn HashStore>, stop: &AtomicBool) {
    lower_priority();
    let keep_going = || !stop.load(Ordering::Relaxed);
    while let Ok(music) = files.recv()
        && keep_going()
    {
        if let Err(error) = music.identity().hash_file(music.open_file(), hashes, keep_going) {
            tracing::warn!("{error}");
        }
        music.identity().unqueue();
    }
}

/// Lowers the priority of this thread on Linux; on other systems this would change the whole process.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!("the priority of the thread that hashes files cannot be lowered: {error}");
    }
}
