//! What keeps the sound going.

use std::sync::Arc;

use super::health::{Health, Meter};
use super::recorder::Recorder;
#[cfg(feature = "device")]
use crate::audio::Renderer;
#[cfg(feature = "device")]
use crate::rt::Slot;
use crate::types::error::Result;
use crate::worker::Worker;

/// What keeps the sound going; the control half of the engine owns it.
pub(crate) struct Session {
    pub(super) meter: Arc<Meter>,
    pub(super) player: Option<Player>,
    pub(super) recording: Option<Recorder>,
}

/// A device that plays, supervised.
#[cfg(feature = "device")]
pub(super) struct Device {
    pub supervisor: Worker,
    pub slot: Arc<Slot<Renderer>>,
}

#[cfg(feature = "device")]
impl Device {
    /// Closes the device within a second and takes the renderer out of its reach.
    fn stop(&mut self) {
        self.supervisor.stop();
        // A stream that hangs keeps the slot, but not what the renderer holds.
        drop(self.slot.take());
    }
}

pub(super) enum Player {
    Paced(Worker),
    #[cfg(feature = "decode")]
    Recorded {
        paced: Worker,
        recorder: Recorder,
    },
    #[cfg(feature = "device")]
    Device(Device),
}

impl Session {
    pub fn health(&self) -> Health {
        let recorders = self.player.as_ref().and_then(Player::recorder).into_iter().chain(&self.recording);
        Health { recordings: recorders.map(Recorder::health).collect(), ..self.meter.health() }
    }

    /// Stops the output and finishes the recording, once.
    ///
    /// # Errors
    /// When a recording could not be finished.
    pub fn close(&mut self) -> Result<()> {
        let output = self.player.take().map_or(Ok(()), Player::close);
        let recording = self.recording.take().map_or(Ok(()), Recorder::close);
        output.and(recording)
    }
}

impl Player {
    /// What records instead of playing.
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

impl Drop for Session {
    fn drop(&mut self) {
        // Whoever wants to hear of a failure calls `Engine::close`.
        let _unheard = self.close();
    }
}
