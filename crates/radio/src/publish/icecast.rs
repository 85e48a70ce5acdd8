//! Sends the endless stream to an Icecast server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crowd_streaming::icecast::source::{SourceRequest, Title};
use crowd_streaming::icecast::{SourceConnection, TitleUpdates};
use crowd_streaming::opus::renumber_page;
use tokio::sync::watch;

use super::endless_stream::{Connected, EndlessStream};
use super::icecast_url::StreamFormat;
use super::progress::Progress;
use super::wait::POLL;
use crate::station::{OGG, Published};

/// The number of pages before those with sound.
const OGG_HEADERS: u32 = 2;

/// Sends a stream as a source.
pub(super) struct IcecastSource {
    request: Arc<SourceRequest>,
    format: StreamFormat,
    stream: EndlessStream,
    published: watch::Receiver<Arc<Published>>,
    progress: Arc<Progress>,
    titles: TitleUpdates,
}

impl IcecastSource {
    pub fn new(
        request: SourceRequest,
        format: StreamFormat,
        stream: EndlessStream,
        published: watch::Receiver<Arc<Published>>,
        progress: Arc<Progress>,
    ) -> Self {
        let request = Arc::new(request);
        let titles = TitleUpdates::new(request.clone());
        Self { request, format, stream, published, progress, titles }
    }

    /// Sends until `stopped`. A connection that is lost is tried again.
    pub fn run(mut self, stopped: &AtomicBool) {
        let (stream, progress) = (self.stream.clone(), self.progress.clone());
        stream.keep_sending(&progress, stopped, |connected| self.send(connected, stopped));
    }

    /// Connects and sends at the pace of the station, first the last seconds, until `stopped`. The time at which the server accepted is
    /// written to `connected`.
    ///
    /// # Errors
    /// A text for the user, when the connection is lost.
    fn send(&mut self, connected: &mut Connected, stopped: &AtomicBool) -> Result<(), String> {
        let mut connection = SourceConnection::open(&self.request)?;
        let mut cursor = self.stream.begin()?;
        *connected = Some(Instant::now());
        self.progress.publishing();
        self.titles.connected();
        let mut bytes = match self.format {
            StreamFormat::Aac => Vec::new(),
            StreamFormat::Opus => OGG.headers_with(0, &[("TITLE", &self.request.name)]),
        };
        let (mut page, mut title) = (OGG_HEADERS, None);
        while !stopped.load(Ordering::Relaxed) {
            for unit in self.stream.take(&mut cursor)? {
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
