//! Records what is played to a float WAV, off the thread that plays.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crowd_media::atomic::AtomicFile;
use crowd_media::wav::{Format, Spec, Writer};
use ringbuf::HeapCons;
use ringbuf::traits::{Consumer, Observer};

use super::health::{Meter, State};
use super::paced::Sink;
use crate::error::{Error, Result};
use crate::rt::Tape;
use crate::units::SampleRate;

/// Seconds of sound the ring holds while the disk is busy.
const RING_SECONDS: usize = 4;
/// How often the writer looks, and the sender when the ring is full.
const LOOK: Duration = Duration::from_millis(5);
/// How long the end of a recording may take: the ring's content and a sync.
const PATIENCE: Duration = Duration::from_secs(10);

type MediaResult = std::result::Result<(), crowd_media::Error>;

/// The writer's side of the recording.
pub(crate) struct Recorder {
    done: Receiver<MediaResult>,
    thread: Option<JoinHandle<()>>,
    output: String,
}

impl Recorder {
    /// Begins a recording at `path`; the file appears there, complete, when it is closed.
    ///
    /// `sole`: whether the recording is all there is of the output, so that its end is the output's.
    ///
    /// # Errors
    /// [`Error::Output`] when the place cannot be written.
    pub fn start(path: &Path, rate: SampleRate, block: usize, sole: bool, meter: Arc<Meter>) -> Result<(Self, Tape)> {
        let output = format!("file:{}", path.display());
        let refused = |cause: String| Error::Output { output: output.clone(), cause };
        if path.is_dir() {
            return Err(refused(format!("{} is a directory: name the WAV file in it", path.display())));
        }
        let spec = Spec::new(rate.get(), 2, Format::F32);
        let writer = Writer::create(path, spec).map_err(|cause| refused(cause.to_string()))?;
        let frames = (RING_SECONDS * rate.get() as usize).max(2 * block);
        let gone = Arc::new(AtomicBool::new(false));
        let (tape, reader) = Tape::new(frames, gone.clone(), meter.lost());
        let (sender, done) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("crowd-recorder".into())
            .spawn(move || {
                let outcome = record(writer, reader);
                gone.store(true, Ordering::Relaxed);
                if let Err(error) = &outcome {
                    let mut condition = meter.condition();
                    if sole {
                        condition.state = State::Ended;
                    }
                    condition.problem = Some(error.to_string());
                }
                // Nobody waits when the engine gave up on a slow disk.
                let _unheard = sender.send(outcome);
            })
            .map_err(|cause| refused(format!("no thread for it: {cause}")))?;
        Ok((Self { done, thread: Some(thread), output }, tape))
    }

    /// Waits for the file to be in place; the [`Tape`] has to be gone.
    ///
    /// # Errors
    /// [`Error::Media`] when it could not be written, [`Error::Output`] when the disk does not answer.
    pub fn close(mut self) -> Result<()> {
        match self.done.recv_timeout(PATIENCE) {
            Ok(outcome) => {
                if let Some(thread) = self.thread.take() {
                    let _panicked = thread.join();
                }
                Ok(outcome?)
            }
            Err(_) => Err(Error::Output {
                output: self.output.clone(),
                cause: format!("the disk took longer than {} s to finish the file", PATIENCE.as_secs()),
            }),
        }
    }
}

impl Sink for Tape {
    /// Never loses a frame: when the disk is four seconds behind, the engine waits, late and counted as late.
    fn take(&mut self, block: &[f32], stop: &AtomicBool) {
        let mut rest = block;
        loop {
            let taken = self.push(rest);
            rest = rest.get(taken..).unwrap_or_default();
            if rest.is_empty() || self.is_gone() || stop.load(Ordering::Relaxed) {
                return;
            }
            thread::sleep(LOOK);
        }
    }
}

fn record(mut writer: Writer<AtomicFile>, mut ring: HeapCons<f32>) -> MediaResult {
    let mut block = vec![0.0; 1 << 14];
    loop {
        // Asked before looking: what came before the end is then surely seen.
        let ended = !ring.write_is_held();
        let taken = ring.pop_slice(&mut block);
        if taken > 0 {
            writer.write_f32(block.get(..taken).unwrap_or_default())?;
        } else if ended {
            return writer.commit();
        } else {
            thread::sleep(LOOK);
        }
    }
}
