//! Starts the server and runs it until it is stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crowd_library::{ContentIndex, Library};
#[cfg(feature = "s3")]
use crowd_store::s3::S3Store;
use crowd_store::{DiskStore, Store};
use crowd_web::{HttpService, Limits, listen, open_files};
use tokio::sync::oneshot;

use crate::cli::Serve;
use crate::error::Error;
use crate::http::{App, router};
use crate::jobs::{Jobs, Settings};
use crate::measure::Measurements;
use crate::rendition::CHUNKS;
use crate::stored_hashes::StoredHashes;
use crate::uploads::Uploads;

/// The paths that are answered even when all connections are in use.
const VITAL_PATHS: [&str; 2] = ["/healthz", "/metrics"];

/// The number of open files that does not depend on the streams: logs, the listening socket, and files being made, measured and scanned.
const OTHER_FILES: u64 = 64;

/// Serves until a signal stops it.
///
/// # Errors
/// When the library, the cache or the port cannot be opened.
pub fn serve(options: &Serve) -> Result<(), Error> {
    let library =
        options.library.as_deref().ok_or_else(|| Error::Invalid("--library: give a folder of music".to_owned()))?;
    let token = options.access.token().map_err(Error::Invalid)?;
    let identity = options.address.identity().map_err(|e| Error::Invalid(format!("cannot serve HTTPS: {e}")))?;
    let library = Arc::new(Library::open(library)?);
    let cache = options
        .cache_dir
        .clone()
        .or_else(default_cache)
        .ok_or_else(|| Error::Invalid("the user has no cache folder: give --cache-dir DIR".to_owned()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|e| Error::io("the server's threads", "start", e))?;
    let (signal, signalled) = oneshot::channel::<()>();
    // Nothing is sent over this channel. A signal drops the sender.
    crowd_cli::stop::on_signal(move || drop(signal)).map_err(|e| Error::io("signals", "wait for", e))?;
    let store = store(options, &cache)?;
    let workers =
        options.workers.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let records = cache.join("records");
    let (measurements, hashes) = (Measurements::kept_in(&records)?, StoredHashes::open(&records)?);
    let jobs = Jobs::start(store, measurements, Settings { workers, jobs: options.max_jobs.into() })
        .map_err(|e| Error::io("the jobs' thread", "start", e))?;
    let (contents, connections) = (ContentIndex::with_hash_store(hashes), options.access.connections());
    let uploads = Arc::new(Uploads::open(&cache).map_err(|error| Error::Failed(error.to_string().into()))?);
    let streams = options.access.max_streams.into();
    let app = Arc::new(App::new(library, contents, uploads.clone(), jobs, streams, connections.clone()));
    let base = &options.address.base_path;
    if let Err(few) = open_files::raise_limit(files_needed(options)) {
        tracing::warn!("{few}");
    }
    let listener = runtime.block_on(listen(options.address.socket())).map_err(|e| Error::Invalid(e.to_string()))?;
    let address = listener.local_addr().unwrap_or(options.address.socket());
    if !options.address.bind.is_loopback() && token.is_none() {
        tracing::warn!("anybody who reaches {address} can listen: --token sets a secret");
    }
    if let Err(error) = app.library.watch(Duration::from_secs(options.rescan)) {
        tracing::error!("the library cannot be scanned: {error}");
    }
    let scheme = if identity.is_some() { "https" } else { "http" };
    tracing::info!(cache = %cache.display(), workers, "listening on {scheme}://{address}{base}");
    let vital_paths = VITAL_PATHS.map(|path| format!("{base}{path}")).into();
    let (hosts, responses) = (options.address.hosts(token.is_some()), app.responses.clone());
    let router = crowd_web::service(router(app, token), base.clone(), hosts, responses);
    let service = HttpService { router, vital_paths, identity };
    let stop = async move { _ = signalled.await };
    let served = crowd_web::serve(service, listener, connections, stop);
    let result = runtime.block_on(served).map_err(|e| Error::io(address.to_string(), "listen on", e));
    // Reads and writes for clients that have disconnected do not delay the end.
    runtime.shutdown_timeout(Duration::from_millis(500));
    uploads.end();
    result
}

/// The largest number of files and connections that are open at once. Each connection may keep a track open, even while playback is paused.
/// Each stream may keep a chunk open.
fn files_needed(options: &Serve) -> u64 {
    let (connections, streams) = (options.access.max_connections.get(), options.access.max_streams.get());
    let connections = connections.saturating_add(Limits::default().reserve) as u64;
    connections.saturating_mul(2).saturating_add(streams as u64).saturating_add(OTHER_FILES)
}

fn store(options: &Serve, cache: &Path) -> Result<Arc<dyn Store>, Error> {
    let disk = DiskStore::open(cache, options.cache_size, CHUNKS)?;
    #[cfg(feature = "s3")]
    if let Some(url) = &options.share {
        return Ok(Arc::new(S3Store::open(disk, url, None)?));
    }
    Ok(Arc::new(disk))
}

/// The cache folder of the user (XDG Base Directory Specification).
fn default_cache() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    Some(of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache")))?.join("enhance-server"))
}
