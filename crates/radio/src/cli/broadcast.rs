//! Broadcasts a prepared station: what `stream` and `run` have in common.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use crowd_engine::{Frames, SampleRate};
use crowd_web::args::{AccessArgs, ListenArgs};
use crowd_web::{Connections, HttpService, Limits, Proxies, StreamSlots, TlsIdentity, listen, open_files};
use tokio::sync::{Semaphore, oneshot, watch};

use super::live::LiveSources;
use super::on_change::OnChange;
use super::publish::PublishArgs;
use super::publish_loop::{Generated, PublishLoop};
use super::renditions::{MadeRenditions, RenditionArgs};
use super::self_check::SelfCheck;
use super::share::{JoinedStation, ShareArgs, Start};
use crate::buffer::Feeder;
use crate::config::LiveConfig;
use crate::encode::ProgramSound;
use crate::error::Error;
use crate::health::HealthLog;
use crate::http::{App, COVER_READS, HlsClients, Latest, Mount, router};
use crate::manifest::Manifest;
use crate::publish::{Progress, PublishedStreams, Publishers};
use crate::sound::{ReadLimits, SoundCache};
use crate::station::{
    AsRunLog, Control, Publisher, Reading, Renditions, SavedState, StateFolder, StationClock, StationProgram, WAITING,
};

/// The paths that are answered even when all connections are in use.
const VITAL_PATHS: [&str; 2] = ["/healthz", "/metrics"];
/// The time that is waited for a read before the publisher looks at the clock again. A disk that is twice as fast as the music plays reads a
/// block in this time.
const READ: Duration = Duration::from_millis(500);
/// The number of open files besides connections.
const OTHER_FILES: u64 = 64;
/// The interval at which listeners without HLS receive sound. Most of what they cost is sending, however little is sent at once.
const CLOCK_INTERVAL: Duration = Duration::from_millis(400);
/// The time without a sent byte after which a connection is closed. By then its listener has missed more sound than players buffer.
const BLOCKED: Duration = Duration::from_secs(10);
/// 2024-01-01T00:00:00 UTC. A machine without a battery for its clock shows an earlier time until it has reached a time server.
const PLAUSIBLE: Duration = Duration::from_secs(1_704_067_200);
/// The time in which the publisher ends when it is stopped.
const STOPPING: Duration = Duration::from_secs(3);
/// The time between two looks whether it has ended.
const POLL: Duration = Duration::from_millis(10);
/// The time in which responses that are being sent end when the server is stopped.
const CLOSING: Duration = Duration::from_millis(500);
/// The longest time that a new station waits for its first generated music. The built-in music needs some seconds.
const FIRST_MUSIC: Duration = Duration::from_secs(20);

