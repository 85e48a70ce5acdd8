//! Sends the endless stream to an Icecast server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crowd_cli::backoff::Backoff;
use crowd_engine::Frames;
use crowd_streaming::icecast::source::{SourceRequest, Title};
use crowd_streaming::icecast::{SourceConnection, TitleUpdates};
use crowd_streaming::opus::renumber_page;
use tokio::sync::watch;

use super::icecast_url::StreamFormat;
use super::progress::Progress;
use super::wait::{POLL, wait};
use crate::station::{Cursor, LiveStream, OGG, Published};

/// After a connection of this length, the next attempt begins after the shortest time.
const STABLE: Duration = Duration::from_secs(10);

/// The number of pages before those with sound.
const OGG_HEADERS: u32 = 2;

/// Sends a stream as a source.
pub(super) struct IcecastSource {
    request: Arc<SourceRequest>,
    format: StreamFormat,
    stream: Arc<LiveStream>,
    played: watch::Receiver<Frames>,
    published: watch::Receiver<Arc<Published>>,
    progress: Arc<Progress>,
    titles: TitleUpdates,
}

impl IcecastSource {
    pub fn new(
        request: SourceRequest,
        format: StreamFormat,
        stream: Arc<LiveStream>,
        (played, published): (watch::Receiver<Frames>, watch::Receiver<Arc<Published>>),
        progress: Arc<Progress>,
    ) -> Self {
        let request = Arc::new(request);
        let titles = TitleUpdates::new(request.clone());
        Self { request, format, stream, played, published, progress, titles }
    }

    /// Sends until `stopped`. A connection that is lost is tried again.
    pub fn run(mut self, stopped: &AtomicBool) {
        let mut backoff = Backoff::new();
        while !stopped.load(Ordering::Relaxed) {
            // A server closes connections over which nothing comes.
            let Some(_) = self.cursor() else {
                thread::sleep(POLL);
                continue;
            };
            let mut connected = None;
            if let Err(problem) = self.send(&mut connected, stopped) {
                self.progress.failed(problem);
            }
            if connected.is_some_and(|since: Instant| since.elapsed() >= STABLE) {
                backoff.reset();
            }
            wait(backoff.next_time(), stopped);
        }
    }

    fn cursor(&self) -> Option<Cursor> {
        Cursor::new(self.stream.clone(), *self.played.borrow())
    }

    /// Connects and sends at the pace of the station, first the last seconds, until `stopped`. The time at which the server accepted is
    /// written to `connected`.
    ///
    /// # Errors
    /// A text for the user, when the connection is lost.
    fn send(&mut self, connected: &mut Option<Instant>, stopped: &AtomicBool) -> Result<(), String> {
        let mut connection = SourceConnection::open(&self.request)?;
        let mut cursor = self.cursor().ok_or("the station has no sound to send")?;
        *connected = Some(Instant::now());
        self.progress.publishing();
        self.titles.connected();
        let mut bytes = match self.format {
            StreamFormat::Aac => Vec::new(),
            StreamFormat::Opus => OGG.headers_with(0, &[("TITLE", &self.request.name)]),
        };
        let (mut page, mut title) = (OGG_HEADERS, None);
        while !stopped.load(Ordering::Relaxed) {
            let played = *self.played.borrow();
            let late = |_| "the server takes the stream slower than it plays".to_owned();
            for unit in cursor.take(played).map_err(late)? {
                let start = bytes.len();
                bytes.extend_from_slice(&unit.bytes);
                if self.format == StreamFormat::Opus {
                    renumber_page(bytes.get_mut(start..).unwrap_or_default(), page);
                    page = page.wrapping_add(1);
                }
                title = Some(unit.title);
            }
            connection.send(&bytes)?;
            bytes.clear();
            let title = match self.format {
                StreamFormat::Aac => title.as_deref().map(Title::of_name),
                StreamFormat::Opus => self.published_title(),
            };
            self.titles.update(title);
            connection.poll(POLL)?;
        }
        Ok(())
    }

    /// The title at the end of the playlist, for sound without titles.
    fn published_title(&self) -> Option<Title> {
        let published = self.published.borrow();
        let playing = published.playing.as_ref()?;
        Some(Title { artist: playing.artist.clone().unwrap_or_default(), title: playing.title.clone() })
    }
}
