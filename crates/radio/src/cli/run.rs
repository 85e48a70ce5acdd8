//! `crowd-radio run`.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use clap::Args;
use crowd_engine::SampleRate;

use super::broadcast::Broadcast;
use super::buffer::{self, BackgroundGenerator};
use super::publish_loop::Generated;
use crate::buffer::Feeder;
use crate::config::{LiveConfig, StationConfig};
use crate::error::Error;
use crate::manifest::Manifest;
use crate::setup::Preparer;

/// The folders in the folder of a station.
const PROCESSED: &str = "processed";
const STATE: &str = "state";
/// The file with the health of the stream.
const HEALTH: &str = "health.json";

/// Prepares and broadcasts a station, and follows changes of its configuration and its music.
#[derive(Debug, Args)]
pub struct Run {
    /// Configuration of the station (station.toml)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder for everything that the station makes
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Time between two scans of the music, in seconds
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    rescan: u64,
    /// Do not generate music into the buffer. Another process does, with crowd-radio generate
    #[arg(long)]
    no_generate: bool,
    /// The flags of the broadcast
    #[command(flatten)]
    pub broadcast: Broadcast,
}

impl Run {
    /// Prepares the station, unless that was done before, and broadcasts it until a signal stops it. Changes are prepared meanwhile.
    ///
    /// # Errors
    /// Those of [`Preparer`] the first time, and those of [`Broadcast::run`].
    pub fn run(&self) -> Result<(), Error> {
        let (processed, state) = (self.data.join(PROCESSED), self.data.join(STATE));
        let config = StationConfig::read(&self.config)?;
        // Preparing can take hours, so the flags are checked before.
        let publishers = self.broadcast.check()?;
        self.broadcast.share_allows(config.buffer.is_some(), config.live.is_some())?;
        let mut generator = None;
        let feeder = match &config.buffer {
            None => None,
            Some(buffer) => {
                let rate = SampleRate::new(config.stream.sample_rate)?;
                let folder = self.data.join(buffer::FOLDER);
                let feeder = Feeder::open(&folder, buffer.settings()?, rate, &self.config)?;
                if !self.no_generate {
                    generator = Some(BackgroundGenerator::start(self.config.clone(), &self.data)?);
                }
                Some(feeder)
            }
        };
        let (mut preparer, live) = (None, config.live.clone());
        if Manifest::read(&processed).is_err() {
            tracing::info!("preparing the music of {}", self.config.display());
            let mut first = Preparer::new(config, &processed)?;
            warn(&first.prepare(|done, all| tracing::info!("{done} of {all} files"))?, &mut Vec::new());
            preparer = Some((first.one_by_one(), StationConfig::changed_at(&self.config)));
        }
        let mut follower = Follower {
            config: self.config.clone(),
            processed: processed.clone(),
            preparer,
            live: live.clone(),
            told: Vec::new(),
        };
        let rescan = Duration::from_secs(self.rescan);
        let thread = thread::Builder::new().name("preparer".to_owned());
        // It ends with the process. What it writes is complete or not there.
        let spawned = thread.spawn(move || {
            loop {
                follower.prepare();
                thread::sleep(rescan);
            }
        });
        spawned.map_err(|error| Error::io("the thread that prepares music", "start", error))?;
        // The check fetches over HTTP without a certificate.
        let file = self.broadcast.health_file.clone().unwrap_or_else(|| self.data.join(HEALTH));
        let health_file = (!self.broadcast.is_https()).then_some(file);
        let fault = generator.as_ref().map(BackgroundGenerator::fault);
        let generated = feeder.map(|feeder| Generated { feeder, fault: fault.unwrap_or_default() });
        let result = self.broadcast.run(&processed, &state, health_file, publishers, generated, live.as_ref());
        // A provider that is a process of its own ends with it.
        drop(generator);
        result
    }
}

/// Prepares what has changed. The publisher sees the new manifest.
struct Follower {
    config: PathBuf,
    processed: PathBuf,
    /// The prepared configuration, and the time of its last change.
    preparer: Option<(Preparer, Option<SystemTime>)>,
    /// The live sources with which the station was started.
    live: Option<LiveConfig>,
    /// The messages that were logged last.
    told: Vec<String>,
}

impl Follower {
    fn prepare(&mut self) {
        let changed = StationConfig::changed_at(&self.config);
        let result = match &mut self.preparer {
            Some((preparer, time)) if *time == changed => preparer.prepare(|_, _| ()),
            _ => StationConfig::read(&self.config).and_then(|config| {
                let is_live_changed = config.live != self.live;
                let mut preparer = Preparer::new(config, &self.processed)?.one_by_one();
                let mut messages = preparer.prepare(|_, _| ())?;
                self.preparer = Some((preparer, changed));
                if is_live_changed {
                    messages.push("[live] has changed: restart the station for it to be used".to_owned());
                }
                Ok(messages)
            }),
        };
        let messages = result.unwrap_or_else(|error| vec![format!("the station continues as before: {error}")]);
        warn(&messages, &mut self.told);
    }
}

/// Logs those messages that were not logged the last time.
fn warn(messages: &[String], told: &mut Vec<String>) {
    messages.iter().filter(|message| !told.contains(message)).for_each(|message| tracing::warn!("{message}"));
    messages.clone_into(told);
}
