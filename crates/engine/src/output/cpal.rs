//! Sound devices through cpal. No other file uses cpal.
//!
//! On Linux these are the devices of ALSA. Sound servers are reached through the module `pulse`. cpal's JACK host is not
//! used, because its build needs JACK's headers.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ::cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use ::cpal::{
    BufferSize, Device, DeviceId, ErrorKind, FromSample, Host, HostId, SampleFormat, SizedSample, StreamConfig,
    SupportedBufferSize, SupportedStreamConfigRange,
};

use super::audio::Driver;
use super::backend::{DeviceInfo, DeviceStream, OpenedDevice, StreamSetup};
use super::cause::Cause;
use super::health::HealthCounters;
use super::stream_link::StreamLink;
use crate::types::output_error::OutputErrorKind;
use crate::types::units::SampleRate;

/// The number of frames that are rendered at a time when the device needs another format than float stereo.
const SPAN: usize = 1_024;

/// The time that a sound server may take to make a stream. ALSA waits for the same time before it checks whether the device
/// still exists.
const TIMEOUT: Duration = Duration::from_secs(2);

/// After this number of errors in a row, the thread that reports them pauses after each error. It holds locks that the sound
/// system's own thread needs in order to recover.
const MAX_ERRORS_IN_A_ROW: u32 = 2;
const ERROR_PAUSE: Duration = Duration::from_millis(1);

/// The devices that can play now.
///
/// # Errors
/// When no sound system answers.
pub(super) fn devices() -> Result<Vec<DeviceInfo>, Cause> {
    let hosts = hosts()?;
    let _quiet = quieten();
    let mut found = Vec::new();
    for (nth, host) in hosts.iter().enumerate() {
        let default = host.default_output_device().and_then(|device| device.id().ok());
        for device in host.output_devices().into_iter().flatten().filter(|device| name(device) != ALSA_JACK) {
            let is_default = nth == 0 && device.id().ok() == default;
            found.extend(describe(&device, is_default));
        }
    }
    Ok(found)
}

/// ALSA's JACK plug-in. It is not queried, because without a server libjack writes to the terminal and may start a server. The
/// plug-in can still be opened by its name.
const ALSA_JACK: &str = "jack";

/// Stops ALSA from writing to the terminal on this thread. Its errors contain the same text.
#[cfg(target_os = "linux")]
fn quieten() -> impl Sized {
    alsa::Output::local_error_handler().ok()
}

#[cfg(not(target_os = "linux"))]
fn quieten() {}

fn cause(error: ::cpal::Error) -> Cause {
    use ErrorKind as K;
    let kind = match error.kind() {
        K::DeviceBusy => OutputErrorKind::Busy,
        K::DeviceNotAvailable | K::HostUnavailable => OutputErrorKind::NotFound,
        K::PermissionDenied => OutputErrorKind::PermissionDenied,
        K::UnsupportedConfig | K::UnsupportedOperation => OutputErrorKind::Unsupported,
        _ => OutputErrorKind::Other,
    };
    Cause::from_source(kind, error).map_message(|text| text.trim_end_matches('.').to_owned())
}

fn describe(device: &Device, is_default: bool) -> Option<DeviceInfo> {
    let configs: Vec<_> = device.supported_output_configs().ok()?.filter(is_pcm).collect();
    let range = |low: Option<u32>, high: Option<u32>| Some(low?..=high?);
    let channels = configs.iter().map(|config| config.channels());
    let buffers = || {
        configs.iter().filter_map(|config| match *config.buffer_size() {
            SupportedBufferSize::Range { min, max } => Some((min, max)),
            SupportedBufferSize::Unknown => None,
        })
    };
    Some(DeviceInfo {
        name: name(device),
        description: device.description().map(|text| text.name().to_owned()).unwrap_or_default(),
        backend: device.id().map(|id| id.host().name().to_owned()).unwrap_or_default(),
        is_default,
        channels: channels.clone().min()?..=channels.max()?,
        sample_rates: range(
            configs.iter().map(SupportedStreamConfigRange::min_sample_rate).min(),
            configs.iter().map(SupportedStreamConfigRange::max_sample_rate).max(),
        )?,
        buffer_frames: range(buffers().map(|(min, _)| min).min(), buffers().map(|(_, max)| max).max()),
    })
}

