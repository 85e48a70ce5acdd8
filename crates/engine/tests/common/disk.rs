//! A disk for streamed tracks, which can stall and be unplugged.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};

use crowd_engine::feed::{Input, InputError};

/// A disk that can stall and be unplugged, with counters of open inputs and seeks.
#[derive(Default)]
pub struct Disk {
    stalled: Mutex<bool>,
    changed: Condvar,
    pub unplugged: AtomicBool,
    pub open: AtomicUsize,
    pub seeks: AtomicUsize,
}

impl Disk {
    pub fn stall(&self, stalled: bool) {
        *self.stalled.lock().unwrap() = stalled;
        self.changed.notify_all();
    }

    fn wait(&self) -> Result<(), InputError> {
        drop(self.changed.wait_while(self.stalled.lock().unwrap(), |stalled| *stalled).unwrap());
        if self.unplugged.load(SeqCst) { Err("the disk is gone".into()) } else { Ok(()) }
    }
}

/// An input of frames on a disk.
pub struct DiskInput {
    frames: Arc<Vec<[f32; 2]>>,
    at: usize,
    disk: Arc<Disk>,
}

impl DiskInput {
    pub fn new(frames: Arc<Vec<[f32; 2]>>, disk: Arc<Disk>) -> Self {
        disk.open.fetch_add(1, SeqCst);
        Self { frames, at: 0, disk }
    }
}

impl Drop for DiskInput {
    fn drop(&mut self) {
        self.disk.open.fetch_sub(1, SeqCst);
    }
}

impl Input for DiskInput {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.disk.seeks.fetch_add(1, SeqCst);
        self.disk.wait()?;
        self.at = frame as usize;
        Ok(())
    }

    fn read(&mut self, out: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        self.disk.wait()?;
        let end = (self.at + 1_000).min(self.frames.len());
        let Some(samples) = self.frames.get(self.at..end).filter(|samples| !samples.is_empty()) else {
            return Ok(false);
        };
        out.extend_from_slice(samples);
        self.at = end;
        Ok(true)
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        Some(Box::new(Self::new(self.frames.clone(), self.disk.clone())))
    }
}
