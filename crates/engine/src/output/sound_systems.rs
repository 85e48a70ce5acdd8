//! The sound systems, in the order in which they are tried.
//!
//! If a sound server runs on Linux, it is used by its own protocol. With the protocol a stream continues after an underrun.
//! ALSA's plug-in would make a new stream (`benches/src/bin/gaps.rs` counts the missing frames). All other devices are
//! opened through cpal, which uses ALSA on Linux and the system's own sound system elsewhere.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::backend::{Backend, DeviceInfo, OpenedDevice, StreamSetup};
use super::cause::Cause;
use super::cpal;
#[cfg(target_os = "linux")]
use super::pulse::{PREFIX, Server, Sink};
use super::target::DeviceConfig;
use crate::types::error::Result;
use crate::types::output_error::OutputErrorKind;
use crate::types::units::SampleRate;

/// After the default device was opened through the sound server and lost, the first attempts to open it again use only the server.
/// This is their number. They are 400 ms apart. ALSA is not tried, because while a server starts again, ALSA's default device is the
/// card that the server is about to open.
const SERVER_ONLY: u32 = 25;

/// The devices that can play now. Those of the sound server are the first. Each device is queried, which may take a second or
/// more.
///
/// # Errors
/// [`Error::Output`](crate::Error::Output) when no sound system answers.
pub fn devices() -> Result<Vec<DeviceInfo>> {
    let mut found = sinks();
    let has_default = found.iter().any(|device| device.is_default);
    match cpal::devices() {
        Ok(others) => {
            found.extend(
                others.into_iter().map(|device| DeviceInfo { is_default: device.is_default && !has_default, ..device }),
            );
        }
        Err(cause) if found.is_empty() => {
            return Err(cause.of("the list of devices").into());
        }
        Err(_) => {}
    }
    Ok(found)
}

#[cfg(target_os = "linux")]
fn sinks() -> Vec<DeviceInfo> {
    let Ok(Some(mut server)) = Server::connect() else { return Vec::new() };
    let default = server.default_sink().map(|sink| sink.name).ok();
    let describe = |sink: Sink| DeviceInfo {
        is_default: default.as_ref() == Some(&sink.name),
        name: format!("{PREFIX}{}", sink.name),
        description: sink.description,
        backend: "PulseAudio".into(),
        channels: sink.channels..=sink.channels,
        sample_rates: sink.hertz..=sink.hertz,
        buffer_frames: None,
    };
    server.sinks().unwrap_or_default().into_iter().map(describe).collect()
}

#[cfg(not(target_os = "linux"))]
fn sinks() -> Vec<DeviceInfo> {
    Vec::new()
}

/// The sound systems, and the device to open through them.
pub(crate) struct SoundSystems {
    wanted: DeviceConfig,
    /// The number of further attempts that use only the sound server.
    server_only: AtomicU32,
}

impl SoundSystems {
    pub fn new(wanted: DeviceConfig) -> Self {
        Self { wanted, server_only: AtomicU32::new(0) }
    }

    /// Opens the device through the sound server. `None` when there is no server, or when it does not have the device.
    #[cfg(target_os = "linux")]
    fn through_server(&self, setup: &StreamSetup, rate: Option<SampleRate>) -> Result<Option<OpenedDevice>, Cause> {
        let wanted = self.wanted.name.as_deref();
        let Some(mut server) = Server::connect()? else { return Ok(None) };
        let sink = match wanted {
            None => {
                let refused = |text: &str| format!("the sound server has no default: {text}");
                Some(server.default_sink().map_err(|cause| cause.map_message(refused))?)
            }
            Some(name) => {
                let name = name.strip_prefix(PREFIX).unwrap_or(name);
                server.sinks()?.into_iter().find(|sink| sink.name == name || sink.description == name)
            }
        };
        let Some(sink) = sink else { return Ok(None) };
        let refused = |text: &str| format!("{PREFIX}{} cannot be opened: {text}", sink.name);
        server.open(&sink, setup, rate).map(Some).map_err(|cause| cause.map_message(refused))
    }

    #[cfg(not(target_os = "linux"))]
    fn through_server(&self, _: &StreamSetup, _: Option<SampleRate>) -> Result<Option<OpenedDevice>, Cause> {
        Ok(None)
    }

    fn default_device(&self, setup: &StreamSetup, rate: Option<SampleRate>) -> Result<OpenedDevice, Cause> {
        let refused = match self.through_server(setup, rate) {
            Ok(Some(opened)) => {
                self.server_only.store(SERVER_ONLY, Relaxed);
                return Ok(opened);
            }
            Ok(None) => None,
            Err(cause) => Some(cause),
        };
        let left = self.server_only.load(Relaxed);
        if left > 0 {
            self.server_only.store(left - 1, Relaxed);
            return Err(refused.unwrap_or_else(|| Cause::new(OutputErrorKind::NotFound, "the sound server is gone")));
        }
        cpal::open(None, setup, rate).map_err(|cause| Cause::join(refused.into_iter().chain([cause])))
    }
}

impl Backend for SoundSystems {
    fn open(&self, setup: &StreamSetup, rate: Option<SampleRate>) -> Result<OpenedDevice, Cause> {
        let Some(name) = &self.wanted.name else { return self.default_device(setup, rate) };
        #[cfg(target_os = "linux")]
        if name.starts_with(PREFIX) {
            return self.through_server(setup, rate)?.ok_or_else(|| Cause::no_device(name));
        }
        // A name without the prefix of a sound system, such as `default` or `pulse`, is tried with ALSA first.
        match cpal::open(Some(name), setup, rate) {
            Err(cause) => self.through_server(setup, rate).unwrap_or_default().ok_or(cause),
            opened => opened,
        }
    }

    fn advice(&self) -> String {
        let names: Vec<String> = devices().unwrap_or_default().into_iter().map(|device| device.name).collect();
        let there = match names.len() {
            0 => "No device here can be opened".to_owned(),
            _ => format!("Devices here: {}", names.join(", ")),
        };
        format!("{there}. Connect one, name one with device:NAME, or play to null or file:PATH")
    }
}