/// The system's own sound host first, then the others that answer.
fn hosts() -> Result<Vec<Host>, Cause> {
    #[cfg(target_os = "linux")]
    let own = HostId::Alsa;
    #[cfg(not(target_os = "linux"))]
    let own = ::cpal::default_host().id();
    let others = ::cpal::available_hosts().into_iter().filter(|id| *id != own);
    let hosts: Vec<Host> = [own].into_iter().chain(others).filter_map(|id| ::cpal::host_from_id(id).ok()).collect();
    if hosts.is_empty() { Err(Cause::new(OutputErrorKind::NotFound, "no sound system answers")) } else { Ok(hosts) }
}

/// The name by which a device is opened. It is the device's id. If the host is not the system's own, it is a prefix.
fn name(device: &Device) -> String {
    match device.id() {
        Ok(id) if cfg!(target_os = "linux") && id.host().to_string() == "alsa" => id.id().to_owned(),
        Ok(id) => id.to_string(),
        Err(_) => device.to_string(),
    }
}

/// Opens the device with this name. Without a name, the first of the default devices that can be opened.
///
/// # Errors
/// The causes of all devices that were tried.
pub(super) fn open(wanted: Option<&str>, setup: &StreamSetup, rate: Option<SampleRate>) -> Result<OpenedDevice, Cause> {
    let _quiet = quieten();
    let mut causes = Vec::new();
    for device in candidates(wanted)? {
        match stream(&device, setup, rate) {
            Ok(opened) => return Ok(opened),
            Err(cause) => {
                causes.push(cause.map_message(|text| format!("{} cannot be opened: {text}", name(&device))));
            }
        }
    }
    Err(Cause::join(causes))
}

/// The device with this name. Without a name, the default devices in the order in which they are tried.
fn candidates(wanted: Option<&str>) -> Result<Vec<Device>, Cause> {
    let hosts = hosts()?;
    let found: Vec<Device> = match wanted {
        None => hosts.iter().filter_map(Host::default_output_device).collect(),
        Some(name) => hosts.iter().filter_map(|host| named(host, name)).take(1).collect(),
    };
    match (wanted, found.is_empty()) {
        (_, false) => Ok(found),
        (None, true) => Err(Cause::new(OutputErrorKind::NotFound, "there is no default device")),
        (Some(name), true) => Err(Cause::no_device(name)),
    }
}

fn stream(device: &Device, setup: &StreamSetup, rate: Option<SampleRate>) -> Result<OpenedDevice, Cause> {
    let configs: Vec<_> = device.supported_output_configs().map_err(cause)?.collect();
    let fit = match rate.and_then(|rate| choose(&configs, rate.get())) {
        Some(fit) => fit,
        None => {
            let own = device.default_output_config().map_err(cause)?.sample_rate();
            let no_pcm = || Cause::new(OutputErrorKind::Unsupported, "it does not play PCM samples");
            choose(&configs, own).ok_or_else(no_pcm)?
        }
    };
    let device_rate = SampleRate::new(fit.sample_rate()).map_err(Cause::unsupported)?;
    let open = |buffer_size| {
        let driver = setup.driver(device_rate, rate)?;
        let link = driver.link();
        let config = StreamConfig { channels: fit.channels(), sample_rate: fit.sample_rate(), buffer_size };
        let errors = error_callback(link.clone(), setup.meter.clone());
        let stream = build(device, fit.sample_format(), config, driver, errors).map_err(cause)?;
        Ok(OpenedDevice { stream: Box::new(CpalStream(stream)), link, name: name(device), rate: device_rate })
    };
    let Some(frames) = setup.buffer_frames else { return open(BufferSize::Default) };
    let frames = match *fit.buffer_size() {
        SupportedBufferSize::Range { min, max } if min <= max => frames.clamp(min, max),
        _ => frames,
    };
    // The size is only a request. A device that refuses it may still open with its own size.
    open(BufferSize::Fixed(frames)).or_else(|_: Cause| open(BufferSize::Default))
}

