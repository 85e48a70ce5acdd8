//! How files are found and read, and what comes of it.

use super::memory::Memory;
use super::watch::Watch;
use crate::refusal::Kind;
use crowd_engine::Track;
use crowd_library::MediaRoot;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Finds the file that a path means; an error is what to tell the user.
pub type Resolve = Arc<dyn Fn(&str) -> Result<PathBuf, String> + Send + Sync>;
/// Reads a file at the engine's sample rate; an error is what to tell the user. What may hang goes through the [`Watch`],
/// and what takes long ends early when that says that it is not wanted any more.
pub type Decode = Arc<dyn Fn(&Path, &Arc<Watch>) -> Result<Track, String> + Send + Sync>;

/// How files are found and read.
#[derive(Clone)]
pub struct Files {
    /// What relative paths count from.
    pub base: PathBuf,
    /// Finds them.
    pub resolve: Resolve,
    /// Reads them; `None`: they are only found, until [`Loader::read_with`](super::Loader::read_with) says how they are read.
    pub decode: Option<Decode>,
    /// What they take in all.
    pub memory: Memory,
    /// After how long without an answer of the system a file is given up.
    pub timeout: Duration,
}

impl Files {
    /// After how long without an answer a file is given up, unless something else is said. Disks that slept need some ten
    /// seconds.
    pub const TIMEOUT: Duration = Duration::from_secs(20);

    /// Those that `media` lets in, read by `decode`; given up after [`TIMEOUT`](Self::TIMEOUT), with no limit to memory.
    #[must_use]
    pub fn new(media: MediaRoot, decode: Decode) -> Self {
        Self { decode: Some(decode), ..Self::to_be_found(media) }
    }

    /// The same, read by nothing yet.
    #[must_use]
    pub fn to_be_found(media: MediaRoot) -> Self {
        let base = media.folder().map(Path::to_owned).or_else(|| std::env::current_dir().ok()).unwrap_or_default();
        let resolve: Resolve = Arc::new(move |path| media.resolve(path).map_err(|error| error.to_string()));
        Self { base, resolve, decode: None, memory: Memory::new(u64::MAX), timeout: Self::TIMEOUT }
    }
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
