//! The thread of the broadcast: it reads the tap, encodes and sends.

use super::health::Progress;
use super::ogg_opus_encoder::OggOpusEncoder;
use crowd_cli::backoff::Backoff;
use crowd_engine::output::{OutputTap, TapRead};
use crowd_streaming::icecast::source::SourceRequest;
use crowd_streaming::icecast::{SourceConnection, TitleUpdates};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// The interval at which the tap is read.
const POLL: Duration = Duration::from_millis(50);
/// After a connection of this length, the next attempt begins after the shortest time.
const STABLE: Duration = Duration::from_secs(10);
/// The number of samples that are read from the tap at once.
const BUFFER: usize = 1 << 13;

/// What the thread of the broadcast needs.
pub(super) struct Sender {
    tap: OutputTap,
    request: Arc<SourceRequest>,
    progress: Arc<Progress>,
    buffer: Box<[f32]>,
    titles: TitleUpdates,
    serial: u32,
}

/// Whether the tap has ended.
#[derive(PartialEq, Eq)]
enum Tap {
    Open,
    Ended,
}

impl Sender {
    pub fn new(tap: OutputTap, request: SourceRequest, progress: Arc<Progress>) -> Self {
        let request = Arc::new(request);
        let titles = TitleUpdates::new(request.clone());
        let serial = RandomState::new().hash_one(0) as u32;
        Self { tap, request, progress, buffer: vec![0.0; BUFFER].into(), titles, serial }
    }

    /// Sends until the tap ends.
    pub fn run(&mut self) {
        let mut backoff = Backoff::new();
        loop {
            self.progress.connecting();
            let began = Instant::now();
            let problem = match SourceConnection::open(&self.request) {
                Ok(connection) => match self.send(connection) {
                    Ok(()) => return,
                    Err(problem) => problem,
                },
                Err(problem) => problem,
            };
            if self.progress.health().connected >= STABLE {
                backoff.reset();
            }
            self.progress.waiting(problem);
            let next = began.max(Instant::now()) + backoff.next_time();
            while Instant::now() < next {
                if self.discard() == Tap::Ended {
                    return;
                }
                thread::park_timeout(POLL);
            }
        }
    }

    /// Sends the sound from now on, as a new Ogg stream, until the tap ends.
    ///
    /// # Errors
    /// A text for the user, when the connection is lost.
    fn send(&mut self, mut connection: SourceConnection) -> Result<(), String> {
        self.discard();
        self.serial = self.serial.wrapping_add(1);
        let rate = self.tap.sample_rate();
        let mut encoder = OggOpusEncoder::new(rate, self.request.bit_rate, self.serial, &self.request.name)
            .map_err(|error| error.to_string())?;
        self.progress.connected();
        self.titles.connected();
        let mut bytes = Vec::new();
        loop {
            let seconds = |frames: u64| frames as f64 / f64::from(rate.get());
            match self.tap.read(&mut self.buffer) {
                TapRead::Sound(frames) => {
                    let sound = self.buffer.get(..2 * frames).unwrap_or_default();
                    encoder.push(sound, &mut bytes).map_err(|error| error.to_string())?;
                    connection.send(&bytes)?;
                    bytes.clear();
                    self.progress.sent(seconds(frames as u64));
                }
                TapRead::Gap(frames) => self.progress.lost(seconds(frames)),
                TapRead::Empty => {
                    self.titles.update(self.progress.title());
                    connection.poll(POLL)?;
                }
                TapRead::Ended => {
                    encoder.finish(&mut bytes).map_err(|error| error.to_string())?;
                    connection.send(&bytes)?;
                    connection.finish();
                    return Ok(());
                }
            }
        }
    }

    /// Discards and counts the sound that is in the tap.
    fn discard(&mut self) -> Tap {
        let mut frames = 0;
        let end = loop {
            match self.tap.read(&mut self.buffer) {
                TapRead::Sound(read) => frames += read as u64,
                TapRead::Gap(lost) => frames += lost,
                TapRead::Empty => break Tap::Open,
                TapRead::Ended => break Tap::Ended,
            }
        };
        self.progress.lost(frames as f64 / f64::from(self.tap.sample_rate().get()));
        end
    }
}