/// A device by its id, with or without the host as a prefix, or by its description.
fn named(host: &Host, wanted: &str) -> Option<Device> {
    let id = match wanted.parse::<DeviceId>() {
        Ok(id) if id.host() == host.id() => id,
        _ => DeviceId::new(host.id(), wanted),
    };
    let default = host.default_output_device().filter(|device| device.id().ok().as_ref() == Some(&id));
    default.or_else(|| host.device_by_id(&id)).or_else(|| {
        let described = |device: &Device| device.description().is_ok_and(|text| text.name() == wanted);
        host.output_devices().ok()?.find(described)
    })
}

fn is_pcm(config: &SupportedStreamConfigRange) -> bool {
    !config.sample_format().is_dsd()
}

/// The configuration nearest to float stereo at `hertz`.
fn choose(configs: &[SupportedStreamConfigRange], hertz: u32) -> Option<::cpal::SupportedStreamConfig> {
    let channels = |config: &SupportedStreamConfigRange| match config.channels() {
        2 => 0,
        1 => u16::MAX,
        more => more,
    };
    let format = |config: &SupportedStreamConfigRange| match config.sample_format() {
        SampleFormat::F32 => 0,
        SampleFormat::F64 => 1,
        other => 100 - other.bits_per_sample().min(64),
    };
    let possible = configs.iter().filter(|config| is_pcm(config) && config.channels() > 0);
    let best = possible.min_by_key(|config| (!config.contains_rate(hertz), channels(config), format(config)))?;
    best.try_with_sample_rate(hertz)
}

struct CpalStream(::cpal::Stream);

impl DeviceStream for CpalStream {
    fn start(&mut self) -> Result<(), Cause> {
        self.0.play().map_err(cause)
    }
}

/// The callback that sorts the errors of a stream by kind.
fn error_callback(link: Arc<StreamLink>, meter: Arc<HealthCounters>) -> impl FnMut(::cpal::Error) + Send + 'static {
    let (mut seen, mut in_a_row) = (0, 0);
    move |error| {
        if link.is_retired() {
            // The errors of a retired stream are ignored. There may be more of them until it is closed.
        } else {
            use ErrorKind as K;
            match error.kind() {
                K::Xrun => meter.xrun(),
                // These are not errors: the stream continues, and this crate sets the priority itself.
                K::DeviceChanged | K::RealtimeDenied => return,
                K::DeviceNotAvailable | K::HostUnavailable | K::StreamInvalidated => link.error(true, &error),
                _ => link.error(false, &error),
            }
        }
        let calls = link.calls();
        in_a_row = if calls == seen { in_a_row + 1 } else { 0 };
        seen = calls;
        if in_a_row > MAX_ERRORS_IN_A_ROW {
            // A stream that only reports errors makes no sound that could be late. Without the pause it would keep a core busy.
            thread::sleep(ERROR_PAUSE);
        }
    }
}

