//! A connection to the sound server, and its sinks.

use std::ffi::{CStr, CString};
use std::fs;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use pulseaudio::protocol::{
    self, AuthParams, AuthReply, Command, CommandReply, DEFAULT_SINK, GetSinkInfo, MAX_VERSION, Prop, Props,
    ProtocolError, PulseError, SetClientNameReply, SinkInfo, SinkInfoList,
};

use crate::output::cause::Cause;
use crate::types::output_error::OutputErrorKind;

/// The prefix of a sink's name in the list of devices.
pub(crate) const PREFIX: &str = "pulseaudio:";

/// The time that the server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A sink that can be played to.
pub(crate) struct Sink {
    pub(super) index: u32,
    /// The server's name for the sink, without [`PREFIX`].
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

/// The socket of the server: that of `PULSE_SERVER`, or that of the user's session. `None` if there is none. A server on
/// another machine (`tcp:`) is reached through ALSA's plug-in.
fn address() -> Option<PathBuf> {
    match std::env::var("PULSE_SERVER") {
        Ok(server) if !server.is_empty() => {
            let path = server.strip_prefix("unix:").unwrap_or(&server);
            path.starts_with('/').then(|| path.into())
        }
        _ => pulseaudio::socket_path_from_env(),
    }
}

/// A connection to the sound server. Every stream has its own connection.
pub(crate) struct Server {
    pub(super) socket: BufReader<UnixStream>,
    pub(super) version: u16,
    sequence: u32,
}

impl Server {
    /// Connects to the server of the user's session. `None` when there is no socket.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub fn connect() -> Result<Option<Self>, Cause> {
        let Some(path) = address() else { return Ok(None) };
        let refused =
            |cause: Cause| cause.map_message(|text| format!("the sound server at {}: {text}", path.display()));
        let socket = UnixStream::connect(&path).map_err(|error| refused(error.into()))?;
        let cookie = pulseaudio::cookie_path_from_env().and_then(|path| fs::read(path).ok()).unwrap_or_default();
        Self::handshake(socket, cookie).map(Some).map_err(refused)
    }

    pub(super) fn handshake(socket: UnixStream, cookie: Vec<u8>) -> Result<Self, Cause> {
        socket.set_read_timeout(Some(TIMEOUT))?;
        socket.set_write_timeout(Some(TIMEOUT))?;
        let mut server = Self { socket: BufReader::new(socket), version: MAX_VERSION, sequence: 0 };
        let auth = AuthParams { version: MAX_VERSION, supports_shm: false, supports_memfd: false, cookie };
        let answer: AuthReply = server.request(&Command::Auth(auth))?;
        server.version = MAX_VERSION.min(answer.version);
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"crowd-engine");
        props.set(Prop::ApplicationProcessId, CString::new(std::process::id().to_string()).unwrap_or_default());
        let _client: SetClientNameReply = server.request(&Command::SetClientName(props))?;
        Ok(server)
    }

    pub(super) fn request<R: CommandReply>(&mut self, command: &Command) -> Result<R, Cause> {
        let sequence = self.sequence;
        self.sequence += 1;
        protocol::write_command_message(self.socket.get_mut(), sequence, command, self.version).map_err(cause)?;
        let (answered, reply) = protocol::read_reply_message(&mut self.socket, self.version).map_err(cause)?;
        if answered == sequence {
            return Ok(reply);
        }
        Err(Cause::new(OutputErrorKind::Other, format!("reply {answered} to request {sequence}")))
    }

    /// All sinks.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn sinks(&mut self) -> Result<Vec<Sink>, Cause> {
        let sinks: SinkInfoList = self.request(&Command::GetSinkInfoList)?;
        Ok(sinks.into_iter().map(Sink::from).collect())
    }

    /// The server's default sink.
    ///
    /// # Errors
    /// When there is none.
    pub fn default_sink(&mut self) -> Result<Sink, Cause> {
        let name = Some(DEFAULT_SINK.to_owned());
        let sink: SinkInfo = self.request(&Command::GetSinkInfo(GetSinkInfo { index: None, name }))?;
        Ok(sink.into())
    }
}

/// The cause of an error of the server or of the connection to it.
fn cause(error: ProtocolError) -> Cause {
    use PulseError as P;
    let (kind, text) = match &error {
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            (OutputErrorKind::TimedOut, format!("no answer within {} s", TIMEOUT.as_secs()))
        }
        ProtocolError::Io(io) => (OutputErrorKind::of_io(io), error.to_string()),
        ProtocolError::ServerError(code) => {
            let kind = match code {
                P::AccessDenied | P::AuthKey => OutputErrorKind::PermissionDenied,
                P::NoEntity => OutputErrorKind::NotFound,
                P::Timeout => OutputErrorKind::TimedOut,
                P::NotSupported => OutputErrorKind::Unsupported,
                _ => OutputErrorKind::Other,
            };
            (kind, format!("{code:?}"))
        }
        other => (OutputErrorKind::Other, other.to_string()),
    };
    Cause::from_source(kind, error).map_message(|_| text)
}
