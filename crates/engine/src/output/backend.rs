//! The interface of a sound system: it lists devices and opens streams.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::audio::Driver;
use super::cause::Cause;
use super::health::HealthCounters;
use super::stream_link::StreamLink;
use crate::audio::Renderer;
use crate::rt::Slot;
use crate::types::units::SampleRate;

/// A sound device that can play.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DeviceInfo {
    /// The name by which the device is opened, as in `device:NAME`.
    pub name: String,
    /// The device's description of itself.
    pub description: String,
    /// The sound system through which the device is opened: `PulseAudio` (also when PipeWire serves its protocol), `ALSA`,
    /// `CoreAudio` and others.
    pub backend: String,
    /// Whether it is the device that `device` without a name opens.
    pub is_default: bool,
    /// The smallest and the largest number of channels.
    pub channels: RangeInclusive<u16>,
    /// The lowest and the highest sample rate. Not every rate in between may be possible.
    pub sample_rates: RangeInclusive<u32>,
    /// The smallest and the largest number of frames per callback, where they are known.
    pub buffer_frames: Option<RangeInclusive<u32>>,
}

/// A sound system that opens streams.
pub(crate) trait Backend: Send + Sync + 'static {
    /// Opens the device without starting it. It is opened at `rate`, if that is given and the device supports it. This call may
    /// hang.
    ///
    /// # Errors
    /// The cause, worded for a user.
    fn open(&self, setup: &StreamSetup, rate: Option<SampleRate>) -> Result<OpenedDevice, Cause>;

    /// A text for a user whose device could not be opened. It names the available devices and the alternatives to a device.
    /// This call may hang.
    fn advice(&self) -> String;
}

/// A stream of a device. Dropping it closes it. Starting and closing may hang.
pub(crate) trait DeviceStream: Send {
    /// # Errors
    /// The cause.
    fn start(&mut self) -> Result<(), Cause>;
}

/// An opened device.
pub(crate) struct OpenedDevice {
    pub stream: Box<dyn DeviceStream>,
    pub link: Arc<StreamLink>,
    /// The name by which a user opens the device.
    pub name: String,
    pub rate: SampleRate,
}

/// The parts from which a driver is made.
#[derive(Clone)]
pub(crate) struct StreamSetup {
    pub slot: Arc<Slot<Renderer>>,
    pub meter: Arc<HealthCounters>,
    /// Frames per callback to request of a device.
    pub buffer_frames: Option<u32>,
}

impl StreamSetup {
    /// A driver for a device at `rate` and an engine at `engine`. Without `engine`, the engine has the device's rate.
    ///
    /// # Errors
    /// When there is no conversion between the two.
    pub fn driver(&self, rate: SampleRate, engine: Option<SampleRate>) -> Result<Driver, Cause> {
        Driver::new(self.slot.clone(), self.meter.clone(), rate, engine.unwrap_or(rate))
    }
}

/// Opens and starts a device on a thread of its own. `ready` is called between the two, with the device's rate. It is the
/// last moment to put a renderer into the slot.
pub(crate) fn open_on_thread(
    backend: &Arc<dyn Backend>,
    setup: &StreamSetup,
    rate: Option<SampleRate>,
    ready: impl FnOnce(SampleRate) -> Result<(), Cause> + Send + 'static,
) -> std::io::Result<Receiver<Result<OpenedDevice, Cause>>> {
    let (sender, receiver) = mpsc::channel();
    let (backend, setup) = (backend.clone(), setup.clone());
    thread::Builder::new().name("crowd-open".into()).spawn(move || {
        let opened = backend.open(&setup, rate).and_then(|mut opened| {
            ready(opened.rate)?;
            opened.stream.start()?;
            Ok(opened)
        });
        // When the receiver was dropped, the stream is closed here.
        let _closed = sender.send(opened);
    })?;
    Ok(receiver)
}
