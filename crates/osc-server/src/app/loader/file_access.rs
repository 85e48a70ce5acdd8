//! How files are resolved and decoded, and the result of a load.

use super::super::generators::{Generators, is_generator};
use super::load_monitor::LoadMonitor;
use super::memory_budget::MemoryBudget;
use crate::refusal::RefusalKind;
use crowd_engine::Track;
use crowd_library::MediaRoot;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Resolves the path of a message to a file. The error is a text for the user.
pub type ResolveFn = Arc<dyn Fn(&str) -> Result<PathBuf, String> + Send + Sync>;
/// Decodes a file at the engine's sample rate. The error is a text for the user. System calls that may not return are made
/// through the [`LoadMonitor`]. When the monitor is cancelled, long work ends early.
pub type DecodeFn = Arc<dyn Fn(&Path, &Arc<LoadMonitor>) -> Result<Track, String> + Send + Sync>;

/// How files are resolved and decoded.
#[derive(Clone)]
pub struct FileAccess {
    /// The folder in which relative paths begin.
    pub base_folder: PathBuf,
    /// Resolves paths.
    pub resolve: ResolveFn,
    /// Decodes files. With `None`, files are only resolved until [`Loader::set_decoder`](super::Loader::set_decoder) is
    /// called.
    pub decode: Option<DecodeFn>,
    /// The memory for all files.
    pub memory: MemoryBudget,
    /// The generators that are loaded in place of files.
    pub generators: Generators,
    /// The longest time for which a system call of a load may not return. After that time the load is given up.
    pub timeout: Duration,
}

impl FileAccess {
    /// The default of `timeout`. Disks that were asleep need some ten seconds.
    pub const TIMEOUT: Duration = Duration::from_secs(20);

    /// Access to the files that `media` permits, which `decode` decodes. The timeout is [`TIMEOUT`](Self::TIMEOUT), and the
    /// memory is not limited.
    #[must_use]
    pub fn new(media: MediaRoot, decode: DecodeFn) -> Self {
        Self { decode: Some(decode), ..Self::without_decoder(media) }
    }

    /// Access to the files that `media` permits, without a decoder.
    #[must_use]
    pub fn without_decoder(media: MediaRoot) -> Self {
        let base_folder =
            media.folder().map(Path::to_owned).or_else(|| std::env::current_dir().ok()).unwrap_or_default();
        let resolve: ResolveFn = Arc::new(move |path| {
            // A prompt is no path: it is passed on as it is.
            if is_generator(path) { Ok(path.into()) } else { media.resolve(path).map_err(|error| error.to_string()) }
        });
        Self {
            base_folder,
            resolve,
            decode: None,
            memory: MemoryBudget::new(u64::MAX),
            generators: Generators::default(),
            timeout: Self::TIMEOUT,
        }
    }
}

/// The id of a load.
pub type LoadId = u64;

/// A load that has ended.
#[derive(Debug)]
pub struct FinishedLoad {
    /// Its id.
    pub load: LoadId,
    /// The track, or the kind and the text of the refusal.
    pub result: Result<Track, (RefusalKind, String)>,
}
