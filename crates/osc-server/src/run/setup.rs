//! What serving and rendering have in common: files are found, the movement table is read, the app is made.

use super::error::Error;
use crate::app::{self, App, Files, Loader, Memory, Settings, Wanted};
use crate::bpm_config::{self, BpmConfig};
use crate::cli::Serve;
use crate::ids::BufferId;
use crate::ram;
use crowd_cli::names;
use crowd_library::MediaRoot;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Memory for files where the system does not tell how much there is.
const UNTOLD_MEMORY: u64 = 1 << 30;

/// Commands that may be on their way to the engine: some bursts of a thousand messages.
pub(super) const QUEUE: usize = 16_384;

/// Where the movement table is looked for unless a file is named.
const BPM_CONFIG: &str = "bpm_config.json";

/// How long a disk may give no answer before the start goes ahead without having found a file of it. Shorter where
/// `--load-timeout` is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says what the command line means, where that is not what it seems.
pub(super) fn tell(serve: &Serve) {
    for note in serve.notes() {
        tracing::info!("{note}");
    }
}

/// Starts the threads that find and read files. They read none before [`start_app`] says at which sample rate.
pub(super) fn start_loader(serve: &Serve, media: MediaRoot) -> io::Result<Loader> {
    let total = serve.memory_total.unwrap_or_else(|| ram::bytes().map_or(UNTOLD_MEMORY, |bytes| bytes / 4));
    tracing::debug!("files take {} MiB of memory at most", total >> 20);
    let timeout = Duration::from_secs_f64(serve.load_timeout);
    Loader::start(Files { memory: Memory::new(total), timeout, ..Files::to_be_found(media) })
}

/// Has the files of `--a` to `--d` found: a name that was mistyped ends the program before anything sounds. What lies on a disk
/// that gives no answer is loaded when it does, or refused later.
pub(super) fn find_music(serve: &Serve, loader: &mut Loader) -> Result<Vec<Wanted>, Error> {
    let ask = |(deck, path): (_, String)| {
        let ticket = loader.request(BufferId::first_of(deck), &path);
        Wanted { deck, path, ticket }
    };
    let wanted: Vec<_> = serve.music().into_iter().map(ask).collect();
    // Before the loader gives up: what hangs is to be told by the app.
    let patience = PATIENCE.min(Duration::from_secs_f64(serve.load_timeout / 2.0));
    let mut refused = loader.find(patience);
    for Wanted { deck, ticket, .. } in &wanted {
        if let Some((_, cause)) = refused.remove(ticket) {
            return Err(Error::Music { deck: *deck, cause });
        }
    }
    for Wanted { deck, path, .. } in wanted.iter().filter(|wanted| !loader.is_found(wanted.ticket)) {
        let flag = deck.to_string().to_ascii_lowercase();
        tracing::warn!("--{flag}: {path}: its disk gives no answer yet: the start goes ahead without it");
    }
    Ok(wanted)
}

/// The app with what the command line says, before its first message.
pub(super) fn start_app(mut settings: Settings, serve: &Serve, loader: Loader, music: Vec<Wanted>) -> App {
    settings.filters = !serve.legacy.disable_filters;
    settings.stretch = serve.stretch();
    let memory = loader.memory().clone();
    loader.read_with(app::decoder(settings.sample_rate, serve.memory_limit << 20, memory));
    let mut app = App::new(&settings, loader);
    app.open_with(&serve.opening(music));
    app
}

/// The movement table of the file that was named, or of the one in the current folder if there is one.
pub(super) fn read_bpm_config(serve: &Serve) -> Result<BpmConfig, Error> {
    let base = serve.bpm;
    let path = serve.bpm_config.as_deref().unwrap_or(Path::new(BPM_CONFIG));
    let found = serve.bpm_config.as_deref().map(names::find).transpose();
    let path = &found.map_err(|error| Error::file("--bpm-config", path, error))?.unwrap_or_else(|| path.to_owned());
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if serve.bpm_config.is_none() && error.kind() == io::ErrorKind::NotFound => {
            return Ok(BpmConfig::new(base));
        }
        Err(error) => return Err(Error::file("--bpm-config", path, error)),
    };
    let (config, notes) = match bpm_config::read(&text, base) {
        Ok(read) => read,
        Err(problem) => {
            tracing::warn!("{}: {problem}: the default movement table is used", path.display());
            return Ok(BpmConfig::new(base));
        }
    };
    tracing::info!("movement table read from {}", path.display());
    for note in notes {
        tracing::warn!("{}: {note}", path.display());
    }
    Ok(config)
}
