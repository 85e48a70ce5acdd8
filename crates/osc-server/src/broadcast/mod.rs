//! The broadcast: what is played is also sent to an Icecast server.
//!
//! The engine's tap carries the sound from the audio thread to the thread of the broadcast, which encodes it as Opus in Ogg and
//! sends it. The audio thread never waits for it. While there is no connection, the sound is discarded and counted. A
//! connection that is lost is tried again for ever, and begins a new Ogg stream.

mod health;
mod ogg_opus_encoder;
mod sender;

pub use health::{BroadcastHealth, BroadcastState};
pub use ogg_opus_encoder::CONTENT_TYPE;

use crowd_engine::output::OutputTap;
use crowd_streaming::icecast::source::{SourceRequest, Title};
use health::Progress;
use sender::Sender;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The length of the sound that is kept while the connection is slow. It is longer than the time after which a connection
/// that takes no data is lost.
pub const TAP_LENGTH: Duration = Duration::from_secs(15);
/// The time that sending the last sound may take.
const FINISHING: Duration = Duration::from_secs(2);

/// A broadcast that runs.
#[derive(Debug)]
pub struct Broadcast {
    progress: Arc<Progress>,
    done: Receiver<()>,
    thread: JoinHandle<()>,
    /// The name of the station.
    station: String,
}

impl Broadcast {
    /// Starts the thread that sends the sound of `tap` as `request` describes it. The bit rate of the request is that of the
    /// encoder.
    ///
    /// # Errors
    /// When the encoder refuses the bit rate or the sample rate, or no thread can be started.
    pub fn start(tap: OutputTap, request: SourceRequest) -> io::Result<Self> {
        ogg_opus_encoder::check(tap.sample_rate(), request.bit_rate)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let (progress, station) = (Arc::new(Progress::new(&request.url)), request.name.clone());
        let mut sender = Sender::new(tap, request, progress.clone());
        let (finished, done) = mpsc::channel();
        let work = move || {
            sender.run();
            // After the time for finishing there is no receiver any more.
            let _received = finished.send(());
        };
        let thread = thread::Builder::new().name("broadcast".into()).spawn(work)?;
        Ok(Self { progress, done, thread, station })
    }

    /// The state of the broadcast.
    pub fn health(&self) -> BroadcastHealth {
        self.progress.health()
    }

    /// Sets the name of what plays, which may be `Artist - Title`. The server is told it. Without one, it is told the name of
    /// the station.
    pub fn set_playing(&self, name: Option<&str>) {
        self.progress.set_title(Title::of_name(name.unwrap_or(&self.station)));
    }

    /// Waits until the last sound is sent, at most 2 s, and not at all without a connection. The engine must have been closed
    /// before. Returns the final state.
    pub fn close(self) -> BroadcastHealth {
        self.thread.thread().unpark();
        if self.health().state == BroadcastState::On && self.done.recv_timeout(FINISHING).is_err() {
            tracing::warn!("broadcast: the server did not take the last sound within {} s", FINISHING.as_secs());
        }
        self.health()
    }
}
