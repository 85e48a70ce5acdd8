//! Starts the publishers, each in a thread of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use crowd_engine::{Frames, SampleRate};
use crowd_streaming::aac::AacRate;
use crowd_streaming::icecast::source::{Password, SourceRequest};
use crowd_streaming::rtmp::RtmpMetadata;
use tokio::sync::watch;

use super::clip_cache::ClipCache;
use super::clip_settings::VideoSettings;
use super::endless_stream::EndlessStream;
use super::hls_put::HlsPut;
use super::hls_put_url::HlsPutUrl;
use super::icecast::IcecastSource;
use super::icecast_url::{IcecastUrl, StreamFormat};
use super::progress::Progress;
use super::rtmp::RtmpPublisher;
use super::rtmp_url::RtmpUrl;
use super::target::Target;
use super::video_segments::VideoSegments;
use crate::error::Error;
use crate::station::{AacSource, LiveStream, Published};

/// The name and version of this program, for servers.
const PROGRAM: &str = concat!("crowd-radio/", env!("CARGO_PKG_VERSION"));

/// What publishers publish.
#[derive(Clone, Debug)]
pub struct PublishedStreams {
    /// The name of the station.
    pub station: String,
    /// The sample rate of the sound, in Hz.
    pub sample_rate: u32,
    /// The length of a segment.
    pub segment: Duration,
    /// The folder of the station's state.
    pub state: PathBuf,
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
    /// The video for servers that need it.
    video: VideoSettings,
}

impl Publishers {
    /// Publishers for these targets, which do not run yet. `password` is that of Icecast servers whose URL has none, and the key of
    /// RTMP servers whose URL has none. A target that is there twice is used once.
    pub fn new(targets: Vec<Target>, password: Option<Password>, video: VideoSettings) -> Self {
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
        Self { targets: named.collect(), password, video }
    }

    /// The state of each publisher.
    pub fn progress(&self) -> Vec<Arc<Progress>> {
        self.targets.iter().map(|(_, progress)| progress.clone()).collect()
    }

    /// The state of the publisher on IPFS, which the server starts, if there is one.
    pub fn ipfs(&self) -> Option<Arc<Progress>> {
        self.targets.iter().find(|(target, _)| *target == Target::Ipfs).map(|(_, progress)| progress.clone())
    }

    /// Starts all others. They run until `stopped`, and nothing waits for them. Video that was not encoded before is encoded first.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the station does not make what a publisher needs, or the video cannot be encoded; [`Error::Io`] when a thread
    /// cannot be started.
    pub fn start(self, streams: &PublishedStreams, stopped: &Arc<AtomicBool>) -> Result<(), Error> {
        let Self { targets, password, video } = self;
        let mut clips = ClipCache::new(&streams.state, &video, &streams.station);
        let mut work: Vec<Work> = Vec::new();
        for (target, progress) in targets {
            match target {
                Target::Ipfs => {}
                Target::Icecast(url) => {
                    let source = source(url, password.clone(), streams, progress)?;
                    work.push(Box::new(|stopped| source.run(stopped)));
                }
                Target::HlsPut(url) => {
                    let segments = url.video.then(|| video_segments(&url, streams, &mut clips)).transpose()?;
                    let uploads = HlsPut::new(url, segments, streams.published.clone(), progress);
                    work.push(Box::new(|stopped| uploads.run(stopped)));
                }
                Target::Rtmp(url) => {
                    let key = password.as_ref().map(Password::text);
                    let publisher = rtmp(url, key, streams, (&video, &mut clips), progress)?;
                    work.push(Box::new(|stopped| publisher.run(stopped)));
                }
            }
        }
        clips.remove_others();
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
        user_agent: PROGRAM.to_owned(),
        content_type: content_type.to_owned(),
        name: streams.station.clone(),
        public: false,
        bit_rate,
        sample_rate: streams.sample_rate,
        channels: 2,
    };
    let stream = EndlessStream { stream, played: streams.played.clone() };
    Ok(IcecastSource::new(request, format, stream, streams.published.clone(), progress))
}

/// The sample rate, the stream of AAC with its bit rate, for a publisher with this name.
fn aac(name: &str, streams: &PublishedStreams) -> Result<(AacRate, Arc<LiveStream>, u32), Error> {
    let (rate, aac) = (AacRate::new(streams.sample_rate), streams.aac.clone());
    let missing =
        || Error::Invalid(format!("--publish \"{name}\": the station makes no AAC: start it with --formats ts"));
    rate.zip(aac).map(|(rate, (stream, bit_rate))| (rate, stream, bit_rate)).ok_or_else(missing)
}

fn rtmp(
    url: RtmpUrl,
    key: Option<&str>,
    streams: &PublishedStreams,
    (video, clips): (&VideoSettings, &mut ClipCache<'_>),
    progress: Arc<Progress>,
) -> Result<RtmpPublisher, Error> {
    let (rate, stream, audio_bit_rate) = aac(&url.name(), streams)?;
    let VideoSettings { width, height, bit_rate: video_bit_rate, .. } = *video;
    let (sample_rate, encoder) = (streams.sample_rate, PROGRAM.to_owned());
    let metadata = RtmpMetadata { width, height, video_bit_rate, audio_bit_rate, sample_rate, encoder };
    let clip = clips.clip(VideoSettings::RTMP_GROUP)?;
    let stream = EndlessStream { stream, played: streams.played.clone() };
    Ok(RtmpPublisher { target: url.target(key), metadata, rate, clip, stream, progress })
}

fn video_segments(
    url: &HlsPutUrl,
    streams: &PublishedStreams,
    clips: &mut ClipCache<'_>,
) -> Result<VideoSegments, Error> {
    let (_, _, bit_rate) = aac(url.name(), streams)?;
    let refused = |problem| Error::Invalid(format!("--publish \"{}\" with video=1: {problem}", url.name()));
    let (pictures, group) = VideoSettings::pictures(streams.segment).map_err(refused)?;
    let grid = AacSource::segment_grid(SampleRate::new(streams.sample_rate)?, streams.segment)?;
    Ok(VideoSegments::new(clips.clip(group)?, grid, pictures, bit_rate))
}
