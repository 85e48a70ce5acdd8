//! `crowd-radio stream`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use crowd_engine::SampleRate;
use crowd_streaming::aac::AacFrame;
use crowd_web::args::{AccessArgs, ListenArgs};
use crowd_web::{HttpService, listen};
use tokio::sync::oneshot;

use crate::encode::{EncodedProgram, PieceStore};
use crate::error::Error;
use crate::http::{App, router};
use crate::manifest::Manifest;
use crate::sound::SoundCache;
use crate::station::{
    Publisher, Reading, SavedState, SegmentGrid, StateFolder, StationClock, StationProgram, StationSettings,
};

/// The paths that are answered even when all connections are in use.
const VITAL_PATHS: [&str; 2] = ["/healthz", "/stream.m3u8"];
/// The longest time until the publisher looks at the clock again.
const TICK: Duration = Duration::from_millis(100);
/// The time until something that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Broadcasts the prepared music.
#[derive(Debug, Args)]
pub struct Stream {
    /// Folder of the prepared station
    #[arg(long, value_name = "DIR")]
    processed: PathBuf,
    /// Folder of the station's state, so that it continues after a restart
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Number of segments in the playlist
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(3..=100))]
    window: u16,
    #[command(flatten)]
    address: ListenArgs,
    #[command(flatten)]
    access: AccessArgs,
    /// Log as JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// Log more; twice for everything
    #[arg(long, short, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl Stream {
    /// Broadcasts until a signal stops it.
    ///
    /// # Errors
    /// When the station is not prepared, another process runs it, or the port cannot be opened.
    pub fn run(&self) -> Result<(), Error> {
        let started = Instant::now();
        let manifest = Manifest::read(&self.processed)?;
        let (mut publisher, clock) = self.publisher(&manifest, started)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| Error::io("the server's threads", "start", error))?;
        let (signal, signalled) = oneshot::channel::<()>();
        // Nothing is sent over this channel. A signal drops the sender.
        crowd_cli::stop::on_signal(move || drop(signal)).map_err(|error| Error::io("signals", "wait for", error))?;
        let listener = runtime.block_on(listen(self.address.socket())).map_err(|e| Error::Invalid(e.to_string()))?;
        let address = listener.local_addr().unwrap_or(self.address.socket());
        let app = Arc::new(App { published: publisher.published(), ..App::default() });
        let base = &self.address.base_path;
        let hosts = self.address.hosts(false);
        let router = crowd_web::service(router(app.clone()), base.clone(), hosts, app.responses.clone());
        let vital_paths = VITAL_PATHS.map(|path| format!("{base}{path}")).into();
        let identity = self.address.identity().map_err(|e| Error::Invalid(format!("cannot serve HTTPS: {e}")))?;
        let service = HttpService { router, vital_paths, identity };
        let stopped = Arc::new(AtomicBool::new(false));
        let publishing = {
            let stopped = stopped.clone();
            let thread = thread::Builder::new().name("publisher".to_owned());
            thread.spawn(move || publish(&mut publisher, clock, started, &stopped))
        };
        let publishing = publishing.map_err(|error| Error::io("the publisher's thread", "start", error))?;
        tracing::info!("listening on http://{address}{base}/stream.m3u8");
        let stop = async move { _ = signalled.await };
        let served = runtime.block_on(crowd_web::serve(service, listener, self.access.connections(), stop));
        stopped.store(true, Ordering::Relaxed);
        // A panic of the publisher was printed when it happened.
        _ = publishing.join();
        served.map_err(|error| Error::io(address.to_string(), "listen on", error))
    }

    fn publisher(&self, manifest: &Manifest, started: Instant) -> Result<(Publisher, StationClock), Error> {
        let aac = manifest.aac()?;
        let rate = SampleRate::new(aac.rate.hertz())?;
        let seconds = manifest.stream.segment_seconds;
        let grid = SegmentGrid::new(rate, AacFrame::LENGTH, manifest.segment())
            .ok_or_else(|| Error::Invalid(format!("segments of {seconds} s: give 1 to 60 s")))?;
        let settings = StationSettings { grid, window: self.window.into() };
        let folder = StateFolder::open(&self.state)?;
        let now = Reading::now(started);
        let state = match folder.read()? {
            Some(state) => state,
            None => {
                // The program began before now, so that the first playlist is a whole window.
                let window = grid.time(grid.frames(self.window.into()).start);
                let state = SavedState::new(now.wall.saturating_sub(window));
                folder.write(&state)?;
                state
            }
        };
        let published = grid.frames(state.published_segments).start;
        let clock = StationClock::new(rate, state.epoch(), grid.time(published), now);
        let (changes, program) =
            StationProgram::open(&self.state, manifest, state.epoch(), published * AacFrame::LENGTH)?;
        let store = PieceStore::new(Manifest::pieces(&self.processed)?, aac);
        let program = EncodedProgram::new(program, store, SoundCache::new(rate));
        Ok((Publisher::new(program, changes, settings, state, folder), clock))
    }
}

/// Publishes segments until `stopped`.
fn publish(publisher: &mut Publisher, mut clock: StationClock, started: Instant, stopped: &AtomicBool) {
    while !stopped.load(Ordering::Relaxed) {
        let played = clock.frames(Reading::now(started));
        let result = publisher.publish(played).and_then(|new| Ok(new || publisher.make_ahead()?));
        match result {
            Ok(true) => {}
            Ok(false) => thread::sleep(TICK),
            Err(error) => {
                tracing::error!("{error}");
                thread::sleep(RETRY);
            }
        }
    }
}
