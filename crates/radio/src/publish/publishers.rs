//! Starts the publishers, each in a thread of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use crowd_engine::Frames;
use crowd_streaming::icecast::source::{Password, SourceRequest};
use tokio::sync::watch;

use super::hls_put::HlsPut;
use super::icecast::IcecastSource;
use super::icecast_url::{IcecastUrl, StreamFormat};
use super::progress::Progress;
use super::target::Target;
use crate::error::Error;
use crate::station::{LiveStream, Published};

/// What publishers publish.
#[derive(Clone, Debug)]
pub struct PublishedStreams {
    /// The name of the station.
    pub station: String,
    /// The sample rate of the sound, in Hz.
    pub sample_rate: u32,
    /// The segments and playlists.
    pub published: watch::Receiver<Arc<Published>>,
    /// How much of the program was played.
    pub played: watch::Receiver<Frames>,
    /// The stream of AAC frames with its bit rate, if there is one.
    pub aac: Option<(Arc<LiveStream>, u32)>,
    /// The stream of pages of Opus with its bit rate, if there is one.
    pub opus: Option<(Arc<LiveStream>, u32)>,
}

/// What the thread of a publisher does until it is stopped.
type Work = Box<dyn FnOnce(&AtomicBool) + Send>;

/// The publishers of a station.
#[derive(Debug)]
pub struct Publishers {
    targets: Vec<(Target, Arc<Progress>)>,
    /// The password of servers whose URL has none.
    password: Option<Password>,
}

impl Publishers {
    /// Publishers for these targets, which do not run yet. `password` is that of Icecast servers whose URL has none.
    /// A target that is there twice is used once.
    pub fn new(targets: Vec<Target>, password: Option<Password>) -> Self {
        let mut counts = BTreeMap::new();
        let mut different: Vec<Target> = Vec::new();
        for target in targets {
            if !different.contains(&target) {
                different.push(target);
            }
        }
        let named = different.into_iter().map(|target| {
            let name = target.name();
            let count = counts.entry(name.clone()).and_modify(|count| *count += 1).or_insert(1);
            // Without their secrets, URLs may be equal.
            let name = if *count == 1 { name } else { format!("{name} ({count})") };
            (target, Arc::new(Progress::new(name)))
        });
        Self { targets: named.collect(), password }
    }

    /// The state of each publisher.
    pub fn progress(&self) -> Vec<Arc<Progress>> {
        self.targets.iter().map(|(_, progress)| progress.clone()).collect()
    }

    /// The state of the publisher on IPFS, which the server starts, if there is one.
    pub fn ipfs(&self) -> Option<Arc<Progress>> {
        self.targets.iter().find(|(target, _)| *target == Target::Ipfs).map(|(_, progress)| progress.clone())
    }

    /// Starts all others. They run until `stopped`, and nothing waits for them.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the station does not make what a publisher needs; [`Error::Io`] when a thread cannot be started.
    pub fn start(self, streams: &PublishedStreams, stopped: &Arc<AtomicBool>) -> Result<(), Error> {
        let Self { targets, password } = self;
        let mut work: Vec<Work> = Vec::new();
        for (target, progress) in targets {
            match target {
                Target::Ipfs => {}
                Target::Icecast(url) => {
                    let source = source(url, password.clone(), streams, progress)?;
                    work.push(Box::new(|stopped| source.run(stopped)));
                }
                Target::HlsPut(url) => {
                    let uploads = HlsPut::new(url, streams.published.clone(), progress);
                    work.push(Box::new(|stopped| uploads.run(stopped)));
                }
            }
        }
        for run in work {
            let stopped = stopped.clone();
            let spawned = thread::Builder::new().name("publish".to_owned()).spawn(move || run(&stopped));
            spawned.map_err(|error| Error::io("the thread of a publisher", "start", error))?;
        }
        Ok(())
    }
}

fn source(
    target: IcecastUrl,
    password: Option<Password>,
    streams: &PublishedStreams,
    progress: Arc<Progress>,
) -> Result<IcecastSource, Error> {
    let IcecastUrl { url, password: own, format } = target;
    let (content_type, stream, formats) = match format {
        StreamFormat::Aac => ("audio/aac", &streams.aac, "AAC: start it with --formats ts"),
        StreamFormat::Opus => ("audio/ogg", &streams.opus, "Opus: start it with --formats ts,opus"),
    };
    let (stream, bit_rate) = stream.clone().ok_or_else(|| {
        Error::Invalid(format!("--publish \"{url}\": the station makes no {formats}, or publish another format"))
    })?;
    let password = own.or(password).ok_or_else(|| Error::Invalid(format!("--publish \"{url}\" needs a password")))?;
    let request = SourceRequest {
        url,
        password,
        user_agent: concat!("crowd-radio/", env!("CARGO_PKG_VERSION")).to_owned(),
        content_type: content_type.to_owned(),
        name: streams.station.clone(),
        public: false,
        bit_rate,
        sample_rate: streams.sample_rate,
        channels: 2,
    };
    Ok(IcecastSource::new(request, format, stream, (streams.played.clone(), streams.published.clone()), progress))
}
