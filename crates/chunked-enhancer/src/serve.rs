//! From the command line to a server that runs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "s3")]
use crowd_library::Library;
use crowd_store::s3::S3Store;
use crowd_store::{DiskStore, Store};

use crate::cli::Serve;
use crate::error::Error;
use crate::http::{App, Limits, serve as serve_http};
use crate::jobs::{Jobs, Settings};
use crate::measure::Measurements;
use crate::rendition::CHUNKS;

/// Shortest token that is worth anything.
const SHORTEST_TOKEN: usize = 8;

/// Serves until told to stop.
///
/// # Errors
/// When the library, the cache or the port cannot be had.
pub fn serve(options: &Serve) -> Result<(), Error> {
    let library =
        options.library.as_deref().ok_or_else(|| Error::Invalid("--library: give a folder of music".to_owned()))?;
    if let Some(token) = options.token.as_deref().filter(|token| token.len() < SHORTEST_TOKEN) {
        return Err(Error::Invalid(format!(
            "--token: {} characters are too few: give {SHORTEST_TOKEN} or more",
            token.len()
        )));
    }
    let library = Arc::new(Library::open(library)?);
    let cache = options
        .cache_dir
        .clone()
        .or_else(default_cache)
        .ok_or_else(|| Error::Invalid("no cache folder is known here: give --cache-dir DIR".to_owned()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|e| Error::io("the server's threads", "start", e))?;
    let store = store(options, &cache)?;
    let workers =
        options.workers.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let measurements = Measurements::kept_in(&cache.join("records"))?;
    let jobs = Jobs::start(store, measurements, Settings { workers, jobs: options.max_jobs.into() })
        .map_err(|e| Error::io("the makers' threads", "start", e))?;
    let limits = Limits {
        streams: options.max_streams.into(),
        connections: options.max_connections.into(),
        token: options.token.clone(),
    };
    let app = Arc::new(App::new(library, jobs, limits));
    let address = SocketAddr::new(options.bind, options.port);
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(address))
        .map_err(|e| Error::Invalid(format!("cannot listen on {address}: {e}; give another --port or --bind")))?;
    let address = listener.local_addr().unwrap_or(address);
    if !options.bind.is_loopback() && options.token.is_none() {
        tracing::warn!("anybody who reaches {address} can listen: --token gives it a secret");
    }
    if let Err(error) = app.library.watch(Duration::from_secs(options.rescan)) {
        tracing::error!("the library cannot be looked through: {error}");
    }
    tracing::info!(cache = %cache.display(), workers, "listening on http://{address}");
    let result =
        runtime.block_on(serve_http(app, listener)).map_err(|e| Error::io(address.to_string(), "listen on", e));
    // What is being read or written for somebody who is gone does not hold the end up.
    runtime.shutdown_timeout(Duration::from_millis(500));
    result
}

fn store(options: &Serve, cache: &Path) -> Result<Arc<dyn Store>, Error> {
    let disk = DiskStore::open(cache, options.cache_size, CHUNKS)?;
    #[cfg(feature = "s3")]
    if let Some(url) = &options.share {
        return Ok(Arc::new(S3Store::open(disk, url, None)?));
    }
    Ok(Arc::new(disk))
}

/// Where programs of the user keep what they can make again (XDG Base Directory Specification).
fn default_cache() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    Some(of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache")))?.join("enhance-server"))
}
