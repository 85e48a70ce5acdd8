//! Takes chunks from a buffer as the station needs them.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crowd_engine::feed::FileInput;
use crowd_engine::{Frames, SampleRate};
use crowd_library::ContentIndex;

use super::contents::Taken;
use super::rolling_buffer::{RollingBuffer, Status};
use super::settings::BufferSettings;
use crate::config::StationConfig;
use crate::error::Error;
use crate::item::{Item, ItemChunk, ItemKind};
use crate::station::Publisher;

/// The interval at which a buffer is looked at that is waited for.
const POLL: Duration = Duration::from_millis(100);
/// The number of chunks that wait after what is made ahead.
const AHEAD: usize = 2;
/// A chunk is kept for this long after it was played, in seconds, so that what was published of it can be made again; in a small buffer for
/// a quarter of its time.
const KEPT_SECONDS: u64 = 600;

/// Takes chunks from a buffer, and adds them to the program of a station.
pub struct Feeder {
    buffer: RollingBuffer,
    rate: SampleRate,
    contents: ContentIndex,
    /// Chunks that were taken and are not in the program yet.
    pending: VecDeque<Taken>,
    /// The configuration of the station with the time of its last change, to follow it.
    config: PathBuf,
    changed: Option<SystemTime>,
    /// Whether chunks that a crash has left between the buffer and the program were looked for.
    reconciled: bool,
}

impl Feeder {
    /// Takes chunks from the buffer in a folder, for a station with a sample rate. The settings are those of `[buffer]` in the file
    /// `config`, also when it is changed.
    ///
    /// # Errors
    /// Those of opening the buffer.
    pub fn open(folder: &Path, settings: BufferSettings, rate: SampleRate, config: &Path) -> Result<Self, Error> {
        let buffer = RollingBuffer::open(folder, settings)?;
        let changed = StationConfig::changed_at(config);
        let (contents, config) = (ContentIndex::default(), config.to_owned());
        Ok(Self { buffer, rate, contents, pending: VecDeque::new(), config, changed, reconciled: false })
    }

    /// Checks that the buffer is long enough for a station that makes `ahead` seconds before they are heard.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is not.
    pub fn check_length(&self, ahead: f64) -> Result<(), Error> {
        let settings = self.buffer.settings();
        let (chunks, seconds) = (settings.chunks, settings.chunk_seconds);
        let needed = (2.0 * ahead / f64::from(seconds)).ceil() as usize + 2 * AHEAD;
        if chunks >= needed {
            return Ok(());
        }
        let advice = format!("give at least {needed} chunks, or a smaller --window");
        Err(Error::Invalid(format!(
            "[buffer]: {chunks} chunks of {seconds} s are too few for a station that makes {ahead:.0} s ahead: {advice}"
        )))
    }

    /// Reads the configuration again if it has changed.
    fn follow(&mut self) {
        let changed = StationConfig::changed_at(&self.config);
        if changed.is_none() || changed == self.changed {
            return;
        }
        self.changed = changed;
        let settings = StationConfig::read(&self.config)
            .and_then(|config| config.buffer.map(|buffer| buffer.settings()).transpose());
        match settings {
            Ok(Some(settings)) => self.buffer.set_settings(settings),
            Ok(None) => {
                tracing::warn!("[buffer] was removed: the station plays what is left of it; restart it to end that")
            }
            Err(error) => tracing::error!("the station plays generated music as before: {error}"),
        }
    }

