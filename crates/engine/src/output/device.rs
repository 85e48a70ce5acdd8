//! Opens a device and hands it to a supervisor.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::adaptive::{self, Adaptive};
use super::backend::{Backend, Opened, Seed, open_aside};
use super::health::Meter;
use super::request::{Make, Request};
use super::session::{Device, Player, Session};
use super::sounds::Sounds;
use super::supervisor::{self, announce};
use super::target::{DeviceConfig, Output};
use crate::rt::Slot;
use crate::types::error::{Error, Result};

/// How long a device may take to open, and the list of devices to appear.
const OPENING: Duration = Duration::from_secs(5);
const LISTING: Duration = Duration::from_secs(2);

/// Opens a sound device and has it play what `make` makes.
///
/// # Errors
/// [`Error::Output`] when there is none that can be opened, or `make` made nothing.
pub(super) fn open(request: Request, wanted: DeviceConfig, make: Make) -> Result<Session> {
    open_with(Arc::new(Sounds::new(wanted.clone())), request, wanted, make)
}

pub(super) fn open_with(
    backend: Arc<dyn Backend>,
    request: Request,
    wanted: DeviceConfig,
    make: Make,
) -> Result<Session> {
    let adaptive = wanted.adaptive.then(|| Adaptive::new(wanted.buffer_frames.unwrap_or(adaptive::FIRST)));
    let buffer_frames = wanted.buffer_frames.or(wanted.adaptive.then_some(adaptive::FIRST));
    let output = Output::Device(wanted).to_string();
    let refused = |cause: String| Error::Output { output: output.clone(), cause };
    let slot = Arc::new(Slot::empty());
    let meter = Arc::new(Meter::new(output.clone(), request.rate));
    let seed = Seed { slot: slot.clone(), meter: meter.clone(), buffer_frames };
    let (sender, made) = mpsc::channel();
    let rate = request.rate_chosen.then_some(request.rate);
    let ready = {
        let slot = slot.clone();
        move |device_rate| {
            let rate = rate.unwrap_or(device_rate);
            let (renderer, recording) = request.prepare(rate, make).map_err(|error| error.to_string())?;
            let _nothing = slot.put(Box::new(renderer));
            sender.send((rate, recording)).map_err(|_| "nobody waits for the device any more".to_owned())
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
    let (engine_rate, recording) = made.recv().map_err(|_| refused("the engine was not made".into()))?;
    announce(&seed, &opened, engine_rate);
    let supervisor =
        supervisor::start(backend, seed, engine_rate, adaptive, opened).map_err(|e| refused(no_thread(&e)))?;
    Ok(Session { meter, player: Some(Player::Device(Device { supervisor, slot })), recording })
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
