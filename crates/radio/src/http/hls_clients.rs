//! The clients that fetch playlists.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crowd_web::Client;

/// The time after its last playlist in which a client is counted. A player fetches one at least every few seconds.
const ACTIVE: Duration = Duration::from_secs(30);
/// The most clients that are counted.
const MOST: usize = 100_000;

/// The clients that have fetched a playlist, with the times of the last one.
#[derive(Debug, Default)]
pub struct HlsClients(Mutex<HashMap<Client, Instant>>);

impl HlsClients {
    /// A client has fetched a playlist.
    pub fn note(&self, client: Client) {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() < MOST || clients.contains_key(&client) {
            clients.insert(client, Instant::now());
        }
    }

    /// The number of clients in the last 30 s.
    pub fn now(&self) -> u64 {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|_, last| last.elapsed() < ACTIVE);
        clients.len() as u64
    }
}
