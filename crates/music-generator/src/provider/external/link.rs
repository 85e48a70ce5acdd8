//! The connection to an external provider: the pipes of a process, or a socket.

use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;

use super::process::{Process, describe};
use crate::provider::fault::Fault;

/// How long a connection to one network address may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// Where the provider is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Command(Vec<String>),
    Address(String, u16),
}

/// The connection. When it is dropped, it is closed, and the processes are killed.
pub(super) struct Link {
    /// None for a socket, which is both.
    process: Option<Process>,
    /// What is written to; none when it is closed.
    input: Option<OwnedFd>,
    /// What is read from; none when it has ended.
    output: Option<OwnedFd>,
    /// The error output of a process; none when it has ended.
    errors: Option<OwnedFd>,
    /// For the end of what is written to a socket.
    socket: Option<TcpStream>,
}

/// What reading gives.
pub(super) enum Read {
    Bytes(usize),
    Nothing,
    End,
}

impl Link {
    pub fn open(place: &Place) -> Result<Self, Fault> {
        match place {
            Place::Command(words) => Self::start(words).map_err(|error| Fault::NotStarted(error.to_string())),
            Place::Address(host, port) => Self::connect(host, *port),
        }
    }

    /// Starts a command.
    pub fn start(words: &[String]) -> std::io::Result<Self> {
        let (process, pipes) = Process::start(words)?;
        let (input, output, errors): (OwnedFd, OwnedFd, OwnedFd) =
            (pipes.input.into(), pipes.output.into(), pipes.errors.into());
        // These ends are not shared with the child.
        for end in [&input, &output, &errors] {
            rustix::io::ioctl_fionbio(end, true)?;
        }
        Ok(Self {
            process: Some(process),
            input: Some(input),
            output: Some(output),
            errors: Some(errors),
            socket: None,
        })
    }

    fn connect(host: &str, port: u16) -> Result<Self, Fault> {
        let failed = |error: std::io::Error| Fault::NotReached(error.to_string());
        let mut last = Fault::NotReached("the host has no address".to_owned());
        for address in (host, port).to_socket_addrs().map_err(failed)? {
            match TcpStream::connect_timeout(&address, CONNECT_TIME) {
                Ok(socket) => return Self::of_socket(socket).map_err(failed),
                Err(error) => last = failed(error),
            }
        }
        Err(last)
    }

    fn of_socket(socket: TcpStream) -> std::io::Result<Self> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        let (input, output) = (socket.try_clone()?.into(), socket.try_clone()?.into());
        Ok(Self { process: None, input: Some(input), output: Some(output), errors: None, socket: Some(socket) })
    }

    pub fn input(&self) -> Option<BorrowedFd<'_>> {
        self.input.as_ref().map(AsFd::as_fd)
    }

    pub fn output(&self) -> Option<BorrowedFd<'_>> {
        self.output.as_ref().map(AsFd::as_fd)
    }

    pub fn errors(&self) -> Option<BorrowedFd<'_>> {
        self.errors.as_ref().map(AsFd::as_fd)
    }

    /// Reads from the output without waiting.
    pub fn read(&mut self, bytes: &mut [u8]) -> Result<Read, Fault> {
        read(&mut self.output, bytes).map_err(|error| Fault::Io(error.to_string()))
    }

    /// Reads from the error output without waiting.
    pub fn read_errors(&mut self, bytes: &mut [u8]) -> Read {
        read(&mut self.errors, bytes).unwrap_or(Read::End)
    }

    /// Writes without waiting; returns the number of bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let Some(input) = &self.input else { return Err(Fault::InputClosed) };
        match rustix::io::write(input, bytes) {
            Ok(count) => Ok(count),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(_) => {
                self.input = None;
                Err(Fault::InputClosed)
            }
        }
    }

    /// Closes what is written to: the provider learns that nothing more comes.
    pub fn close_input(&mut self) {
        self.input = None;
        if let Some(socket) = &self.socket {
            // The other end may have closed it.
            let _closed = socket.shutdown(std::net::Shutdown::Write);
        }
    }

    /// Whether the process has ended; false for a socket.
    pub fn has_ended(&self) -> bool {
        self.process.as_ref().is_some_and(Process::has_ended)
    }

    /// Whether it is a process and not a socket.
    pub fn is_process(&self) -> bool {
        self.process.is_some()
    }

    /// Kills and reaps. Tells how the process ended, and whether by a signal.
    pub fn end(&mut self) -> (String, bool) {
        let status = self.process.as_mut().and_then(Process::kill);
        (describe(status), status.is_some_and(|status| status.code().is_none()))
    }
}

fn read(from: &mut Option<OwnedFd>, bytes: &mut [u8]) -> Result<Read, Errno> {
    let Some(end) = from else { return Ok(Read::End) };
    match rustix::io::read(end, bytes) {
        Ok(0) => {
            *from = None;
            Ok(Read::End)
        }
        Ok(count) => Ok(Read::Bytes(count)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(Read::Nothing),
        // The other end of a socket was killed.
        Err(Errno::CONNRESET) => {
            *from = None;
            Ok(Read::End)
        }
        Err(error) => Err(error),
    }
}
