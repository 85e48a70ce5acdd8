//! The state of the server, which all handlers use.

use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crowd_engine::Frames;
use crowd_web::StreamSlots;
use crowd_web::metrics::ResponseCounts;
use crowd_web::token::Token;
use tokio::sync::{Semaphore, watch};

use super::hls_clients::HlsClients;
use super::listeners::ListenerCounts;
use crate::buffer::Status;
use crate::health::{Health, HealthLog};
use crate::live::LiveInput;
use crate::publish::Progress;
use crate::station::{Command, Figures, Listeners, LiveStream, Published};
use crate::takeover::MountStatus;

/// The state of the server.
#[derive(Debug)]
pub struct App {
    /// The name of the station, for players.
    pub name: String,
    /// What the publisher has published.
    pub published: watch::Receiver<Arc<Published>>,
    /// How much of the program was played. It changes every 0.4 s.
    pub played: watch::Receiver<Frames>,
    /// The stream of AAC frames for players without HLS.
    pub aac: Option<Mount>,
    /// The stream of pages of Opus.
    pub opus: Option<Mount>,
    /// Why the publisher could not do something the last time it tried; `None` when all is well.
    pub fault: Latest<String>,
    /// The states of the publishers.
    pub publishers: Vec<Arc<Progress>>,
    /// The buffer of generated music, if there is one.
    pub buffer: Latest<Status>,
    /// The mounts of live sources, if there are any.
    pub live: Latest<Vec<MountStatus>>,
    /// Their inputs, with the paths of the mounts.
    pub live_inputs: Vec<(String, Arc<LiveInput>)>,
    /// The number of streams that may be sent at once.
    pub slots: StreamSlots,
    /// The clients that fetch playlists.
    pub hls_clients: HlsClients,
    /// Permits to read pictures of items, which may be on a share that does not answer.
    pub cover_reads: Arc<Semaphore>,
    /// What the station heard last when it listened to itself, if it does.
    pub heard: Latest<Health>,
    /// The loudness of all items in LUFS.
    pub loudness_lufs: f64,
    /// What was not in order.
    pub health_log: HealthLog,
    /// Figures of the last day.
    pub figures: Mutex<Figures>,
    /// The folder of the station's state.
    pub state: PathBuf,
    /// The permit to read the log of what was broadcast, whose disk may not answer.
    pub log_reads: Arc<Semaphore>,
    /// Counters of the responses.
    pub responses: Arc<ResponseCounts>,
    /// Where the publisher's thread receives commands.
    pub commands: SyncSender<Command>,
    /// The secret that commands must have; without it there are none.
    pub token: Option<Token>,
}

/// What the publisher told last, for the status of the station.
#[derive(Debug)]
pub struct Latest<T>(Mutex<Option<T>>);

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Latest<T> {
    /// Sets or clears it.
    pub fn set(&self, value: Option<T>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value;
    }

    /// The value.
    pub fn get(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A stream for players without HLS.
#[derive(Debug)]
pub struct Mount {
    /// Its sound.
    pub stream: Arc<LiveStream>,
    /// Bits per second.
    pub bit_rate: u32,
    /// Counters of its listeners.
    pub listeners: Arc<ListenerCounts>,
}

impl Mount {
    /// A mount without listeners.
    pub fn new((stream, bit_rate): (Arc<LiveStream>, u32)) -> Self {
        Self { stream, bit_rate, listeners: Arc::default() }
    }
}

/// The state, as the handlers receive it.
pub type SharedApp = Arc<App>;

impl App {
    /// What is published now.
    pub fn now(&self) -> Arc<Published> {
        self.published.borrow().clone()
    }

    /// The figures of the last day.
    pub fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The numbers of listeners now.
    pub fn listeners(&self) -> Listeners {
        let now = |mount: &Option<Mount>| mount.as_ref().map_or(0, |mount| mount.listeners.now());
        Listeners { aac: now(&self.aac), opus: now(&self.opus), hls: self.hls_clients.now() }
    }

    /// The number of listeners that were disconnected because they did not take their sound.
    pub fn dropped_listeners(&self) -> u64 {
        self.aac.iter().chain(&self.opus).map(|mount| mount.listeners.dropped()).sum()
    }
}