    /// The state of the buffer in numbers.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn status(&mut self) -> Result<Status, Error> {
        self.buffer.status()
    }

    /// The chunks with which the program of a new station begins: so many that they last for `seconds`, and some more.
    ///
    /// # Errors
    /// Those of taking them.
    pub fn first(&mut self, seconds: f64) -> Result<Vec<Item>, Error> {
        self.reconciled = true;
        let mut items = Vec::new();
        for _ in 0..self.needed_first(seconds) {
            // Without enough new chunks the filler plays; repeats so soon would be worse.
            if self.buffer.contents()?.available().next().is_none() {
                break;
            }
            if let Some(taken) = self.buffer.take(0)? {
                items.extend(self.item(&taken)?);
            }
        }
        Ok(items)
    }

    /// The number of chunks that last for `seconds`, and some more.
    fn needed_first(&self, seconds: f64) -> usize {
        (seconds / f64::from(self.buffer.settings().chunk_seconds)).ceil() as usize + AHEAD
    }

    /// Waits until a new station can begin with generated music that lasts for `seconds`, at most for the time `longest`.
    ///
    /// # Errors
    /// Those of reading the buffer.
    pub fn wait(&mut self, seconds: f64, longest: Duration) -> Result<(), Error> {
        let (begun, needed) = (Instant::now(), self.needed_first(seconds).min(self.buffer.settings().chunks));
        while self.buffer.contents()?.available().count() < needed && begun.elapsed() < longest {
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Adds chunks to the program, until enough of them wait. `played` is the number of frames that were played.
    ///
    /// # Errors
    /// Those of taking chunks, and of adding them to the program. A chunk that was taken is added the next time.
    pub fn feed(&mut self, publisher: &mut Publisher, played: Frames) -> Result<(), Error> {
        self.follow();
        if !self.reconciled {
            self.reconcile(publisher)?;
        }
        let settings = self.buffer.settings();
        let quarter = settings.chunks as u64 * u64::from(settings.chunk_seconds) / 4;
        let kept = KEPT_SECONDS.min(quarter) * u64::from(self.rate.get());
        loop {
            let (waiting, needed) = publisher.chunks(played.0.saturating_sub(kept));
            if waiting > AHEAD {
                return Ok(());
            }
            if self.pending.is_empty() {
                self.buffer.continue_after(publisher.last_take().unwrap_or(0))?;
                self.pending.extend(self.buffer.take(needed)?);
            }
            let Some(taken) = self.pending.front().cloned() else { return Ok(()) };
            if let Some(item) = self.item(&taken)? {
                publisher.change(played, |changes, from, program| changes.add_chunk(item, from, program))?;
            }
            self.pending.pop_front();
        }
    }

    /// Adds the chunks to the program that were taken before a crash, and were not added.
    fn reconcile(&mut self, publisher: &mut Publisher) -> Result<(), Error> {
        let taken = self.buffer.last_taken()?;
        // A program without chunks has lost the first ones of a new buffer, or began before it had a buffer.
        let last = publisher.last_take().unwrap_or_else(|| match taken.first() {
            Some(first) if first.take == 1 => 0,
            _ => u64::MAX,
        });
        self.pending.extend(taken.into_iter().filter(|taken| taken.take > last));
        self.reconciled = true;
        Ok(())
    }

    /// The item of a chunk; `None` if its file cannot be read or is another one, which is logged and counted.
    fn item(&mut self, taken: &Taken) -> Result<Option<Item>, Error> {
        let Taken { take, chunk, repeat } = taken;
        let path = self.buffer.path(chunk);
        let opened = self.contents.open(&path).map_err(Error::from).and_then(|music| {
            if music.hash().is_none_or(|hash| hash.to_string() != chunk.hash) {
                return Err(Error::Invalid(format!("{}: the file has changed", path.display())));
            }
            let (_, info) = FileInput::from_opener(move || music.reader(), Some(self.rate))?;
            Ok(info.frames)
        });
        let frames = match opened {
            Ok(frames) => frames,
            Err(error) => {
                tracing::error!("a chunk of the buffer is left out: {error}");
                self.buffer.lose(chunk.id)?;
                return Ok(None);
            }
        };
        Ok(Some(Item {
            hash: chunk.hash.clone(),
            frames,
            gain_db: chunk.gain_db,
            chunk: Some(ItemChunk { take: *take, prompt: chunk.prompt.clone(), repeat: *repeat }),
            ..Item::untagged(ItemKind::Track, path, chunk.prompt.clone())
        }))
    }
}