fn build(
    device: &Device,
    format: SampleFormat,
    config: StreamConfig,
    driver: Driver,
    errors: impl FnMut(::cpal::Error) + Send + 'static,
) -> Result<::cpal::Stream, ::cpal::Error> {
    use SampleFormat as F;
    match format {
        F::F32 if config.channels == 2 => build_stereo(device, config, driver, errors),
        F::F32 => build_as::<f32>(device, config, None, driver, errors),
        F::F64 => build_as::<f64>(device, config, None, driver, errors),
        F::I8 => build_as::<i8>(device, config, Some(8), driver, errors),
        F::I16 => build_as::<i16>(device, config, Some(16), driver, errors),
        F::I24 => build_as::<::cpal::I24>(device, config, Some(24), driver, errors),
        F::I32 => build_as::<i32>(device, config, Some(32), driver, errors),
        F::I64 => build_as::<i64>(device, config, Some(64), driver, errors),
        F::U8 => build_as::<u8>(device, config, Some(8), driver, errors),
        F::U16 => build_as::<u16>(device, config, Some(16), driver, errors),
        F::U24 => build_as::<::cpal::U24>(device, config, Some(24), driver, errors),
        F::U32 => build_as::<u32>(device, config, Some(32), driver, errors),
        F::U64 => build_as::<u64>(device, config, Some(64), driver, errors),
        other => {
            Err(::cpal::Error::with_message(ErrorKind::UnsupportedConfig, format!("{other} samples are not supported")))
        }
    }
}

/// Builds a float stereo stream. The device takes the format of the engine, so nothing is copied.
fn build_stereo(
    device: &Device,
    config: StreamConfig,
    mut driver: Driver,
    errors: impl FnMut(::cpal::Error) + Send + 'static,
) -> Result<::cpal::Stream, ::cpal::Error> {
    let callback = move |out: &mut [f32], _: &_| {
        if !driver.block(out.len() / 2, |sound| sound.fill(out)) {
            out.fill(0.0);
        }
    };
    device.build_output_stream(config, callback, errors, Some(TIMEOUT))
}

fn build_as<T: SizedSample + FromSample<f32>>(
    device: &Device,
    config: StreamConfig,
    bits: Option<i32>,
    mut driver: Driver,
    errors: impl FnMut(::cpal::Error) + Send + 'static,
) -> Result<::cpal::Stream, ::cpal::Error> {
    let channels = usize::from(config.channels);
    let mut piece: Box<[f32]> = vec![0.0; 2 * SPAN].into();
    let callback = move |out: &mut [T], _: &_| {
        let heard = driver.block(out.len() / channels, |sound| {
            for part in out.chunks_mut(SPAN * channels) {
                let stereo = piece.get_mut(..2 * (part.len() / channels)).unwrap_or_default();
                sound.fill(stereo);
                spread(stereo, part, channels, bits);
            }
        });
        if !heard {
            out.fill(T::EQUILIBRIUM);
        }
    };
    device.build_output_stream(config, callback, errors, Some(TIMEOUT))
}

/// Writes stereo frames to frames with any number of channels. A single channel gets the mean. With more than two channels,
/// the first two get the sound.
fn spread<T: SizedSample + FromSample<f32>>(stereo: &[f32], out: &mut [T], channels: usize, bits: Option<i32>) {
    let frames = stereo.as_chunks::<2>().0.iter();
    for (&[left, right], out) in frames.zip(out.chunks_exact_mut(channels)) {
        match out {
            [mono] => *mono = sample(0.5 * (left + right), bits),
            [first, second, rest @ ..] => {
                *first = sample(left, bits);
                *second = sample(right, bits);
                rest.fill(T::EQUILIBRIUM);
            }
            [] => {}
        }
    }
}

