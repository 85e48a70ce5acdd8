//! The live sources of a broadcast.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crowd_engine::{Frames, SampleRate};

use crate::config::LiveConfig;
use crate::error::Error;
use crate::live::{LiveInput, MountSettings, SourcePort, SourcePortSettings};
use crate::station::Publisher;
use crate::takeover::{LiveMount, MixSettings, MountStatus};

/// The time for which a failure is told.
const TOLD: Duration = Duration::from_secs(30);

/// The mounts of a station, and the port to which their sources connect.
pub struct LiveSources {
    mounts: Vec<LiveMount>,
    inputs: Vec<(String, Arc<LiveInput>)>,
    port: SourcePort,
    started: Instant,
    /// What failed last, and when.
    fault: Option<(String, Instant)>,
}

impl LiveSources {
    /// Opens the port of a station with this sample rate.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong in the configuration; when the port or the folder of recordings cannot be opened.
    pub fn open(config: &LiveConfig, rate: SampleRate) -> Result<Self, Error> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(Error::Invalid(problems.join("; ")));
        }
        let (mut mounts, mut inputs, mut settings) = (Vec::new(), Vec::new(), Vec::new());
        for mount in &config.mount {
            let input = Arc::new(LiveInput::new(rate));
            let (path, buffer) = (mount.path.clone(), mount.buffer());
            let users = mount.users.iter().map(|user| Ok((user.name.clone(), user.password()?)));
            let users = users.collect::<Result<_, Error>>()?;
            settings.push(MountSettings { mount: path.clone(), input: input.clone(), users });
            inputs.push((path.clone(), input.clone()));
            let mix = MixSettings { mount: path, buffer, gain_db: mount.gain_db, talk: mount.talk };
            mounts.push(LiveMount::new(mix, input));
        }
        let recordings = config.recordings.clone();
        let port = SourcePort::open(SourcePortSettings { address: config.address(), mounts: settings, recordings })?;
        Ok(Self { mounts, inputs, port, started: Instant::now(), fault: None })
    }

    /// The mounts, for commands.
    pub fn inputs(&self) -> Vec<(String, Arc<LiveInput>)> {
        self.inputs.clone()
    }

    /// Takes what was received into the program.
    pub fn run(&mut self, publisher: &mut Publisher, played: Frames) {
        let now = self.started.elapsed();
        for mount in &mut self.mounts {
            let Err(error) = mount.run(publisher, played, now) else { continue };
            let text = error.to_string();
            if self.fault.as_ref().is_none_or(|(last, _)| *last != text) {
                tracing::error!("{text}");
            }
            self.fault = Some((text, Instant::now()));
        }
    }

    /// What does not work although the sound goes on.
    pub fn fault(&self) -> Option<String> {
        let recording = self.port.recordings().into_iter().find_map(|recording| {
            let (file, problem) = (recording.file, recording.problem?);
            Some(format!("the recording {} has ended: {problem}", file.display()))
        });
        let last = self.fault.as_ref().filter(|(_, time)| time.elapsed() < TOLD);
        last.map(|(text, _)| text.clone()).or(recording)
    }

    /// The state of all mounts.
    pub fn status(&self) -> Vec<MountStatus> {
        let recordings = self.port.recordings();
        let status = |mount: &LiveMount| {
            let status = mount.status();
            let recording = recordings.iter().find(|recording| recording.is_open && recording.mount == status.mount);
            MountStatus { recording: recording.map(|recording| recording.file.clone()), ..status }
        };
        self.mounts.iter().map(status).collect()
    }
}
