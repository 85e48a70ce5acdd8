//! The state of the server, which all handlers use.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crowd_engine::Frames;
use crowd_web::StreamSlots;
use crowd_web::metrics::ResponseCounts;
use crowd_web::token::Token;
use tokio::sync::watch;

use super::hls_clients::HlsClients;
use super::listeners::ListenerCounts;
use crate::station::{Command, Listeners, LiveStream, Published};

/// The state of the server.
#[derive(Debug)]
pub struct App {
    /// The name of the station, for players.
    pub name: String,
    /// What the publisher has published.
    pub published: watch::Receiver<Arc<Published>>,
    /// How much of the program was played. It changes about five times a second.
    pub played: watch::Receiver<Frames>,
    /// The stream of AAC frames for players without HLS, and its bit rate.
    pub aac: Option<(Arc<LiveStream>, u32)>,
    /// The stream of pages of Opus, and its bit rate.
    pub opus: Option<(Arc<LiveStream>, u32)>,
    /// The number of streams that may be sent at once.
    pub slots: StreamSlots,
    /// Counters of the listeners of the stream of AAC.
    pub aac_listeners: Arc<ListenerCounts>,
    /// Counters of the listeners of the stream of Opus.
    pub opus_listeners: Arc<ListenerCounts>,
    /// The clients that fetch playlists.
    pub hls_clients: HlsClients,
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
    pub fn now(&self) -> Arc<Published> {
        self.published.borrow().clone()
    }

    /// The numbers of listeners now.
    pub fn listeners(&self) -> Listeners {
        Listeners { aac: self.aac_listeners.now(), opus: self.opus_listeners.now(), hls: self.hls_clients.now() }
    }
}
