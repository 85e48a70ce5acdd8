//! The state of the server, which all handlers use.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError, RwLock};

use crowd_engine::Frames;
use crowd_web::StreamSlots;
use crowd_web::metrics::ResponseCounts;
use crowd_web::token::Token;
use tokio::sync::watch;

use super::listeners::ListenerCounts;
use crate::station::{Command, LiveStream, Published};

/// The state of the server.
#[derive(Debug)]
pub struct App {
    /// The name of the station, for players.
    pub name: String,
    /// What the publisher has published.
    pub published: Arc<RwLock<Published>>,
    /// How much of the program was played. It changes about five times a second.
    pub played: watch::Receiver<Frames>,
    /// The stream of AAC frames for players without HLS, and its bit rate.
    pub aac: Option<(Arc<LiveStream>, u32)>,
    /// The stream of pages of Opus, and its bit rate.
    pub opus: Option<(Arc<LiveStream>, u32)>,
    /// The number of streams that may be sent at once.
    pub slots: StreamSlots,
    /// Counters of the listeners of these streams.
    pub listeners: Arc<ListenerCounts>,
    /// Counters of the responses.
    pub responses: Arc<ResponseCounts>,
    /// Where the publisher's thread receives commands.
    pub commands: SyncSender<Command>,
    /// The secret that commands must have; without it there are none.
    pub token: Option<Token>,
}

/// The state, as the handlers receive it.
pub type SharedApp = Arc<App>;

impl App {
    /// What is published now.
    pub fn now(&self) -> Published {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
