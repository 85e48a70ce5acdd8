//! A running output.

use std::sync::Arc;

use super::health::{Health, HealthCounters};
use super::recorder::Recorder;
#[cfg(feature = "device")]
use crate::audio::Renderer;
#[cfg(feature = "device")]
use crate::rt::Slot;
use crate::types::error::Result;
use crate::worker::Worker;

/// A running output: its thread or device, its recorder and its counters. The engine owns it.
pub(crate) struct RunningOutput {
    pub(super) meter: Arc<HealthCounters>,
    pub(super) runner: Option<OutputRunner>,
    pub(super) recording: Option<Recorder>,
}

/// A device with its supervisor.
#[cfg(feature = "device")]
pub(super) struct Device {
    pub supervisor: Worker,
    pub slot: Arc<Slot<Renderer>>,
}

#[cfg(feature = "device")]
impl Device {
    /// Closes the device within a second and frees the renderer.
    fn stop(&mut self) {
        self.supervisor.stop();
        // A stream that hangs keeps the slot, but not the renderer in it.
        drop(self.slot.take());
    }
}

/// The threads that run an output.
pub(super) enum OutputRunner {
    Paced(Worker),
    #[cfg(feature = "decode")]
    Recorded {
        paced: Worker,
        recorder: Recorder,
    },
    #[cfg(feature = "device")]
    Device(Device),
}

impl RunningOutput {
    pub fn health(&self) -> Health {
        let recorders = self.runner.as_ref().and_then(OutputRunner::recorder).into_iter().chain(&self.recording);
        Health { recordings: recorders.map(Recorder::health).collect(), ..self.meter.health() }
    }

    /// Stops the output and finishes the recording, once.
    ///
    /// # Errors
    /// When a recording could not be finished.
    pub fn close(&mut self) -> Result<()> {
        let output = self.runner.take().map_or(Ok(()), OutputRunner::close);
        let recording = self.recording.take().map_or(Ok(()), Recorder::close);
        output.and(recording)
    }
}

impl OutputRunner {
    /// The recorder of an output that is a file.
    fn recorder(&self) -> Option<&Recorder> {
        match self {
            #[cfg(feature = "decode")]
            Self::Recorded { recorder, .. } => Some(recorder),
            _ => None,
        }
    }

    fn close(self) -> Result<()> {
        match self {
            Self::Paced(mut paced) => {
                paced.stop();
                Ok(())
            }
            #[cfg(feature = "decode")]
            Self::Recorded { mut paced, recorder } => {
                paced.stop();
                recorder.close()
            }
            #[cfg(feature = "device")]
            Self::Device(mut device) => {
                device.stop();
                Ok(())
            }
        }
    }
}

impl Drop for RunningOutput {
    fn drop(&mut self) {
        // `Engine::close` returns the error instead.
        let _ignored = self.close();
    }
}
