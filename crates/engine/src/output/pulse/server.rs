//! A connection to the sound server, and what it says of its sinks.

use std::ffi::{CStr, CString};
use std::fs;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use pulseaudio::protocol::{
    self, AuthParams, AuthReply, Command, CommandReply, DEFAULT_SINK, GetSinkInfo, MAX_VERSION, Prop, Props,
    ProtocolError, SetClientNameReply, SinkInfo, SinkInfoList,
};

/// How the sinks of a sound server are named: this and the server's own name.
pub(crate) const PREFIX: &str = "pulseaudio:";

/// How long the server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A sink that can be played to.
pub(crate) struct Sink {
    pub(super) index: u32,
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
    pub(super) socket: BufReader<UnixStream>,
    pub(super) version: u16,
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

    pub(super) fn greet(socket: UnixStream, cookie: Vec<u8>) -> Result<Self, String> {
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

    pub(super) fn ask<R: CommandReply>(&mut self, command: &Command) -> Result<R, String> {
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
}
