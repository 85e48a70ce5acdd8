//! PulseAudio's own protocol, which PipeWire speaks too: sinks, and streams to them. The only room that knows it.
//!
//! ALSA reaches the same servers through a plug-in that makes a new stream after every underrun; here the server goes
//! on with the stream as soon as there is sound again. cpal's PulseAudio host is left out: in 0.18.2 it hears neither of
//! an underrun nor that a sink is gone, every connection leaves a thread behind, and closing a stream whose sink was taken
//! away never returns.

mod playing;

use std::ffi::{CStr, CString};
use std::fs;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use pulseaudio::protocol::{
    self, AuthParams, AuthReply, ChannelMap, ChannelPosition, Command, CommandReply, CreatePlaybackStreamReply,
    DEFAULT_SINK, GetSinkInfo, MAX_VERSION, PlaybackStreamParams, Prop, Props, ProtocolError, SampleFormat, SampleSpec,
    SetClientNameReply, SinkInfo, SinkInfoList,
};
use pulseaudio::protocol::{stream::BufferAttr, stream::StreamFlags};

use playing::Player;

use super::supervisor::{Opened, Seed};
use crate::units::SampleRate;

/// How the sinks of a sound server are named: this and the server's own name.
pub(crate) const PREFIX: &str = "pulseaudio:";

/// How long the server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Frames per block where none are chosen.
const BLOCK: u32 = 1_024;

/// Bytes of a frame: two floats.
const FRAME: usize = 8;

/// A sink that can be played to.
pub(crate) struct Sink {
    index: u32,
    /// The server's name for it, without [`PREFIX`].
    pub name: String,
    pub description: String,
    pub channels: u16,
    pub hertz: u32,
}

impl From<SinkInfo> for Sink {
    fn from(info: SinkInfo) -> Self {
        let text = |text: &CStr| text.to_string_lossy().into_owned();
        Self {
            index: info.index,
            name: text(&info.name),
            description: info.description.as_deref().map(text).unwrap_or_default(),
            channels: u16::from(info.sample_spec.channels),
            hertz: info.sample_spec.sample_rate,
        }
    }
}

/// The socket of the server: that of `PULSE_SERVER`, or the session's if there is one. A server on another machine (`tcp:`)
/// is left to ALSA's plug-in.
fn address() -> Option<PathBuf> {
    match std::env::var("PULSE_SERVER") {
        Ok(server) if !server.is_empty() => {
            let path = server.strip_prefix("unix:").unwrap_or(&server);
            path.starts_with('/').then(|| path.into())
        }
        _ => pulseaudio::socket_path_from_env(),
    }
}

/// A connection to the sound server; there is one for each stream.
pub(crate) struct Server {
    socket: BufReader<UnixStream>,
    version: u16,
    sequence: u32,
}

