//! The running program, and a client of it over UDP.

use super::{i, packet, read_packet};
use rosc::{OscMessage, OscType};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The time after which a test gives up waiting.
pub const TIMEOUT: Duration = Duration::from_secs(60);

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audio-server"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A running server, and a client of it.
pub struct Server {
    pub child: Child,
    pub log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    pub socket: UdpSocket,
    syncs: i32,
    /// Messages of the last bundle that were not returned yet.
    unread: RefCell<VecDeque<OscMessage>>,
}

impl Server {
    pub fn start(args: &[&str]) -> Self {
        Self::start_by(Command::new("env"), args)
    }

    /// Starts the server with another program, such as `env`.
    pub fn start_by(mut launcher: Command, args: &[&str]) -> Self {
        launcher.arg(env!("CARGO_BIN_EXE_audio-server")).args(["--port", "0"]).args(args);
        launcher.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = launcher.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = String::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the server ended:\n{log}")).unwrap();
            let _written = writeln!(log, "{line}");
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.split([',', '"']).next().unwrap().parse::<SocketAddr>().unwrap();
            }
        };
        let log = Arc::new(Mutex::new(log));
        let shared = log.clone();
        let reader = Some(thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _written = writeln!(shared.lock().unwrap(), "{line}");
            }
        }));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        Self { child, log, reader, socket, syncs: 0, unread: RefCell::default() }
    }

    pub fn send(&self, addr: &str, args: &[OscType]) {
        self.socket.send(&packet(addr, args)).unwrap();
    }

    /// The next reply.
    pub fn receive(&self) -> OscMessage {
        let mut unread = self.unread.borrow_mut();
        if unread.is_empty() {
            unread.extend(self.receive_packet());
        }
        unread.pop_front().unwrap()
    }

    /// The messages of the next datagram.
    pub fn receive_packet(&self) -> Vec<OscMessage> {
        let started = Instant::now();
        let mut bytes = [0; 2048];
        while started.elapsed() < TIMEOUT {
            if let Ok(size) = self.socket.recv(&mut bytes) {
                return read_packet(&bytes[..size]);
            }
        }
        panic!("no reply; the server's log:\n{}", self.log.lock().unwrap());
    }

    /// Waits until everything that was sent is done; returns the other replies until then.
    pub fn sync(&mut self) -> Vec<OscMessage> {
        self.syncs += 1;
        self.send("/sync", &[i(self.syncs)]);
        let mut others = Vec::new();
        loop {
            let reply = self.receive();
            if reply.addr == "/synced" && reply.args == [i(self.syncs)] {
                return others;
            }
            others.push(reply);
        }
    }

    /// The arguments of a `/status`.
    pub fn status_args(&mut self) -> Vec<OscType> {
        self.sync();
        self.send("/get_status", &[]);
        loop {
            let reply = self.receive();
            if reply.addr == "/status" {
                return reply.args;
            }
        }
    }

    pub fn status(&mut self) -> Status {
        let args = self.status_args();
        let int = |n: usize| args[n].clone().int().unwrap();
        let seconds = args[0].clone().float().unwrap().into();
        Status { seconds, received: int(11), refused: int(12) }
    }

    /// Waits until this many seconds after time zero have passed on the server's clock.
    pub fn wait_until(&mut self, seconds: f64) {
        while self.status().seconds < seconds {
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the server, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
    }

    pub fn stop(self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.ended()
    }

    /// Waits until the server has ended; returns its exit status and log.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let log = self.log.lock().unwrap().clone();
        (status, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Has an effect only after a failed assertion; otherwise the server has ended.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

pub struct Status {
    pub seconds: f64,
    pub received: i32,
    pub refused: i32,
}
