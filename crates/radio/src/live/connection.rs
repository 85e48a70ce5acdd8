//! One connection: its request, and the reply.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crowd_streaming::icecast::{Credentials, MAX_HEAD, Reply, Request, SourceRequest, TitleRequest, head_length};

use super::connections::{Connections, Registration};
use super::input::SourceInfo;
use super::login::{self, Refusals};
use super::mount_settings::MountSettings;
use super::recording::Recordings;
use super::source::Source;

/// The time in which the head has to arrive.
const HEAD: Duration = Duration::from_secs(10);
/// The time in which a reply has to be taken.
const WRITE: Duration = Duration::from_secs(5);
/// The time and the bytes that are read after a reply, so that it is not lost with them.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 256 << 10);

/// What the connections share.
#[derive(Debug)]
pub(super) struct PortState {
    pub mounts: Vec<MountSettings>,
    pub connections: Arc<Connections>,
    pub refusals: Refusals,
    pub recordings: Option<Recordings>,
}

/// Serves a connection until its end.
pub(super) fn serve(mut socket: TcpStream, from: SocketAddr, state: &PortState, registration: &Registration) {
    let result = socket
        .set_nonblocking(false)
        .and_then(|()| socket.set_nodelay(true))
        .and_then(|()| socket.set_write_timeout(Some(WRITE)))
        .and_then(|()| read_head(&mut socket));
    let (head, rest) = match result {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!(%from, %error, "a connection ended before its request");
            return;
        }
    };
    let request = match head {
        Some(head) => Request::parse(&head).map_err(|error| error.to_string()),
        None => Err("the request is not understood: its head is longer than 8 KiB".to_owned()),
    };
    let connection = Connection { socket, from, state, registration };
    match request {
        Ok(Request::Source(request)) => connection.source(request, rest),
        Ok(Request::Title(request)) => connection.title(&request),
        Ok(Request::Options) => connection.reply(&Reply::Options),
        Ok(Request::Poke) => connection.reply(&Reply::NotFound(Vec::new())),
        Ok(Request::Other { path }) => {
            tracing::debug!(%from, path, "a listener came to the port of the sources");
            connection.reply(&Reply::BadRequest("this port is for sources and not for listeners".to_owned()));
        }
        Err(reason) => {
            tracing::info!(%from, reason, "a request of a source was refused");
            connection.reply(&Reply::BadRequest(reason));
        }
    }
}

