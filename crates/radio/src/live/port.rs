//! The port to which sources connect.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crowd_streaming::icecast::{MAX_HEAD, Reply};

use super::connection::{self, PortState};
use super::connections::Connections;
use super::login::Refusals;
use super::mount_settings::MountSettings;
use super::recording::{RecordingStatus, Recordings};
use super::recording_file;
use crate::Error;

/// The time between two looks for a new connection.
const POLL: Duration = Duration::from_millis(50);
/// The time that connections have to end when the port is closed.
const CLOSE: Duration = Duration::from_millis(900);

/// What the port serves.
#[derive(Clone, Debug)]
pub struct SourcePortSettings {
    /// The address to listen on. With port 0 the system chooses a port.
    pub address: SocketAddr,
    /// The mounts that sources can send to.
    pub mounts: Vec<MountSettings>,
    /// The folder for recordings of all sources. It is made if it does not exist. Without one, nothing is recorded.
    pub recordings: Option<PathBuf>,
}

/// A port to which sources connect as to an Icecast server: ffmpeg, butt, Mixxx, liquidsoap, OBS and others.
///
/// Each connection has a thread of its own, so a slow client delays no other. Everything that waits for a client has a time limit. When
/// the port is dropped, it closes all connections within a second.
#[derive(Debug)]
pub struct SourcePort {
    address: SocketAddr,
    state: Arc<PortState>,
    thread: Option<JoinHandle<()>>,
}

impl SourcePort {
    /// Begins to listen. Recordings of an earlier process that was killed get their final names.
    ///
    /// # Errors
    /// [`Error::Invalid`] for settings that cannot be used and for an address that is not free, [`Error::Io`] for a folder of recordings
    /// that cannot be used.
    pub fn open(settings: SourcePortSettings) -> Result<Self, Error> {
        check(&settings)?;
        let SourcePortSettings { address, mounts, recordings } = settings;
        if let Some(folder) = &recordings {
            std::fs::create_dir_all(folder)
                .map_err(|error| Error::io(folder, "make the folder of recordings", error))?;
            recording_file::finish_leftovers(folder)
                .map_err(|error| Error::io(folder, "read the folder of recordings", error))?;
        }
        let unusable = |error: std::io::Error| {
            let advice = match error.kind() {
                ErrorKind::AddrInUse => "another program uses this port: end it, or choose another port",
                ErrorKind::AddrNotAvailable => {
                    "this machine does not have the address: choose 0.0.0.0 for all of its own"
                }
                ErrorKind::PermissionDenied => "ports below 1024 need a permission of the system: choose one above",
                _ => "choose another address or port",
            };
            Error::Invalid(format!("sources cannot connect to {address}: {error}: {advice}"))
        };
        let listener = TcpListener::bind(address).map_err(unusable)?;
        listener.set_nonblocking(true).map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let state = Arc::new(PortState {
            mounts,
            connections: Arc::new(Connections::default()),
            refusals: Refusals::default(),
            recordings: recordings.map(Recordings::new),
        });
        let shared = state.clone();
        let thread = thread::Builder::new()
            .name("source-port".to_owned())
            .spawn(move || accept(&listener, &shared))
            .map_err(|error| Error::Invalid(format!("the system starts no thread for sources: {error}")))?;
        tracing::info!(%address, "sources can connect");
        Ok(Self { address, state, thread: Some(thread) })
    }

    /// The address that sources connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The latest recording of each mount that has one.
    pub fn recordings(&self) -> Vec<RecordingStatus> {
        self.state.recordings.as_ref().map(Recordings::status).unwrap_or_default()
    }
}

impl Drop for SourcePort {
    fn drop(&mut self) {
        self.state.connections.close(CLOSE);
        // Its thread ends within the time between two looks. It has panicked only if a thread could not be described.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn check(settings: &SourcePortSettings) -> Result<(), Error> {
    let invalid = |text: String| Err(Error::Invalid(text));
    if settings.mounts.is_empty() {
        return invalid("sources need at least one mount: add one, for example /live".to_owned());
    }
    for (number, MountSettings { mount, users, .. }) in settings.mounts.iter().enumerate() {
        let text = mount.escape_debug();
        if !mount.starts_with('/')
            || mount.len() < 2
            || mount.contains(['?', '#', ' '])
            || mount.contains(char::is_control)
        {
            return invalid(format!(
                "the mount \"{text}\" is no path: choose one with a slash and a name, for example /live"
            ));
        }
        if mount.starts_with("/admin/") {
            return invalid(format!("the mount \"{text}\" is a path of the protocol: choose one outside of /admin/"));
        }
        if settings.mounts.iter().take(number).any(|other| other.mount == *mount) {
            return invalid(format!("the mount \"{text}\" occurs twice: give each mount a name of its own"));
        }
        if users.is_empty() {
            return invalid(format!("the mount \"{text}\" has no user: add a user with a password"));
        }
        if let Some((user, _)) = users.iter().find(|(user, password)| user.contains(':') || password.is_empty()) {
            return invalid(format!(
                "the user \"{}\" of the mount \"{text}\" needs a password, and a name without a colon",
                user.escape_debug()
            ));
        }
    }
    Ok(())
}

/// Accepts connections until the port is closed.
fn accept(listener: &TcpListener, state: &Arc<PortState>) {
    while !state.connections.is_stopping() {
        match listener.accept() {
            Ok((socket, from)) => begin(socket, from, state),
            Err(error) if error.kind() == ErrorKind::WouldBlock => state.connections.pause(POLL),
            Err(error) => {
                // Too many open files, for example. It may pass.
                tracing::warn!(%error, "a source could not connect");
                state.connections.pause(Duration::from_secs(1));
            }
        }
    }
}

/// Starts the thread of a connection.
fn begin(socket: TcpStream, from: SocketAddr, state: &Arc<PortState>) {
    let registration = match state.connections.add(&socket, from.ip()) {
        Ok(registration) => registration,
        Err(reason) => return refuse(socket, from, reason),
    };
    let shared = state.clone();
    let started = thread::Builder::new()
        .name("source".to_owned())
        .spawn(move || connection::serve(socket, from, &shared, &registration));
    if let Err(error) = started {
        tracing::warn!(%from, %error, "the system starts no thread for a source");
    }
}

/// Refuses a connection without waiting for anything.
fn refuse(mut socket: TcpStream, from: SocketAddr, reason: String) {
    tracing::warn!(%from, reason, "a source was refused");
    if socket.set_nonblocking(true).is_ok() {
        // If bytes were left unread, the reply would be lost when the connection is closed. The reply has room in the system's buffer.
        let _ = socket.read(&mut [0; MAX_HEAD]);
        let _ = socket.write(&Reply::Unavailable(reason).bytes());
    }
}
