//! Opens a device and hands it to a supervisor.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::adaptive::{self, Adaptive};
use super::health::Meter;
use super::supervisor::{self, Backend, Opened, Seed, announce, open_aside};
use super::{DeviceConfig, Output, Player, Session, Wish};
use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::render::Renderer;
use crate::rt::Slot;
use crate::worker::Worker;

/// How long a device may take to open, and the list of devices to appear.
const OPENING: Duration = Duration::from_secs(5);
const LISTING: Duration = Duration::from_secs(2);

/// A device that plays, supervised.
pub(crate) struct Device {
    supervisor: Worker,
    slot: Arc<Slot<Renderer>>,
}

impl Device {
    /// Closes the device within a second and takes the renderer out of its reach.
    pub fn stop(&mut self) {
        self.supervisor.stop();
        // A stream that hangs keeps the slot, but not what the renderer holds.
        drop(self.slot.take());
    }
}

/// Opens a sound device for a new engine.
///
/// # Errors
/// [`Error::Output`] when there is none that can be opened, [`Error::BadConfig`].
pub(crate) fn open(wish: Wish, wanted: DeviceConfig) -> Result<Engine> {
    open_with(Arc::new(super::sounds::Sounds::new(wanted.clone())), wish, wanted)
}

pub(crate) fn open_with(backend: Arc<dyn Backend>, wish: Wish, wanted: DeviceConfig) -> Result<Engine> {
    let adaptive = wanted.adaptive.then(|| Adaptive::new(wanted.buffer_frames.unwrap_or(adaptive::FIRST)));
    let buffer_frames = wanted.buffer_frames.or(wanted.adaptive.then_some(adaptive::FIRST));
    let output = Output::Device(wanted).to_string();
    let config = wish.config;
    config.check()?;
    let refused = |cause: String| Error::Output { output: output.clone(), cause };
    let slot = Arc::new(Slot::empty());
    let meter = Arc::new(Meter::new(output.clone(), config.sample_rate));
    let seed = Seed { slot: slot.clone(), meter: meter.clone(), buffer_frames };
    let (sender, made) = mpsc::channel();
    let rate = wish.rate_chosen.then_some(config.sample_rate);
    let ready = {
        let slot = slot.clone();
        move |device_rate| {
            let config = EngineConfig { sample_rate: rate.unwrap_or(device_rate), ..config };
            let (engine, renderer, recording) = wish.split(config).map_err(|error| error.to_string())?;
            let _nothing = slot.put(Box::new(renderer));
            sender.send((engine, recording)).map_err(|_| "nobody waits for the device any more".to_owned())
        }
    };
    let opening = open_aside(&backend, &seed, rate, ready).map_err(|e| refused(no_thread(&e)))?;
    let opened: Opened = match opening.recv_timeout(OPENING) {
        Ok(Ok(opened)) => opened,
        Ok(Err(cause)) => return Err(refused(format!("{cause}. {}", advice(backend)))),
        Err(RecvTimeoutError::Timeout) => {
            return Err(refused(format!("the sound system did not answer within {} s", OPENING.as_secs())));
        }
        Err(RecvTimeoutError::Disconnected) => return Err(refused("the sound system failed".into())),
    };
    let (mut engine, recording) = made.recv().map_err(|_| refused("the engine was not made".into()))?;
    let engine_rate = engine.sample_rate();
    announce(&seed, &opened, engine_rate);
    let supervisor =
        supervisor::start(backend, seed, engine_rate, adaptive, opened).map_err(|e| refused(no_thread(&e)))?;
    engine.attach(Session { meter, player: Some(Player::Device(Device { supervisor, slot })), recording });
    Ok(engine)
}

fn no_thread(cause: &std::io::Error) -> String {
    format!("no thread for it: {cause}")
}

/// The backend's advice, if it can be had soon.
fn advice(backend: Arc<dyn Backend>) -> String {
    let (sender, receiver) = mpsc::channel();
    let asked = thread::Builder::new().name("crowd-devices".into()).spawn(move || sender.send(backend.advice()));
    let found = asked.ok().and_then(|_thread| receiver.recv_timeout(LISTING).ok());
    found.unwrap_or_else(|| "The list of devices cannot be had".into())
}
