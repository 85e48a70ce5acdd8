//! The setup for serving and for rendering. It resolves files, reads the movement table, and makes the app.

use super::error::Error;
use crate::app::{self, App, FileAccess, Loader, MemoryBudget, Settings, StartupFile};
use crate::bpm_config::{self, BpmConfig};
use crate::cli::ServeArgs;
use crate::ids::BufferId;
use crate::system_memory;
use crowd_cli::file_lookup;
use crowd_library::MediaRoot;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The memory for files, in bytes, where the system does not report its memory.
const DEFAULT_MEMORY: u64 = 1 << 30;

/// The largest number of commands in the engine's queue. It has room for several bursts of a thousand messages.
pub(super) const QUEUE: usize = 16_384;

/// The file with the movement table when `--bpm-config` is not given.
const BPM_CONFIG: &str = "bpm_config.json";

/// The longest time for which the start waits for a disk that does not answer. A short `--load-timeout` shortens it.
const MAX_RESOLVE_TIME: Duration = Duration::from_secs(2);

/// Logs the effect that the given old flags have now.
pub(super) fn log_notes(serve: &ServeArgs) {
    for note in serve.notes() {
        tracing::info!("{note}");
    }
}

/// Starts the threads that resolve and decode files. They decode none until [`start_app`] sets the decoder.
pub(super) fn start_loader(serve: &ServeArgs, media: MediaRoot) -> io::Result<Loader> {
    let total = serve.memory_total.unwrap_or_else(|| system_memory::bytes().map_or(DEFAULT_MEMORY, |bytes| bytes / 4));
    tracing::debug!("files take {} MiB of memory at most", total >> 20);
    let timeout = Duration::from_secs_f64(serve.load_timeout);
    Loader::start(FileAccess { memory: MemoryBudget::new(total), timeout, ..FileAccess::without_decoder(media) })
}

/// Resolves the files of `--a` to `--d`. A file that does not exist ends the program before anything plays. A file whose
/// disk does not answer is loaded when the disk answers, or refused later.
pub(super) fn resolve_startup_files(serve: &ServeArgs, loader: &mut Loader) -> Result<Vec<StartupFile>, Error> {
    let request = |(deck, path): (_, String)| {
        let load = loader.request(BufferId::first_of(deck), &path);
        StartupFile { deck, path, load }
    };
    let files: Vec<_> = serve.startup_files().into_iter().map(request).collect();
    // It is shorter than the timeout of the loader, so that the app exists when a load is given up, and reports it.
    let timeout = MAX_RESOLVE_TIME.min(Duration::from_secs_f64(serve.load_timeout / 2.0));
    let mut refused = loader.resolve_all(timeout);
    for StartupFile { deck, load, .. } in &files {
        if let Some((_, cause)) = refused.remove(load) {
            return Err(Error::StartupFile { deck: *deck, cause });
        }
    }
    for StartupFile { deck, path, .. } in files.iter().filter(|file| !loader.is_resolved(file.load)) {
        let flag = deck.to_string().to_ascii_lowercase();
        tracing::warn!("--{flag}: {path}: its disk does not answer yet: starting without it");
    }
    Ok(files)
}

/// Makes the app, and performs the flags that load files and start decks.
pub(super) fn start_app(mut settings: Settings, serve: &ServeArgs, loader: Loader, files: Vec<StartupFile>) -> App {
    settings.equaliser = !serve.legacy.disable_filters;
    settings.stretch = serve.stretch();
    let (memory, generators) = (loader.memory().clone(), loader.generators().clone());
    loader.set_decoder(app::decoder(settings.sample_rate, serve.memory_limit << 20, memory, generators));
    let mut app = App::new(&settings, loader);
    app.start_up(&serve.startup(files));
    app
}

/// Reads the movement table of the given file, or of the one in the current folder if there is one.
pub(super) fn read_bpm_config(serve: &ServeArgs) -> Result<BpmConfig, Error> {
    let base = serve.bpm;
    let path = serve.bpm_config.as_deref().unwrap_or(Path::new(BPM_CONFIG));
    let given = serve.bpm_config.as_deref().map(file_lookup::find).transpose();
    let path = &given.map_err(|error| Error::file("--bpm-config", path, error))?.unwrap_or_else(|| path.to_owned());
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if serve.bpm_config.is_none() && error.kind() == io::ErrorKind::NotFound => {
            return Ok(BpmConfig::new(base));
        }
        Err(error) => return Err(Error::file("--bpm-config", path, error)),
    };
    let (config, warnings) = match bpm_config::parse(&text, base) {
        Ok(parsed) => parsed,
        Err(problem) => {
            tracing::warn!("{}: {problem}: the default movement table is used", path.display());
            return Ok(BpmConfig::new(base));
        }
    };
    tracing::info!("movement table read from {}", path.display());
    for warning in warnings {
        tracing::warn!("{}: {warning}", path.display());
    }
    Ok(config)
}