impl Server {
    /// Connects to the server of this session; none when there is no socket of one.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub fn connect() -> Result<Option<Self>, String> {
        let Some(path) = address() else { return Ok(None) };
        let refused = |cause: &dyn std::fmt::Display| format!("the sound server at {}: {cause}", path.display());
        let socket = UnixStream::connect(&path).map_err(|error| refused(&error))?;
        let cookie = pulseaudio::cookie_path_from_env().and_then(|path| fs::read(path).ok()).unwrap_or_default();
        Self::greet(socket, cookie).map(Some).map_err(|error| refused(&error))
    }

    fn greet(socket: UnixStream, cookie: Vec<u8>) -> Result<Self, String> {
        let system = |error: std::io::Error| error.to_string();
        socket.set_read_timeout(Some(TIMEOUT)).map_err(system)?;
        socket.set_write_timeout(Some(TIMEOUT)).map_err(system)?;
        let mut server = Self { socket: BufReader::new(socket), version: MAX_VERSION, sequence: 0 };
        let auth = AuthParams { version: MAX_VERSION, supports_shm: false, supports_memfd: false, cookie };
        let answer: AuthReply = server.ask(&Command::Auth(auth))?;
        server.version = MAX_VERSION.min(answer.version);
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"crowd-engine");
        props.set(Prop::ApplicationProcessId, CString::new(std::process::id().to_string()).unwrap_or_default());
        let _client: SetClientNameReply = server.ask(&Command::SetClientName(props))?;
        Ok(server)
    }

    fn ask<R: CommandReply>(&mut self, command: &Command) -> Result<R, String> {
        let sequence = self.sequence;
        self.sequence += 1;
        let words = |error: ProtocolError| match error {
            ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                format!("no answer within {} s", TIMEOUT.as_secs())
            }
            ProtocolError::ServerError(error) => format!("{error:?}"),
            other => other.to_string(),
        };
        protocol::write_command_message(self.socket.get_mut(), sequence, command, self.version).map_err(words)?;
        let (answered, reply) = protocol::read_reply_message(&mut self.socket, self.version).map_err(words)?;
        if answered == sequence { Ok(reply) } else { Err(format!("answer {answered} to question {sequence}")) }
    }

    /// Every sink there is.
    ///
    /// # Errors
    /// When the server does not say.
    pub fn sinks(&mut self) -> Result<Vec<Sink>, String> {
        let sinks: SinkInfoList = self.ask(&Command::GetSinkInfoList)?;
        Ok(sinks.into_iter().map(Sink::from).collect())
    }

    /// What the server plays to when nothing is chosen.
    ///
    /// # Errors
    /// When there is none.
    pub fn default_sink(&mut self) -> Result<Sink, String> {
        let name = Some(DEFAULT_SINK.to_owned());
        let sink: SinkInfo = self.ask(&Command::GetSinkInfo(GetSinkInfo { index: None, name }))?;
        Ok(sink.into())
    }

    /// Makes a stream to `sink` at its own rate, for an engine at `rate`; where there is no conversion from one to the
    /// other, the server converts.
    ///
    /// # Errors
    /// The cause.
    pub fn open(mut self, sink: &Sink, seed: &Seed, rate: Option<SampleRate>) -> Result<Opened, String> {
        let own = SampleRate::new(sink.hertz).map_err(|error| error.to_string());
        let (driver, hertz) = match own.and_then(|own| Ok((seed.driver(own, rate)?, own))) {
            Ok(made) => made,
            Err(why) => rate.map(|rate| Ok((seed.driver(rate, Some(rate))?, rate))).unwrap_or(Err(why))?,
        };
        let block = seed.buffer_frames.unwrap_or(BLOCK) as usize;
        let stream: CreatePlaybackStreamReply =
            self.ask(&Command::CreatePlaybackStream(playback(sink, hertz, block)))?;
        let link = driver.link();
        let meter = seed.meter.clone();
        let stream = Player::new(self, &stream, driver, meter, block).map_err(|error| error.to_string())?;
        Ok(Opened { stream: Box::new(stream), link, name: format!("{PREFIX}{}", sink.name), rate: hertz })
    }
}

/// What is asked of the server for a stream: two blocks of sound under way, and playing on with whatever there is after
/// an underrun.
fn playback(sink: &Sink, rate: SampleRate, block: usize) -> PlaybackStreamParams {
    let mut props = Props::new();
    props.set(Prop::MediaName, c"crowd-engine");
    PlaybackStreamParams {
        sample_spec: SampleSpec { format: SampleFormat::Float32Le, channels: 2, sample_rate: rate.get() },
        channel_map: ChannelMap::new([ChannelPosition::FrontLeft, ChannelPosition::FrontRight]),
        sink_index: Some(sink.index),
        buffer_attr: BufferAttr {
            target_length: (2 * block * FRAME) as u32,
            pre_buffering: FRAME as u32,
            ..BufferAttr::default()
        },
        flags: StreamFlags { adjust_latency: true, ..StreamFlags::default() },
        props,
        ..PlaybackStreamParams::default()
    }
}

#[cfg(test)]
mod tests;
