//! Worker threads that turn paths into tracks while the music plays.

use crate::media_root::MediaRoot;
use crate::refusal::{Kind, Refusal};
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};
use crowd_engine::{SampleRate, Track};
use crowd_media::{DecodeOptions, Info};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// Files that are read at the same time.
const WORKERS: usize = 3;
/// Files that may wait to be read.
const QUEUE: usize = 4_096;

/// Reads a file at the engine's sample rate; an error is what to tell the user.
pub type Decode = Arc<dyn Fn(&Path) -> Result<Track, String> + Send + Sync>;

/// Reads files at `rate`. What would take more than `limit` bytes of memory is streamed from disk while it plays.
#[must_use]
pub fn decoder(rate: SampleRate, limit: u64) -> Decode {
    Arc::new(move |path| {
        let info = crowd_media::probe(path).map_err(|error| error.to_string())?;
        if held(&info, rate).is_some_and(|bytes| bytes > limit) {
            return stream(path, rate, limit);
        }
        let options = DecodeOptions { max_bytes: Some(limit), ..DecodeOptions::default() };
        let audio = match crowd_media::open(path, &options) {
            Ok(audio) => audio,
            Err(crowd_media::Error::TooLarge { .. }) => return stream(path, rate, limit),
            Err(error) => return Err(error.to_string()),
        };
        Track::from_audio(audio, rate).map_err(|error| format!("{}: {error}", path.display()))
    })
}

/// Bytes that a file takes in memory, if it says how long it is: stereo at most, and 16 bits as long as nothing is
/// converted.
fn held(info: &Info, rate: SampleRate) -> Option<u64> {
    let converted = info.sample_rate != rate.get() || info.channels > 2;
    let sample = if info.bits.is_some_and(|bits| bits <= 16) && !converted { 2 } else { 4 };
    let frames = info.frames?.saturating_mul(u64::from(rate.get())) / u64::from(info.sample_rate.max(1));
    Some(frames.saturating_mul(u64::from(info.channels.min(2)) * sample))
}

fn stream(path: &Path, rate: SampleRate, limit: u64) -> Result<Track, String> {
    let track = Track::stream(path, rate).map_err(|error| error.to_string())?;
    tracing::info!("{}: over {} MiB in memory, streamed from disk instead", path.display(), limit >> 20);
    Ok(track)
}

/// Which of many loads.
pub type Ticket = u64;

/// A load that came to its end.
#[derive(Debug)]
pub struct Loaded {
    /// Which one.
    pub ticket: Ticket,
    /// The track, or what kind of refusal this is and its text.
    pub result: Result<Track, (Kind, String)>,
}

/// The sending side of the workers.
#[derive(Debug)]
pub struct Loader {
    media: MediaRoot,
    jobs: Sender<(Ticket, PathBuf)>,
    done: Receiver<Loaded>,
    last: Ticket,
    outstanding: usize,
}

impl Loader {
    /// Starts the workers. They end when the loader is dropped.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(media: MediaRoot, decode: Decode) -> std::io::Result<Self> {
        let (jobs, work) = bounded::<(Ticket, PathBuf)>(QUEUE);
        let (finished, done) = unbounded();
        for n in 1..=WORKERS {
            let (work, finished, decode) = (work.clone(), finished.clone(), decode.clone());
            thread::Builder::new().name(format!("load-{n}")).spawn(move || {
                for (ticket, file) in work {
                    let result = load(&decode, &file);
                    if finished.send(Loaded { ticket, result }).is_err() {
                        return;
                    }
                }
            })?;
        }
        Ok(Self { media, jobs, done, last: 0, outstanding: 0 })
    }

    /// Asks for a file.
    ///
    /// # Errors
    /// [`Kind::Path`] when it is not there or may not be opened, [`Kind::Busy`] when too many files wait already.
    pub fn request(&mut self, path: &str) -> Result<Ticket, Refusal> {
        let file = self.media.resolve(path).map_err(|error| Refusal::new(Kind::Path, "", error.to_string()))?;
        let ticket = self.last + 1;
        self.jobs
            .try_send((ticket, file))
            .map_err(|_| Refusal::new(Kind::Busy, "", "too many files wait to be read: try again in a moment"))?;
        self.last = ticket;
        self.outstanding += 1;
        Ok(ticket)
    }

    /// A load that has ended, if there is one.
    pub fn poll(&mut self) -> Option<Loaded> {
        match self.done.try_recv() {
            Ok(loaded) => {
                self.outstanding -= 1;
                Some(loaded)
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
        }
    }

    /// Waits for the next load to end; `None` when none is under way.
    pub fn wait(&mut self) -> Option<Loaded> {
        if self.outstanding == 0 {
            return None;
        }
        self.outstanding -= 1;
        self.done.recv().ok()
    }

    /// Becomes readable when a load has ended.
    #[must_use]
    pub const fn signal(&self) -> &Receiver<Loaded> {
        &self.done
    }
}

/// A decoder that panics on a hostile file does not take the worker with it.
fn load(decode: &Decode, file: &Path) -> Result<Track, (Kind, String)> {
    match catch_unwind(AssertUnwindSafe(|| decode(file))) {
        Ok(Ok(track)) => {
            for warning in track.warnings() {
                tracing::warn!("{}: {warning}", file.display());
            }
            if let Some(gain_db) = track.downmix_gain_db() {
                tracing::info!("{}: {}", file.display(), crowd_media::downmix_note(gain_db));
            }
            Ok(track)
        }
        Ok(Err(text)) => Err((Kind::Load, text)),
        Err(_) => Err((Kind::Load, format!("{}: the decoder failed on this file", file.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crowd_engine::SampleRate;

    fn loader(decode: impl Fn(&Path) -> Result<Track, String> + Send + Sync + 'static) -> Loader {
        Loader::start(MediaRoot::unrestricted(), Arc::new(decode)).unwrap()
    }

    #[test]
    fn every_request_comes_to_an_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let mut loader = loader(|_| Ok(Track::from_interleaved(vec![0.0; 8], SampleRate::CD, 2).unwrap()));
        let tickets: Vec<_> = (0..50).map(|_| loader.request(path).unwrap()).collect();
        assert_eq!(loader.request("/no/such/file").unwrap_err().kind, Kind::Path);
        let mut ended = Vec::new();
        while let Some(loaded) = loader.wait() {
            assert!(loaded.result.is_ok());
            ended.push(loaded.ticket);
        }
        ended.sort_unstable();
        assert_eq!(ended, tickets);
    }

    #[test]
    fn a_decoder_that_panics_costs_one_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut loader = loader(|_| panic!("hostile"));
        for _ in 0..2 * WORKERS {
            loader.request(file.path().to_str().unwrap()).unwrap();
        }
        for _ in 0..2 * WORKERS {
            assert_eq!(loader.wait().unwrap().result.unwrap_err().0, Kind::Load);
        }
        assert!(loader.wait().is_none());
    }
}