/// Reads the head of the request, `None` if it is too long, and the bytes that came with it.
fn read_head(socket: &mut TcpStream) -> io::Result<(Option<Vec<u8>>, Vec<u8>)> {
    let until = Instant::now() + HEAD;
    let mut bytes = Vec::new();
    loop {
        if let Some(length) = head_length(&bytes).filter(|length| *length <= MAX_HEAD) {
            let rest = bytes.split_off(length);
            return Ok((Some(bytes), rest));
        }
        if bytes.len() >= MAX_HEAD {
            return Ok((None, Vec::new()));
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the head was not complete in 10 s"));
        }
        socket.set_read_timeout(Some(left))?;
        let mut part = [0; 2048];
        match socket.read(&mut part) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => bytes.extend(part.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

struct Connection<'a> {
    socket: TcpStream,
    from: SocketAddr,
    state: &'a PortState,
    registration: &'a Registration,
}

impl Connection<'_> {
    /// Sends the last reply of the connection.
    fn reply(mut self, reply: &Reply) {
        let until = Instant::now() + LINGER.0;
        let mut left = LINGER.1;
        let sent = self.socket.write_all(&reply.bytes()).and_then(|()| self.socket.shutdown(Shutdown::Write));
        // A connection that is closed with unread bytes is reset, and the client may lose the reply.
        while sent.is_ok() && left > 0 && !self.state.connections.is_stopping() {
            let time = until.saturating_duration_since(Instant::now());
            if time.is_zero() || self.socket.set_read_timeout(Some(time)).is_err() {
                return;
            }
            match self.socket.read(&mut [0; 4096]) {
                Ok(count) if count > 0 => left = left.saturating_sub(count),
                _ => return,
            }
        }
    }

    /// The mount with this path, for a user of it. Otherwise the reply to be sent.
    fn log_in(&self, path: &str, credentials: Option<&Credentials>) -> Result<&MountSettings, Reply> {
        // libshout sends the credentials only after it was asked for them.
        let Some(credentials) = credentials else { return Err(Reply::Unauthorized) };
        let of_user: Vec<_> = self.state.mounts.iter().filter(|mount| login::is_user(mount, credentials)).collect();
        if let Some(mount) = of_user.iter().find(|mount| mount.mount == path) {
            return Ok(mount);
        }
        // Only users are told which mounts there are.
        if !of_user.is_empty() && !self.state.mounts.iter().any(|mount| mount.mount == path) {
            tracing::info!(from = %self.from, path, user = credentials.user, "a source names a mount that does not exist");
            return Err(Reply::NotFound(of_user.iter().map(|mount| mount.mount.clone()).collect()));
        }
        if let Some(count) = self.state.refusals.to_log() {
            tracing::warn!(from = %self.from, path, user = credentials.user, count, "wrong user or password of a source");
        }
        self.registration.pause(self.state.refusals.next());
        Err(Reply::Unauthorized)
    }

    /// A source that begins to send.
    fn source(mut self, request: SourceRequest, rest: Vec<u8>) {
        let (mount, user) = match self.log_in(&request.mount, request.credentials.as_ref()) {
            Ok(mount) => {
                (mount.clone(), request.credentials.as_ref().map(|given| given.user.clone()).unwrap_or_default())
            }
            Err(reply) => return self.reply(&reply),
        };
        let info = SourceInfo { user, address: self.from.ip(), name: request.name.clone() };
        let refused = |reason: String| {
            tracing::warn!(mount = mount.mount, user = info.user, from = %self.from, reason, "a source was refused");
            mount.input.tell(format!("{} from {} was refused: {reason}", info.user, info.address));
            Reply::Forbidden(reason)
        };
        if let Some(content_type) = request.content_type.as_deref().filter(|kind| is_other(kind)) {
            let reply = refused(format!("{content_type} is not accepted: {}", super::source::ACCEPTED));
            return self.reply(&reply);
        }
        if let Some(left) = mount.input.refused() {
            let seconds = left.as_secs() + 1;
            let reply = refused(format!("the station has disconnected the source: try again in {seconds} s"));
            return self.reply(&reply);
        }
        let writer = match mount.input.connect(info.clone()) {
            Ok(writer) => writer,
            Err(occupied) => {
                let reply = refused(occupied.to_string());
                return self.reply(&reply);
            }
        };
        self.registration.sends_to(&mount.input);
        // If the port was closed before this, the writer would not be released.
        if self.state.connections.is_stopping() {
            return;
        }
        let welcome: &[Reply] = match &request {
            SourceRequest { reads_no_reply: true, .. } => &[],
            SourceRequest { expects_continue: true, .. } => &[Reply::Continue, Reply::Ok],
            _ => &[Reply::Ok],
        };
        let welcome: Vec<u8> = welcome.iter().flat_map(Reply::bytes).collect();
        if let Err(error) = self.socket.write_all(&welcome) {
            tracing::info!(mount = mount.mount, from = %self.from, %error, "a source has left before it was accepted");
            return;
        }
        let Self { socket, state, .. } = self;
        Source { mount: mount.mount, input: mount.input, info, recordings: state.recordings.as_ref() }.run(
            socket,
            rest,
            &request.into(),
            writer,
        );
    }

    /// A title from the program of the connected source.
    fn title(self, request: &TitleRequest) {
        let reply = match self.log_in(&request.mount, request.credentials.as_ref()) {
            Err(reply) => reply,
            Ok(mount) => {
                let user = request.credentials.as_ref().map(|given| given.user.as_str());
                let source = mount.input.status().source;
                if source.as_ref().map(|source| source.user.as_str()) == user {
                    mount.input.set_title(request.title.clone().unwrap_or_default());
                    Reply::Ok
                } else {
                    Reply::Forbidden("titles are taken only while the same user sends sound to this mount".to_owned())
                }
            }
        };
        self.reply(&reply);
    }
}

/// Whether a content type is one that is never sound in a known format. Others are often wrong, so the bytes decide.
fn is_other(content_type: &str) -> bool {
    content_type.starts_with("video/")
        || content_type.starts_with("text/")
        || content_type.starts_with("image/")
        || ["audio/webm", "audio/x-matroska", "audio/mp4", "audio/wav", "audio/x-wav"].contains(&content_type)
}
