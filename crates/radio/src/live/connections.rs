//! The open connections of the port.

use std::collections::BTreeMap;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::input::LiveInput;

/// The most sources at a time.
const MOST: usize = 16;
/// The most connections that have not logged in, and of those the most of one address. For another one the oldest is closed, so that sources
/// are not kept out by connections that send nothing.
const MOST_WAITING: usize = 16;
const MOST_OF_ADDRESS: usize = 8;

/// The open connections, which are closed when the port is.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: Mutex<State>,
    ended: Condvar,
    stopping: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    open: BTreeMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    socket: TcpStream,
    address: IpAddr,
    /// The mount to which it sends sound.
    input: Option<Arc<LiveInput>>,
}

impl Connections {
    /// Registers a connection, or returns the reason why there is no room for it.
    pub fn add(self: &Arc<Self>, socket: &TcpStream, address: IpAddr) -> Result<Registration, String> {
        let mut state = self.lock();
        if self.is_stopping() {
            return Err("the station is stopping".to_owned());
        }
        if state.open.values().filter(|open| open.input.is_some()).count() >= MOST {
            return Err(format!("{MOST} sources are connected: try again later"));
        }
        let waiting: Vec<(u64, IpAddr)> = state
            .open
            .iter()
            .filter(|(_, open)| open.input.is_none())
            .map(|(number, open)| (*number, open.address))
            .collect();
        let of_address = waiting.iter().filter(|(_, other)| *other == address);
        let oldest = if of_address.clone().count() >= MOST_OF_ADDRESS {
            of_address.clone().next()
        } else {
            waiting.first().filter(|_| waiting.len() >= MOST_WAITING)
        };
        if let Some(closed) = oldest.and_then(|(number, _)| state.open.remove(number)) {
            // It fails if the other side has closed the connection. The thread of the connection ends then too.
            let _ = closed.socket.shutdown(Shutdown::Both);
            self.ended.notify_all();
        }
        let socket = socket.try_clone().map_err(|error| format!("the system has no room for a connection: {error}"))?;
        let number = state.next;
        state.next += 1;
        state.open.insert(number, Open { socket, address, input: None });
        Ok(Registration { connections: self.clone(), number })
    }

    /// Whether the port is being closed.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Waits for this time, or until the port is being closed.
    pub fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.lock();
        while !self.is_stopping() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Closes all connections, and waits for their threads to end, but no longer than this.
    pub fn close(&self, most: Duration) {
        let until = Instant::now() + most;
        self.stopping.store(true, Ordering::Relaxed);
        let mut state = self.lock();
        self.ended.notify_all();
        for open in state.open.values() {
            // It fails if the other side has closed the connection.
            let _ = open.socket.shutdown(Shutdown::Both);
            // A source that waits for room in the input is released.
            if let Some(input) = &open.input {
                input.disconnect(Duration::ZERO);
            }
        }
        while !state.open.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!(connections = state.open.len(), "connections of sources have not ended in time");
                return;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open connection. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Registration {
    pub connections: Arc<Connections>,
    number: u64,
}

impl Registration {
    /// The connection has logged in, and sends sound to this mount.
    pub fn sends_to(&self, input: &Arc<LiveInput>) {
        if let Some(open) = self.connections.lock().open.get_mut(&self.number) {
            open.input = Some(input.clone());
        }
    }

    /// Waits for this time, or until the connection or the port is being closed.
    pub fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.connections.lock();
        while !self.connections.is_stopping() && state.open.contains_key(&self.number) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.connections.ended.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.connections.lock().open.remove(&self.number);
        self.connections.ended.notify_all();
    }
}