/// Converts a sample. For integers of few bits it is rounded to the nearest, because the conversion alone would truncate it
/// towards zero, which distorts quiet sound.
fn sample<T: SizedSample + FromSample<f32>>(value: f32, bits: Option<i32>) -> T {
    let Some(bits) = bits else { return T::from_sample_(value) };
    // The limit is the largest float below 1, because full scale itself is one step above the largest integer.
    let value = value.clamp(-1.0, 1.0 - f32::EPSILON / 2.0);
    if bits > 16 {
        return T::from_sample_(value);
    }
    let steps = 2.0f32.powi(bits - 1);
    T::from_sample_((value * steps).round().min(steps - 1.0) / steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread_as<T: SizedSample + FromSample<f32>>(stereo: &[f32], channels: usize, bits: Option<i32>) -> Vec<T> {
        let mut out = vec![T::from_sample_(0.77); stereo.len() / 2 * channels];
        spread(stereo, &mut out, channels, bits);
        out
    }

    #[test]
    fn one_channel_gets_the_mean_and_more_than_two_get_the_first_two() {
        let stereo = [0.5, -0.25, 1.0, 1.0];
        assert_eq!(spread_as::<f32>(&stereo, 1, None), [0.125, 1.0]);
        assert_eq!(spread_as::<f32>(&stereo, 2, None), stereo);
        assert_eq!(spread_as::<f32>(&stereo, 4, None), [0.5, -0.25, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(spread_as::<u8>(&stereo, 3, Some(8)), [192, 96, 128, 255, 255, 128]);
    }

    #[test]
    fn full_scale_never_wraps_around_in_any_format() {
        fn ends<T: SizedSample + FromSample<f32>>(bits: i32) -> [T; 2] {
            [sample(1.0, Some(bits)), sample(-1.0, Some(bits))]
        }
        assert_eq!(ends::<i8>(8), [i8::MAX, i8::MIN]);
        assert_eq!(ends::<i16>(16), [i16::MAX, i16::MIN]);
        assert_eq!(ends::<::cpal::I24>(24).map(|x| x.inner()), [8_388_607, -8_388_608]);
        assert_eq!(ends::<i32>(32), [i32::MAX - 127, i32::MIN]);
        assert_eq!(ends::<i64>(64), [i64::MAX - ((1 << 39) - 1), i64::MIN]);
        assert_eq!(ends::<u8>(8), [u8::MAX, 0]);
        assert_eq!(ends::<u16>(16), [u16::MAX, 0]);
        assert_eq!(ends::<::cpal::U24>(24).map(|x| x.inner()), [16_777_215, 0]);
        assert_eq!(ends::<u32>(32), [u32::MAX - 127, 0]);
        assert_eq!(ends::<u64>(64), [u64::MAX - ((1 << 39) - 1), 0]);
        assert_eq!((sample::<f64>(1.0, None), sample::<f32>(-1.0, None)), (1.0, -1.0));
    }

    #[test]
    fn whole_numbers_get_the_nearest_sample() {
        let step = 1.0 / 32_768.0;
        for (value, wanted) in [(0.4, 0), (0.6, 1), (-0.4, 0), (-0.6, -1), (100.7, 101), (-100.7, -101)] {
            assert_eq!(sample::<i16>(value * step, Some(16)), wanted, "{value}");
        }
        assert_eq!(sample::<u16>(-0.6 * step, Some(16)), 32_767);
    }

    #[test]
    fn float_stereo_at_the_requested_rate_is_preferred() {
        let config = |channels, low, high, format| {
            SupportedStreamConfigRange::new(channels, low, high, SupportedBufferSize::Unknown, format)
        };
        let choose = |configs: &[_], hertz| {
            choose(configs, hertz).map(|fit| (fit.channels(), fit.sample_rate(), fit.sample_format()))
        };
        use SampleFormat as F;
        let all = [
            config(1, 8_000, 96_000, F::F32),
            config(2, 44_100, 48_000, F::I16),
            config(2, 44_100, 48_000, F::I32),
            config(8, 8_000, 96_000, F::F32),
            config(2, 44_100, 48_000, F::DsdU8),
        ];
        assert_eq!(choose(&all, 44_100), Some((2, 44_100, F::I32)));
        assert_eq!(choose(&all, 96_000), Some((8, 96_000, F::F32)));
        assert_eq!(choose(&all[..1], 96_000), Some((1, 96_000, F::F32)));
        assert_eq!(choose(&all[1..3], 96_000), None);
        assert_eq!(choose(&all[4..], 48_000), None);
    }
}