/// The flags of a broadcast.
#[derive(Debug, Args)]
pub struct Broadcast {
    /// Number of segments in the playlist
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(3..=100))]
    window: u16,
    #[command(flatten)]
    renditions: RenditionArgs,
    #[command(flatten)]
    address: ListenArgs,
    #[command(flatten)]
    access: AccessArgs,
    /// File for the health of the stream, to which the station listens itself, as JSON. `run` has DIR/health.json
    #[arg(long, value_name = "FILE", conflicts_with = "tls_cert")]
    pub health_file: Option<PathBuf>,
    #[command(flatten)]
    publish: PublishArgs,
    #[command(flatten)]
    share: ShareArgs,
    #[command(flatten)]
    on_change: OnChange,
    /// Log as JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// Log more; twice for everything
    #[arg(long, short, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl Broadcast {
    /// Broadcasts the station that is prepared in the folder `processed`, with its state in the folder `state`, until a signal stops it. With a
    /// `health_file` the station listens to itself. `publishers` are those of [`check`](Self::check), `generated` is its generated music, and
    /// `live` its live sources.
    ///
    /// # Errors
    /// When the station is not prepared, another process runs it, or the port cannot be opened.
    pub fn run(
        &self,
        processed: &Path,
        state: &Path,
        health_file: Option<PathBuf>,
        publishers: Publishers,
        mut generated: Option<Generated>,
        live: Option<&LiveConfig>,
    ) -> Result<(), Error> {
        let started = Instant::now();
        if health_file.is_none() && self.on_change.is_given() {
            let needed = "--on-change needs --health-file, and a station without HTTPS, because it listens to itself";
            return Err(Error::Invalid(needed.to_owned()));
        }
        let token = self.access.token().map_err(Error::Invalid)?;
        let manifest = Manifest::read(processed)?;
        let MadeRenditions { renditions, aac, opus } = self.renditions.make(&manifest, processed, state)?;
        let Opened { publisher, mut clock, as_run, shared } =
            self.publisher(renditions, &manifest, state, started, generated.as_mut().map(|g| &mut g.feeder))?;
        let rate = SampleRate::new(manifest.stream.sample_rate)?;
        let live = live.map(|config| LiveSources::open(config, rate)).transpose()?;
        let (commands, waiting) = mpsc::sync_channel(WAITING);
        let control = Control::new(waiting, processed);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| Error::io("the server's threads", "start", error))?;
        let (signal, signalled) = oneshot::channel::<()>();
        // Nothing is sent over this channel. A signal drops the sender.
        crowd_cli::stop::on_signal(move || drop(signal)).map_err(|error| Error::io("signals", "wait for", error))?;
        // Each connection is a file, and the publisher reads files of music.
        let files = self.access.max_connections.get().saturating_add(Limits::DEFAULT.reserve) as u64 + OTHER_FILES;
        if let Err(few) = open_files::raise_limit(files) {
            tracing::warn!("{few}");
        }
        let listener = runtime.block_on(listen(self.address.socket())).map_err(|e| Error::Invalid(e.to_string()))?;
        let address = listener.local_addr().unwrap_or(self.address.socket());
        let (played, listening) = watch::channel(clock.frames(Reading::now(started)));
        let streams = PublishedStreams {
            station: manifest.name.clone(),
            sample_rate: rate.get(),
            segment: manifest.segment(),
            state: state.to_owned(),
            published: publisher.published(),
            played: listening.clone(),
            aac: aac.clone(),
            opus: opus.clone(),
        };
        let app = Arc::new(App {
            name: manifest.name.clone(),
            published: publisher.published(),
            played: listening.clone(),
            aac: aac.map(Mount::new),
            opus: opus.map(Mount::new),
            fault: Latest::default(),
            publishers: publishers.progress().into_iter().chain(shared.progress.clone()).collect(),
            buffer: Latest::default(),
            live: Latest::default(),
            live_inputs: live.as_ref().map(LiveSources::inputs).unwrap_or_default(),
            slots: StreamSlots::new("streams", self.access.max_streams.get()),
            hls_clients: HlsClients::default(),
            cover_reads: Arc::new(Semaphore::new(COVER_READS)),
            heard: Latest::default(),
            loudness_lufs: manifest.stream.loudness_lufs,
            health_log: HealthLog::open(state),
            figures: Mutex::default(),
            state: state.to_owned(),
            log_reads: Arc::new(Semaphore::new(1)),
            responses: Arc::default(),
            commands,
            token,
        });
        let base = &self.address.base_path;
        let hosts = self.address.hosts(token.is_some());
        let stopped = Arc::new(AtomicBool::new(false));
        let gateway = match publishers.ipfs() {
            None => None,
            Some(progress) => {
                let (published, stopped) = (app.published.clone(), stopped.clone());
                let listens = (address, base.to_string(), self.is_https());
                self.publish.start_ipfs(state, &listens, published, progress, stopped)?
            }
        };
        publishers.start(&streams, &stopped)?;
        if let Some(start) = shared.start {
            start(publisher.published(), &stopped)?;
        }
        let router = crowd_web::service(router(app.clone(), gateway), base.clone(), hosts, app.responses.clone());
        let vital_paths = VITAL_PATHS.map(|path| format!("{base}{path}")).into();
        let identity = self.identity()?;
        let service = HttpService { router, vital_paths, identity };
        // Nothing is sent over this channel either. The publisher drops the sender when it ends, also by a panic.
        let (ended, publisher_ended) = oneshot::channel::<()>();
        let publishing = {
            let (stopped, app) = (stopped.clone(), app.clone());
            let thread = thread::Builder::new().name("publisher".to_owned());
            thread.spawn(move || {
                let _ended = ended;
                PublishLoop { publisher, control, as_run, generated, live, shared: shared.progress }
                    .run(&app, &stopped);
            })
        };
        let publishing = publishing.map_err(|error| Error::io("the publisher's thread", "start", error))?;
        tracing::info!("listening on http://{address}{base}/stream.m3u8");
        let (still, stands_still) = oneshot::channel::<()>();
        // Without a check the sender is kept.
        let _still = match health_file {
            None => Some(still),
            Some(file) => {
                let results = (file, self.on_change.clone());
                let check = SelfCheck::new(address, &base.to_string(), results, app.clone(), still);
                let stopped = stopped.clone();
                let thread = thread::Builder::new().name("self-check".to_owned());
                let spawned = thread.spawn(move || check.run(&stopped));
                spawned.map_err(|error| Error::io("the thread that listens", "start", error))?;
                None
            }
        };
        let ticking = runtime.spawn(tick(clock, started, played));
        let stop = async move {
            tokio::select! { _ = signalled => {}, _ = publisher_ended => {}, _ = stands_still => {} }
        };
        let served = runtime.block_on(crowd_web::serve(service, listener, self.connections(), stop));
        ticking.abort();
        stopped.store(true, Ordering::Relaxed);
        // A picture that is read from a disk that does not answer is not waited for.
        runtime.shutdown_timeout(CLOSING);
        served.map_err(|error| Error::io(address.to_string(), "listen on", error))?;
        // A service manager starts the program again, and the stream continues.
        let fault = "the publisher has stopped because of a fault, which was printed before: please report it";
        let waiting = Instant::now();
        while !publishing.is_finished() {
            if waiting.elapsed() > STOPPING {
                let fault =
                    "the publisher does not end: it may wait for a file on a disk or a share that does not answer";
                return Err(Error::Invalid(fault.to_owned()));
            }
            thread::sleep(POLL);
        }
        publishing.join().map_err(|_| Error::Invalid(fault.to_owned()))
    }

    /// Checks the flags that can be wrong whatever is broadcast. Returns the publishers, whose secrets are read only once: they may come from a
    /// pipe.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a token that is too short, for a certificate that cannot be used, and for places where the station cannot
    /// publish.
    pub fn check(&self) -> Result<Publishers, Error> {
        self.access.token().map_err(Error::Invalid)?;
        self.share.check()?;
        self.identity()?;
        self.publish.publishers()
    }

    /// Checks that a station with these parts can be published by several machines.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the part that cannot.
    pub fn share_allows(&self, generated: bool, live: bool) -> Result<(), Error> {
        let part = match (self.share.is_given(), generated, live) {
            (true, true, _) => "[buffer]: the generated music would be different on each machine",
            (true, _, true) => {
                "[live]: a live source is connected to one machine, and the others do not have its sound"
            }
            _ => return Ok(()),
        };
        let advice = "remove it from the configuration, or --share from the command line";
        Err(Error::Invalid(format!("a station with --share cannot have {part}: {advice}")))
    }

    fn identity(&self) -> Result<Option<Arc<TlsIdentity>>, Error> {
        self.address.identity().map_err(|error| Error::Invalid(format!("cannot serve HTTPS: {error}")))
    }

    /// Whether the station is served over HTTPS.
    pub fn is_https(&self) -> bool {
        self.address.tls_cert.is_some()
    }

    /// The connections that the flags allow.
    fn connections(&self) -> Connections {
        let limits = Limits { abandoned: BLOCKED, ..Limits::DEFAULT };
        Connections::new(self.access.max_connections.get(), limits, Proxies::new(self.access.trusted_proxy.clone()))
    }

    fn publisher(
        &self,
        renditions: Renditions,
        manifest: &Manifest,
        state_folder: &Path,
        started: Instant,
        feeder: Option<&mut Feeder>,
    ) -> Result<Opened, Error> {
        let folder = StateFolder::open(state_folder)?;
        let now = Reading::now(started);
        let saved = folder.read()?;
        let begins = now.wall.saturating_sub(renditions.duration(self.window.into()));
        let joined = match &saved {
            None if now.wall < PLAUSIBLE => None,
            _ => {
                let epoch = saved.as_ref().map_or(begins, SavedState::epoch);
                self.share.join(epoch, manifest, self.window, &renditions, state_folder)?
            }
        };
        let rate = SampleRate::new(manifest.stream.sample_rate)?;
        let mut state = match saved {
            Some(state) => state,
            None if now.wall < PLAUSIBLE => {
                let advice =
                    "set it, or start the station when it has been synchronised; a station begins at a time of day";
                return Err(Error::Invalid(format!("the clock of this machine shows a time before 2024: {advice}")));
            }
            None => {
                // The program began before now, so that the first playlist is a whole window.
                let state = joined.as_ref().map_or_else(
                    || SavedState::new(begins),
                    |joined| {
                        let played = Frames::within(now.wall.saturating_sub(joined.epoch), rate);
                        SavedState::joined(
                            joined.epoch,
                            &renditions.encoders,
                            renditions.ended(played).saturating_sub(1),
                        )
                    },
                );
                folder.write(&state)?;
                state
            }
        };
        let published = state.published_segments;
        let ahead = renditions.duration((Publisher::WINDOWS_AHEAD + 1) * u64::from(self.window)).as_secs_f64();
        if let Some(feeder) = &feeder {
            feeder.check_length(ahead)?;
        }
        let first = || {
            let Some(feeder) = feeder else { return Ok(Vec::new()) };
            feeder.wait(ahead, FIRST_MUSIC)?;
            feeder.first(ahead)
        };
        let first_frame = renditions.start(published);
        let epoch = state.epoch();
        let (mut changes, program) = match &joined {
            None => StationProgram::open(state_folder, manifest, epoch, first_frame, first)?,
            Some(JoinedStation { leads, share, .. }) => {
                let proposals = share.proposals.clone();
                StationProgram::open_shared(state_folder, manifest, epoch, first_frame, *leads, proposals)?
            }
        };
        let listed = renditions.start(published.saturating_sub(self.window.into()).max(state.first_segment));
        let (live, is_complete) = changes.live_sound(state_folder, listed..first_frame)?;
        if !is_complete {
            tracing::error!(
                "the sound of a live source is missing in {}: the playlists begin anew after what was published",
                state_folder.display()
            );
            state.begin_anew();
        }
        let clock = StationClock::new(rate, epoch, renditions.duration(published), now);
        let as_run = AsRunLog::new(state_folder, program.newest().plan().calendar().clone(), rate);
        // While a file is waited for, what was made ahead is published.
        let made_ahead = renditions.duration(Publisher::WINDOWS_AHEAD * u64::from(self.window));
        let limits = ReadLimits { wait: READ, give_up: made_ahead / 2 };
        let sound = ProgramSound::new(program, SoundCache::new(rate, limits)).with_live(live);
        let Some(JoinedStation { share, progress, fetch, .. }) = joined else {
            let publisher = Publisher::new(renditions, sound, changes, self.window.into(), state, folder);
            return Ok(Opened { publisher, clock, as_run, shared: SharedThreads::default() });
        };
        let played = clock.clone().frames(Reading::now(started));
        let start = Some(fetch(&renditions, renditions.ended(played).max(published)));
        let publisher = Publisher::new(renditions, sound, changes, self.window.into(), state, folder);
        let mut publisher = publisher.with_share(share);
        publisher.set_manifest(manifest, played)?;
        Ok(Opened { publisher, clock, as_run, shared: SharedThreads { progress, start } })
    }
}

/// What a broadcast consists of, before it begins.
struct Opened {
    publisher: Publisher,
    clock: StationClock,
    as_run: AsRunLog,
    shared: SharedThreads,
}

/// The threads that agree with other machines, if there are others.
#[derive(Default)]
struct SharedThreads {
    progress: Vec<Arc<Progress>>,
    start: Option<Start>,
}

/// Tells how much of the program was played, again and again.
async fn tick(mut clock: StationClock, started: Instant, played: watch::Sender<Frames>) {
    let mut interval = tokio::time::interval(CLOCK_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        played.send_replace(clock.frames(Reading::now(started)));
    }
}
