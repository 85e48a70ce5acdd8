//! Opens a device and starts its supervisor.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::backend::{Backend, OpenedDevice, StreamSetup, open_on_thread};
use super::buffer_growth::{self, BufferGrowth};
use super::cause::Cause;
use super::health::HealthCounters;
use super::request::{MakeRenderer, OutputRequest};
use super::running_output::{Device, OutputRunner, RunningOutput};
use super::sound_systems::SoundSystems;
use super::supervisor::{self, report_playing};
use super::target::{DeviceConfig, Output};
use crate::rt::Slot;
use crate::types::error::{Error, Result};
use crate::types::output_error::OutputErrorKind;

/// The time that opening a device may take.
const OPENING: Duration = Duration::from_secs(5);
/// The time that listing the devices may take.
const LISTING: Duration = Duration::from_secs(2);

/// Opens a sound device that plays the renderer that `make` returns.
///
/// # Errors
/// [`Error::Output`] when no such device can be opened, or when `make` fails.
pub(super) fn open(request: OutputRequest, wanted: DeviceConfig, make: MakeRenderer) -> Result<RunningOutput> {
    open_with(Arc::new(SoundSystems::new(wanted.clone())), request, wanted, make)
}

pub(super) fn open_with(
    backend: Arc<dyn Backend>,
    request: OutputRequest,
    wanted: DeviceConfig,
    make: MakeRenderer,
) -> Result<RunningOutput> {
    let adaptive = wanted.adaptive.then(|| BufferGrowth::new(wanted.buffer_frames.unwrap_or(buffer_growth::FIRST)));
    let buffer_frames = wanted.buffer_frames.or(wanted.adaptive.then_some(buffer_growth::FIRST));
    let output = Output::Device(wanted).to_string();
    let refused = |cause: Cause| Error::Output(cause.of(output.clone()));
    let slot = Arc::new(Slot::empty());
    let meter = Arc::new(HealthCounters::new(output.clone(), request.rate));
    let setup = StreamSetup { slot: slot.clone(), meter: meter.clone(), buffer_frames };
    let (sender, made) = mpsc::channel();
    let rate = request.rate_chosen.then_some(request.rate);
    let ready = {
        let slot = slot.clone();
        move |device_rate| {
            let rate = rate.unwrap_or(device_rate);
            let (renderer, recording) = request.prepare(rate, make).map_err(|error| match error {
                Error::Output(error) => error.into(),
                other => Cause::from_source(OutputErrorKind::Other, other),
            })?;
            let _nothing = slot.put(Box::new(renderer));
            sender
                .send((rate, recording))
                .map_err(|_| Cause::new(OutputErrorKind::TimedOut, "the device took too long to open"))
        }
    };
    let opening = open_on_thread(&backend, &setup, rate, ready).map_err(|error| refused(Cause::no_thread(error)))?;
    let opened: OpenedDevice = match opening.recv_timeout(OPENING) {
        Ok(Ok(opened)) => opened,
        Ok(Err(cause)) => return Err(refused(cause.map_message(|text| format!("{text}. {}", advice(backend))))),
        Err(RecvTimeoutError::Timeout) => {
            let message = format!("the sound system did not answer within {} s", OPENING.as_secs());
            return Err(refused(Cause::new(OutputErrorKind::TimedOut, message)));
        }
        Err(RecvTimeoutError::Disconnected) => {
            return Err(refused(Cause::new(OutputErrorKind::Other, "the sound system failed")));
        }
    };
    let (engine_rate, recording) =
        made.recv().map_err(|_| refused(Cause::new(OutputErrorKind::Other, "the engine could not be made")))?;
    report_playing(&setup, &opened, engine_rate);
    let supervisor = supervisor::start(backend, setup, engine_rate, adaptive, opened)
        .map_err(|error| refused(Cause::no_thread(error)))?;
    Ok(RunningOutput { meter, runner: Some(OutputRunner::Device(Device { supervisor, slot })), recording })
}

/// The backend's advice. If that takes too long, a short text.
fn advice(backend: Arc<dyn Backend>) -> String {
    let (sender, receiver) = mpsc::channel();
    let started = thread::Builder::new().name("crowd-devices".into()).spawn(move || sender.send(backend.advice()));
    let found = started.ok().and_then(|_thread| receiver.recv_timeout(LISTING).ok());
    found.unwrap_or_else(|| "The devices cannot be listed".into())
}
